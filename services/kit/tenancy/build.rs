//! Puts the SQL of `migrations/` into the binary as sorted lists.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap();
    let root = Path::new(&manifest).join("../../../migrations").canonicalize().unwrap();
    println!("cargo:rerun-if-changed={}", root.display());
    let mut code = String::new();
    for (folder, constant) in [("platform", "PLATFORM"), ("tenant", "TENANT")] {
        let folder = root.join(folder);
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        writeln!(code, "static {constant}: &[(&str, &str)] = &[").unwrap();
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            writeln!(code, "    ({name:?}, include_str!({:?})),", file.to_str().unwrap()).unwrap();
        }
        code += "];\n";
    }
    let snapshot = root.join("tenant.snapshot.sql");
    println!("cargo:rerun-if-changed={}", snapshot.display());
    writeln!(code, "static SNAPSHOT: &str = include_str!({:?});", snapshot.to_str().unwrap())
        .unwrap();
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("migrations.rs"), code).unwrap();
}
