//! Compiles the contract with protox (no protoc needed), writes the descriptor set with its custom options, and
//! generates messages, services and validation.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=prima");
    println!("cargo:rerun-if-changed=buf");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files = Vec::new();
    collect(Path::new("prima"), &mut files)?;
    files.sort();

    // The typed set drops custom options: whatever reads scopes and rules takes the encoded one. It is carried by each
    // process, so without comments.
    let mut bare = protox::Compiler::new(["."])?;
    bare.include_imports(true).include_source_info(false).open_files(&files)?;
    let encoded = bare.encode_file_descriptor_set();
    fs::write(out.join("descriptor_set.bin"), &encoded)?;

    let mut commented = protox::Compiler::new(["."])?;
    commented.include_imports(true).include_source_info(true).open_files(&files)?;
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    config.extern_path(".buf.validate", "::prost_protovalidate::types").include_file("packages.rs");
    tonic_prost_build::configure()
        .build_transport(false)
        .compile_fds_with_config(commented.file_descriptor_set(), config)?;

    prost_protovalidate_build::Builder::new()
        .file_descriptor_set_bytes(encoded)
        .extern_path(".buf.validate", "::prost_protovalidate::types")
        .fail_on_runtime_only(true)
        .compile()?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
