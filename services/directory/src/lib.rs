//! Who: organisations, members, accounts, roles, sign-in.
//!
//! Events: `organisation.founded`, `organisation.changed`,
//! `organisation.dissolved`, `member.added`, `member.changed`,
//! `roster.imported`, `position.taken`, `position.left`, `role.granted`,
//! `role.revoked`, `account.invited`, `account.activated`,
//! `account.recovered`, `account.withdrawn`, `session.started`,
//! `session.ended`.

pub mod account;
pub mod member;
pub mod organisation;
pub mod people;
pub mod roster;

use blob::BlobStore;
use web::Routes;

/// Every operation of the directory.
#[must_use]
pub fn routes(blob: BlobStore, passwords: account::Passwords) -> Routes {
    account::routes(passwords)
        .merge(organisation::routes())
        .merge(people::routes())
        .merge(roster::routes(blob))
}
