//! Writes `docs/scenarios.md`: `cargo run -p kelvin-scenario --example scenarios-doc`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenarios.md");
    std::fs::write(path, kelvin_scenario::documentation())
}
