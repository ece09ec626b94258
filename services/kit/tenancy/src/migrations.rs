//! The migrations, as compiled in.

use sha2::{Digest as _, Sha256};

mod files {
    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
    pub(super) fn platform() -> &'static [(&'static str, &'static str)] {
        PLATFORM
    }
    pub(super) fn tenant() -> &'static [(&'static str, &'static str)] {
        TENANT
    }
    pub(super) fn snapshot() -> &'static str {
        SNAPSHOT
    }
}

/// One migration: `NNNN_what_it_does.sql`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The number in its name, from 1 without gaps.
    pub version: i32,
    /// Its file name without ending.
    pub name: &'static str,
    /// What it runs.
    pub sql: &'static str,
    /// SHA-256 of the text, in hexadecimal digits.
    pub checksum: String,
}

/// The migrations of the platform's schema, in order.
#[must_use]
pub fn platform() -> Vec<Migration> {
    list(files::platform())
}

/// The migrations of a tenant's schema, in order.
#[must_use]
pub fn tenant() -> Vec<Migration> {
    list(files::tenant())
}

/// How many migrations a tenant's schema has: also the newest one's version.
#[must_use]
pub fn tenant_count() -> usize {
    files::tenant().len()
}

/// The whole schema of a tenant in one text, when it was made from the newest
/// migration; new tenants are created from it.
#[must_use]
pub fn tenant_snapshot() -> Option<&'static str> {
    let text = files::snapshot();
    let version = text.lines().next()?.strip_prefix("-- version: ")?.parse::<usize>().ok()?;
    (version == files::tenant().len()).then_some(text)
}

fn list(files: &[(&'static str, &'static str)]) -> Vec<Migration> {
    files
        .iter()
        .zip(1..)
        .map(|(&(name, sql), version)| {
            assert!(name.starts_with(&format!("{version:04}_")), "{name} is out of order");
            let checksum = Sha256::digest(sql)
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            Migration { version, name, sql, checksum }
        })
        .collect()
}
