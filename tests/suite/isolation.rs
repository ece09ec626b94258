//! Whatever belongs to one tenant, tried at another. SQL is held apart by the
//! login of each tenant (`tenancy.rs`), routes without a session of the
//! tenant's own are refused (`routes.rs`); this is about all else that carries
//! something from one request to the next.

mod alike;
mod identifiers;
mod rosters;
mod sessions;
mod traces;

const A: &str = "thanh-hoa";
const B: &str = "ha-noi";
