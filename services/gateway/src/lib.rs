//! The front door. A request enters here and becomes *(tenant, actor)*: the
//! host name says which tenant, the cookie or bearer token says who. Then it is
//! handed to an [`Upstream`] and its answer is dressed for the way back.

mod cookies;
mod door;
mod headers;
pub mod home;
mod host;
pub mod listen;
mod pages;
mod path;
mod upstream;

pub use door::{Door, Hosts, Peer};
pub use upstream::Upstream;
