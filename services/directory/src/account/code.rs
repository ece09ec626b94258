//! One-time codes: shown once on a slip of paper, stored only as a hash.

use kernel::{TenantId, World};
use tenancy::MasterKey;
use time::Duration;

/// How long a first code is good for.
pub(super) const ACTIVATION: Duration = Duration::days(14);
/// How long a code for a new password is good for.
pub(super) const RECOVERY: Duration = Duration::hours(24);

/// A code as it is typed, in groups: `K7QP-3MWX-9D`. 31¹⁰ possibilities, with a
/// throttle in front.
pub(super) fn new(world: &World) -> String {
    let code = world.code::<10>();
    format!("{}-{}-{}", &code[..4], &code[4..8], &code[8..])
}

/// What is stored of a code. Dashes, spaces and case do not matter.
pub(super) fn hash(key: &MasterKey, tenant: &TenantId, code: &str) -> Vec<u8> {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(32)
        .collect();
    key.derive("account-code", &[tenant.as_bytes(), plain.as_bytes()]).to_vec()
}

#[cfg(test)]
mod tests {
    use kernel::{TenantId, World};
    use tenancy::MasterKey;

    #[test]
    fn a_code_survives_how_people_type_it() {
        let (key, tenant) = (MasterKey::new([1; 32]), TenantId::new("thanh-hoa").unwrap());
        let code = super::new(&World::system());
        let hash = super::hash(&key, &tenant, &code);
        assert_eq!(
            hash,
            super::hash(&key, &tenant, &format!(" {} ", code.to_lowercase().replace('-', " ")))
        );
        assert_ne!(hash, super::hash(&key, &TenantId::new("ha-noi").unwrap(), &code));
    }
}
