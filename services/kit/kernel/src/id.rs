//! Typed identifiers. Every key is a UUID version 7 made by [`crate::World`],
//! so rows sort by creation and tests can repeat them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl From<$name> for Uuid {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// An organisation: a committee, a branch or a group of a tenant's tree.
    OrganisationId,
    /// A member as the roster knows them.
    MemberId,
    /// A member's means of signing in.
    AccountId,
    /// One signed-in device.
    SessionId,
    /// A published document.
    DocumentId,
    /// A branch meeting.
    MeetingId,
    /// One thing that happened.
    EventId,
    /// One run of a roster import.
    ImportId,
    /// One line of the exclusion ledger.
    ExclusionId,
}
