//! Tenants: a tenant is a `PostgreSQL` role that owns one schema.
//!
//! - [`Tenants`] is what a running server holds: the registry, and for each
//!   tenant connections that are logged in *as that tenant's role*, opened on
//!   first use under one budget a placement ([`pool`], our own because the
//!   budget has to be exact and shared between roles, which the pool of `sqlx`
//!   cannot do).
//! - [`Provisioner`] creates tenants and migrates them. Its credentials are
//!   not those of a running server.
//! - [`Together`]: pieces of work that arrive together and are done together.
//! - [`event`] and [`relay`]: what happened, and everything folded from it.

pub mod config;
pub mod db;
pub mod event;
pub mod file;
pub mod health;
pub mod key;
pub mod measure;
pub mod migrations;
pub mod pool;
pub mod provision;
pub mod registry;
pub mod relay;
pub mod tenants;
pub mod together;
pub mod trouble;
mod wake;

pub use config::{DatabaseConfig, PlacementConfig};
pub use db::{TenantConn, TenantDb, TenantTx};
pub use event::{Event, NewEvent};
pub use file::TenantFile;
pub use key::MasterKey;
pub use provision::Provisioner;
pub use registry::{Tenant, TenantKind, TenantState};
pub use relay::{Fold, Outlet, Relay};
pub use tenants::Tenants;
pub use together::Together;
pub use trouble::Trouble;

use std::borrow::Cow;

/// Whether an error means that trying again may help: see [`Trouble`].
#[must_use]
pub fn is_unavailable(error: &(dyn std::error::Error + 'static)) -> bool {
    Trouble::of(error).is_some()
}

/// Whether the server refuses what a connection has prepared, because a
/// migration changed a table under it (0A000) or something between us and the
/// server swapped sessions (26000). It was refused before it did anything, and
/// [`Tenants::renew`] makes the next try a fresh one.
#[must_use]
pub fn is_stale(error: &kernel::Error) -> bool {
    matches!(sqlstate(error).as_deref(), Some("0A000" | "26000"))
}

/// The code of an error that the server answered with.
fn sqlstate(error: &kernel::Error) -> Option<Cow<'_, str>> {
    let kernel::Error::Internal(error) = error else { return None };
    error.downcast_ref::<sqlx::Error>()?.as_database_error()?.code()
}

/// Whether an insert was refused because such a row is there already.
#[must_use]
pub fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
