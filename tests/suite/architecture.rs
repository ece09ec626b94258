//! The house stands: who may depend on whom.

use cargo_metadata::{DependencyKind, MetadataCommand};

/// kernel < other kit crates < services < gateway < sotay < tests.
fn level(name: &str) -> Option<u8> {
    Some(match name {
        "kernel" => 0,
        "tenancy" | "blob" | "render" | "telemetry" | "embedded" => 1,
        "web" | "testkit" => 2,
        "directory" | "documents" | "meetings" | "adoption" => 3,
        "gateway" => 4,
        "sotay" => 5,
        "tests" => 6,
        _ => return None,
    })
}

#[test]
fn dependencies_point_downwards_and_never_from_service_to_service() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        let from = level(&package.name)
            .unwrap_or_else(|| panic!("{} has no place in the house", package.name));
        seen += 1;
        for dependency in &package.dependencies {
            let Some(to) = level(&dependency.name) else { continue };
            if dependency.kind == DependencyKind::Development && from == 1 {
                continue;
            }
            assert!(to < from, "{} must not depend on {}", package.name, dependency.name);
        }
    }
    assert_eq!(seen, 15, "a crate came or went: give it a place here");
}

#[test]
fn every_crate_of_ours_writes_log_lines_as_the_operator_likes() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let tests = ["testkit", "tests"];
    let mut crates: Vec<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    crates.retain(|name| !tests.contains(name));
    crates.sort_unstable();
    assert_eq!(crates, telemetry::OURS, "services/kit/telemetry/src/filter.rs");
}

#[test]
fn one_binary() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let binaries: Vec<&str> = metadata
        .packages
        .iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_bin())
        .map(|target| target.name.as_str())
        .collect();
    assert_eq!(binaries, ["sotay"]);
}
