//! The vocabulary every other crate speaks: identifiers, time and chance,
//! errors, who is acting, and Vietnamese text. Pure: no I/O, no database.

pub mod actor;
pub mod error;
pub mod id;
pub mod privacy;
pub mod tenant;
pub mod viet;
pub mod world;

pub use actor::{Actor, Grant, OrgPath, Role};
pub use error::{Error, Errors, FieldError, Result};
pub use id::{
    AccountId, DocumentId, EventId, ExclusionId, ImportId, MeetingId, MemberId, OrganisationId,
    SessionId,
};
pub use tenant::{InvalidTenantId, TenantId};
pub use world::World;
