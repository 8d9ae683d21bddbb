//! Writes the JSON Schemas of a run's files to the folder `schemas` of this crate:
//! `cargo run -p kelvin-record --example schemas`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    std::fs::create_dir_all(&folder)?;
    for (name, text) in kelvin_record::json_schemas() {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
