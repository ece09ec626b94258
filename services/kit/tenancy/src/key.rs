//! The installation's master key, from which every other secret is derived.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{fmt, sync::Arc};

/// 32 secret bytes. Passwords of database roles, CSRF tokens and signatures are
/// all HMACs of it, so none of them is stored anywhere and each can be rotated
/// by raising a version.
#[derive(Clone)]
pub struct MasterKey(Arc<[u8; 32]>);

/// The text is not a key.
#[derive(Debug, thiserror::Error)]
#[error("khóa chủ phải là 64 chữ số thập lục phân (32 byte); tạo bằng: openssl rand -hex 32")]
pub struct InvalidKey;

impl MasterKey {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Arc::new(bytes))
    }

    /// From 64 hexadecimal digits.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn from_hex(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidKey);
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| InvalidKey)?;
        }
        Ok(Self::new(bytes))
    }

    /// A secret for one purpose. `parts` are kept apart by their lengths, so
    /// that no two lists of parts give the same secret by accident.
    #[must_use]
    pub fn derive(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac();
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The password of a database role.
    #[must_use]
    pub fn role_password(&self, role: &str, version: i32) -> String {
        URL_SAFE_NO_PAD
            .encode(self.derive("database-role", &[role.as_bytes(), &version.to_be_bytes()]))
    }

    fn mac(&self) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(self.0.as_slice())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::MasterKey;

    #[test]
    fn secrets_differ_by_purpose_part_and_version_and_are_stable() {
        let key = MasterKey::from_hex(&"ab".repeat(32)).unwrap();
        assert_eq!(key.derive("a", &[b"b"]), key.derive("a", &[b"b"]));
        assert_ne!(key.derive("a", &[b"b"]), key.derive("ab", &[]));
        assert_ne!(key.derive("a", &[b"bc"]), key.derive("a", &[b"b", b"c"]));
        assert_ne!(key.role_password("tn_a", 1), key.role_password("tn_a", 2));
        assert_ne!(key.role_password("tn_a", 1), key.role_password("tn_b", 1));
        assert!(MasterKey::from_hex("ab").is_err());
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }
}
