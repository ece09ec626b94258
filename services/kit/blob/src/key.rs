//! What an object is called.

use crate::Error;
use std::fmt;
use uuid::Uuid;

/// An object's key, `{tenant}/{service}/{id}`. Access policies, exports and
/// the removal of a tenant all go by the first part, hence no other shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// The key of object `id` of a service (`documents`, say) of a tenant.
    ///
    /// # Errors
    /// [`Error::BadKey`] unless both names are made of `a-z`, `0-9` and `-`.
    pub fn new(tenant: &str, service: &str, id: Uuid) -> Result<Self, Error> {
        for part in [tenant, service] {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if part.is_empty() || !part.bytes().all(plain) {
                return Err(Error::BadKey(part.to_owned()));
            }
        }
        Ok(Self(format!("{tenant}/{service}/{id}")))
    }

    /// The key as the bucket knows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;
    use uuid::Uuid;

    #[test]
    fn a_key_begins_with_its_tenant_and_cannot_leave_it() {
        let key = Key::new("thanh-hoa", "documents", Uuid::nil()).unwrap();
        assert_eq!(key.as_str(), "thanh-hoa/documents/00000000-0000-0000-0000-000000000000");
        for bad in ["", "..", "a/b", "a\\b", "A", "a.b", "hoá", "a b", "a\0"] {
            assert!(Key::new(bad, "documents", Uuid::nil()).is_err(), "{bad}");
            assert!(Key::new("thanh-hoa", bad, Uuid::nil()).is_err(), "{bad}");
        }
    }
}
