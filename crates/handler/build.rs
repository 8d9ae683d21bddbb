//! Tells `--describe` how this program is being built: facts that only cargo knows, and only at build time.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for (fact, variable) in [
        ("KELVIN_TARGET", "TARGET"),
        ("KELVIN_OPT_LEVEL", "OPT_LEVEL"),
        ("KELVIN_TARGET_FEATURES", "CARGO_CFG_TARGET_FEATURE"),
    ] {
        let value = env::var(variable).unwrap_or_default();
        println!("cargo::rustc-env={fact}={value}");
    }
    println!("cargo::rustc-env=KELVIN_RUSTC={}", rustc_version());
}

/// For instance `rustc 1.95.0 (…)`; empty if the compiler does not say.
#[expect(
    clippy::disallowed_methods,
    reason = "asks the compiler that builds this; not part of Kelvin"
)]
fn rustc_version() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc).arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    version.unwrap_or_default()
}
