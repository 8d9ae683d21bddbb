//! The JSON Schemas that are checked in are those of the types.

use std::path::Path;

#[test]
fn schemas_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (name, text) in kelvin_record::json_schemas() {
        let checked_in = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            checked_in == text,
            "{name} differs from the types; `cargo run -p kelvin-record --example schemas` writes it anew"
        );
    }
}
