//! The front door. A request enters here and becomes *(tenant, actor)*: the
//! host name says which tenant, the cookie or bearer token says who. Then it is
//! handed to its service, here or in another process ([`upstream`]), and the
//! answer is dressed for the way back.

mod address;
mod body;
mod budget;
mod cookies;
mod door;
mod familiar;
mod guard;
mod headers;
pub mod home;
mod host;
mod limits;
pub mod listen;
mod pages;
mod path;
mod proxies;
mod rates;
mod ready;
mod refusal;
mod shape;
mod shed;
pub mod upstream;

pub use budget::Budget;
pub use door::{Door, Hosts, Peer};
pub use limits::{Limits, Places, Rate};
pub use proxies::Proxies;
pub use ready::Ready;
