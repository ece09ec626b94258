//! Who is acting, and where their roles hold.

use crate::{AccountId, MemberId, OrganisationId, SessionId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The place of an organisation in its tenant's tree: the labels from the root
/// down, each closed by a dot (`1.4.27.`), so that "is below" is "starts with".
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrgPath(pub String);

impl OrgPath {
    /// Whether `other` is this place or lies below it.
    #[must_use]
    pub fn covers(&self, other: &OrgPath) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl From<String> for OrgPath {
    fn from(path: String) -> Self {
        Self(path)
    }
}

impl fmt::Display for OrgPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody may be in a tenant. A role is granted on an organisation and
/// holds for everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody in particular: not signed in.
    Anyone,
    /// A member with an account; holds on the member's own branch.
    Member,
    /// Branch secretary (bí thư chi bộ).
    Secretary,
    /// Member of a committee (cấp ủy) that follows the units below it.
    Committee,
    /// Publishes for an organisation (tổ quản trị và biên tập nội dung).
    Editor,
    /// The provincial organisation board's administrator.
    TenantAdmin,
    /// Reads the trail of events, changes nothing.
    Auditor,
    /// The national committee's reviewer; exists in the national tenant only.
    Reviewer,
    /// Runs the platform; has no business inside a tenant.
    Operator,
}

impl Role {
    /// Every role, from the least to the most particular.
    pub const ALL: [Role; 9] = [
        Role::Anyone,
        Role::Member,
        Role::Secretary,
        Role::Committee,
        Role::Editor,
        Role::TenantAdmin,
        Role::Auditor,
        Role::Reviewer,
        Role::Operator,
    ];

    /// The roles that somebody can be given on an organisation by hand.
    pub const GRANTABLE: [Role; 6] = [
        Role::Secretary,
        Role::Committee,
        Role::Editor,
        Role::TenantAdmin,
        Role::Auditor,
        Role::Reviewer,
    ];

    /// The name in code, SQL and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Anyone => "anyone",
            Role::Member => "member",
            Role::Secretary => "secretary",
            Role::Committee => "committee",
            Role::Editor => "editor",
            Role::TenantAdmin => "tenant_admin",
            Role::Auditor => "auditor",
            Role::Reviewer => "reviewer",
            Role::Operator => "operator",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Role::Anyone => "Khách",
            Role::Member => "Đảng viên",
            Role::Secretary => "Bí thư chi bộ",
            Role::Committee => "Cấp ủy",
            Role::Editor => "Biên tập nội dung",
            Role::TenantAdmin => "Quản trị của Ban Tổ chức",
            Role::Auditor => "Kiểm tra, giám sát",
            Role::Reviewer => "Theo dõi toàn quốc",
            Role::Operator => "Vận hành nền tảng",
        }
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Role::ALL
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| format!("không có vai trò «{name}»"))
    }
}

/// One role on one organisation and all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where it holds.
    pub scope: OrgPath,
}

/// A signed-in person inside one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account that signed in.
    pub account: AccountId,
    /// The member behind it.
    pub member: MemberId,
    /// The session in use.
    pub session: SessionId,
    /// The name to greet them by. Never logged.
    pub name: String,
    /// The branch that is the member's official home.
    pub organisation: OrganisationId,
    /// That branch's place in the tree.
    pub path: OrgPath,
    /// Every role that holds at the moment, [`Role::Member`] among them.
    pub grants: Vec<Grant>,
}

impl Actor {
    /// Whether the person holds the role anywhere.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }
}

#[cfg(test)]
mod tests {
    use super::{OrgPath, Role};

    #[test]
    fn a_path_covers_itself_and_what_is_below_but_not_a_longer_label() {
        let path = |p: &str| OrgPath(p.into());
        assert!(path("1.4.").covers(&path("1.4.")));
        assert!(path("1.4.").covers(&path("1.4.27.")));
        assert!(!path("1.4.").covers(&path("1.40.")));
        assert!(!path("1.4.27.").covers(&path("1.4.")));
    }

    #[test]
    fn role_names_round_trip() {
        for role in Role::ALL {
            assert_eq!(role.name().parse::<Role>(), Ok(role));
        }
    }
}
