//! Finds out whether openh264 was built with its assembly.
//!
//! The `openh264-sys2` crate runs nasm where it finds it and says nothing where it does not: the encoder then costs
//! more than twice the CPU. So the same question is asked here, answered loudly, and kept for `rigcast probe`.

use std::env;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rerun-if-env-changed=OPENH264_NO_ASM");
    let has_assembly = is_assembly_wanted() && has_nasm();
    println!(
        "cargo::rustc-env=RIGCAST_NASM={}",
        if has_assembly { "yes" } else { "no" }
    );
    if is_x86() && !has_assembly {
        println!(
            "cargo::warning=nasm was not found: H.264 encoding will cost 2.2 to 2.5 times the CPU. \
             Install it (apt-get install nasm), then run `cargo clean -p openh264-sys2` and build again."
        );
    }
}

/// Other processors have their assembly in a form that the C compiler reads: nasm is not needed there.
fn is_x86() -> bool {
    matches!(env::var("CARGO_CFG_TARGET_ARCH").as_deref(), Ok("x86" | "x86_64"))
}

fn is_assembly_wanted() -> bool {
    env::var_os("OPENH264_NO_ASM").is_none()
}

fn has_nasm() -> bool {
    !is_x86()
        || Command::new("nasm")
            .arg("-v")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}
