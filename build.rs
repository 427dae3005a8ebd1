//! Finds out whether openh264 was built with its assembly, and where the model of faces lies.
//!
//! The `openh264-sys2` crate runs nasm where it finds it and says nothing where it does not: the encoder then costs
//! more than twice the CPU. So the same question is asked here, answered loudly, and kept for `rigcast probe`.
//!
//! The `rustface` crate carries the SeetaFace model in its package. Cargo has that package on disk when this runs, and knows
//! where: so the model is built in without being downloaded or kept a second time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// The package that carries the model, and the model's place in it.
const MODEL: (&str, &str) = ("rustface", "model/seeta_fd_frontal_v1.0.bin");

fn main() {
    if let Err(reason) = bring_face_model() {
        println!(
            "cargo::error=the model of faces in the package of {} cannot be had: {reason}",
            MODEL.0
        );
    }
    println!("cargo::rerun-if-changed=build.rs");
    // For tests that ask cargo where a package lies: packages of other systems are not on this disk.
    println!(
        "cargo::rustc-env=RIGCAST_TARGET={}",
        env::var("TARGET").unwrap_or_default()
    );
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

/// Puts the model where `src/vision` includes it from.
fn bring_face_model() -> Result<(), String> {
    let model = package_folder()?.join(MODEL.1);
    println!("cargo::rerun-if-changed={}", model.display());
    let out = env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?;
    fs::copy(&model, Path::new(&out).join("face_model.bin"))
        .map_err(|error| format!("{}: {error}", model.display()))?;
    Ok(())
}

/// Where cargo has unpacked the package.
fn package_folder() -> Result<PathBuf, String> {
    let cargo = env::var_os("CARGO").ok_or("cargo does not say where it is")?;
    let mut command = Command::new(cargo);
    // Nothing but what is on disk already: cargo has fetched every package before it runs this.
    command.args(["metadata", "--format-version=1", "--offline"]);
    if let Ok(target) = env::var("TARGET") {
        command.arg(format!("--filter-platform={target}"));
    }
    let output = command.output().map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"]
        .as_array()
        .ok_or("cargo metadata lists no packages")?;
    let package = packages.iter().find(|package| package["name"] == MODEL.0);
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let folder = manifest.and_then(|manifest| Path::new(manifest).parent());
    folder
        .map(Path::to_owned)
        .ok_or_else(|| "it is not among the packages".to_owned())
}
