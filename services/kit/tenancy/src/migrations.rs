//! The migrations, as compiled in.

use sha2::{Digest as _, Sha256};
use std::{borrow::Cow, sync::Arc};

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
    pub name: Cow<'static, str>,
    /// What it runs.
    pub sql: Cow<'static, str>,
    /// SHA-256 of the text, in hexadecimal digits.
    pub checksum: String,
}

impl Migration {
    fn new(
        version: i32,
        name: impl Into<Cow<'static, str>>,
        sql: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (name, sql) = (name.into(), sql.into());
        let checksum = Sha256::digest(sql.as_bytes())
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self { version, name, sql, checksum }
    }
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

/// What a tenant's schema should be: a list of migrations, and a text that does
/// the first of them at once. A [`crate::Provisioner`] has this release's
/// unless it is given another release's.
#[derive(Clone, Debug)]
pub struct Schema {
    migrations: Arc<[Migration]>,
}

impl Default for Schema {
    fn default() -> Self {
        Self { migrations: tenant().into() }
    }
}

impl Schema {
    /// As an earlier release had it: the migrations up to a version.
    #[must_use]
    pub fn up_to(self, version: i32) -> Self {
        let earlier = self.migrations.iter().filter(|m| m.version <= version).cloned();
        Self { migrations: earlier.collect() }
    }

    /// As a later release has it: with one more migration.
    #[must_use]
    pub fn and(self, name: &str, sql: &str) -> Self {
        let next = Migration::new(self.version() + 1, name.to_owned(), sql.to_owned());
        Self { migrations: self.migrations.iter().cloned().chain([next]).collect() }
    }

    /// In the order in which they run.
    #[must_use]
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// The newest migration's version.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.migrations.last().map_or(0, |migration| migration.version)
    }

    /// The texts that make it in an empty schema.
    pub(crate) fn texts(&self) -> Vec<&str> {
        let snapshot = files::snapshot();
        let made_from = snapshot
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("-- version: ")?.parse::<i32>().ok())
            .filter(|version| *version <= self.version());
        let rest = self.migrations.iter().filter(|m| Some(m.version) > made_from);
        made_from.map(|_| snapshot).into_iter().chain(rest.map(|m| &*m.sql)).collect()
    }
}

fn list(files: &[(&'static str, &'static str)]) -> Vec<Migration> {
    files
        .iter()
        .zip(1..)
        .map(|(&(name, sql), version)| {
            assert!(name.starts_with(&format!("{version:04}_")), "{name} is out of order");
            Migration::new(version, name, sql)
        })
        .collect()
}
