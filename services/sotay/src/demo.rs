//! The demo: synthetic tenants that show the main job. Everything is done by
//! the operations themselves, with their dates.

pub mod everyday;
mod load;
pub mod people;
pub mod quang_ngai_2024;
pub mod reference;
pub mod units;

pub use load::write_roster;

use serde::{Deserialize, Serialize};

/// Everybody's password in the demo.
pub const PASSWORD: &str = "sen-hong-thang-nam";
/// The same people every time.
const SEED: u64 = 2026;

/// Somebody to sign in as.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoAccount {
    /// What they are.
    pub role: String,
    /// Their phone number.
    pub login: String,
    /// Their password.
    pub password: String,
}

/// A tenant of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoTenant {
    /// Its slug.
    pub slug: String,
    /// Its host name.
    pub host: String,
    /// Its address.
    pub url: String,
    /// Whom to sign in as.
    pub accounts: Vec<DemoAccount>,
}

/// `DATA/demo.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoFile {
    /// The address without a tenant.
    pub http: String,
    /// The provinces and the bloc.
    pub tenants: Vec<DemoTenant>,
    /// The national committee.
    pub national: DemoTenant,
}
