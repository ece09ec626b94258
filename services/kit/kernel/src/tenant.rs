//! The name of a tenant, validated once and safe everywhere after that.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref, str::FromStr, sync::Arc};

/// A tenant's slug: 2 to 40 of `a-z`, `0-9` and inner single `-`, starting
/// with a letter. It is the only value that is ever put into SQL text, and a
/// slug is never given out twice.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

/// The text is not a tenant slug.
#[derive(Debug, thiserror::Error)]
#[error(
    "«{0}» không phải là mã đơn vị dùng hệ thống: chỉ dùng a-z, 0-9 và dấu gạch nối, từ 2 đến 40 ký tự, bắt đầu bằng chữ cái"
)]
pub struct InvalidTenantId(String);

impl TenantId {
    /// Validates a slug.
    ///
    /// # Errors
    /// When the text breaks the rule in the type's description.
    pub fn new(slug: &str) -> Result<Self, InvalidTenantId> {
        let plain = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let shaped = (2..=40).contains(&slug.len())
            && slug.as_bytes()[0].is_ascii_lowercase()
            && !slug.ends_with('-')
            && !slug.contains("--");
        if plain && shaped { Ok(Self(slug.into())) } else { Err(InvalidTenantId(slug.into())) }
    }

    /// The name of the tenant's database role, which is also its schema's.
    /// A slug has no `_`, so two slugs never share a role.
    #[must_use]
    pub fn role(&self) -> String {
        format!("tn_{}", self.0.replace('-', "_"))
    }
}

impl Deref for TenantId {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TenantId {
    type Err = InvalidTenantId;
    fn from_str(slug: &str) -> Result<Self, InvalidTenantId> {
        Self::new(slug)
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidTenantId;
    fn try_from(slug: String) -> Result<Self, InvalidTenantId> {
        Self::new(&slug)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> String {
        id.0.as_ref().into()
    }
}

#[cfg(test)]
mod tests {
    use super::TenantId;

    #[test]
    fn a_slug_is_narrow_enough_for_sql_text() {
        for good in ["thanh-hoa", "ha-noi", "khoi-cac-co-quan-trung-uong", "q2"] {
            assert!(TenantId::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "-a",
            "a-",
            "a--b",
            "A-b",
            "a_b",
            "a b",
            "a\"; drop",
            "thanh-hoá",
            "1a",
            "a.b",
            "abcdefghijabcdefghijabcdefghijabcdefghijx",
        ] {
            assert!(TenantId::new(bad).is_err(), "{bad}");
        }
        assert_eq!(TenantId::new("thanh-hoa").unwrap().role(), "tn_thanh_hoa");
    }
}
