//! The demo: synthetic tenants that show the main job.

pub mod people;
pub mod quang_ngai_2024;
pub mod units;
