//! Devices on which somebody signed in before. A mark in a cookie says so, made
//! under our key for one account of one tenant; it opens nothing by itself, it
//! only has tries of its own while strangers guess (see [`super::throttle`]).

use axum::Extension;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{AccountId, TenantId, World};
use subtle::ConstantTimeEq as _;
use tenancy::MasterKey;
use uuid::Uuid;
use web::{Csrf, Device, RequestContext};

/// A family may share a phone; whoever signed in last stands first.
const PEOPLE: usize = 3;

/// That an account signed in on a device.
pub(super) struct Mark {
    account: AccountId,
    /// Names the device, for this account.
    pub(super) device: [u8; 8],
    text: String,
}

/// The genuine marks that a request brings.
pub(super) fn marks(key: &MasterKey, request: &RequestContext) -> Vec<Mark> {
    let kept = request.device.as_deref().unwrap_or_default();
    kept.split('.').take(PEOPLE).filter_map(|text| read(key, &request.tenant, text)).collect()
}

/// The device on which one of these accounts signed in before.
pub(super) fn of(marks: &[Mark], mut accounts: impl Iterator<Item = AccountId>) -> Option<&Mark> {
    accounts.find_map(|account| marks.iter().find(|mark| mark.account == account))
}

/// What the browser keeps of this sign-in; programs keep nothing.
pub(super) fn remember(
    key: &MasterKey,
    world: &World,
    request: &RequestContext,
    marks: &[Mark],
    account: AccountId,
) -> Option<Extension<Device>> {
    if matches!(request.csrf, Csrf::NotNeeded) {
        return None;
    }
    let own = of(marks, std::iter::once(account))
        .map_or_else(|| write(key, &request.tenant, account, world.bytes()), |m| m.text.clone());
    let others = marks.iter().filter(|mark| mark.account != account).map(|mark| mark.text.clone());
    let value: Vec<String> = std::iter::once(own).chain(others).take(PEOPLE).collect();
    Some(Extension(Device(value.join("."))))
}

fn write(key: &MasterKey, tenant: &TenantId, account: AccountId, device: [u8; 8]) -> String {
    let seal = seal(key, tenant, account, device);
    URL_SAFE_NO_PAD.encode([account.0.as_bytes().as_slice(), &device, &seal].concat())
}

fn read(key: &MasterKey, tenant: &TenantId, text: &str) -> Option<Mark> {
    let bytes: [u8; 40] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (account, device) = (Uuid::from_slice(&bytes[..16]).ok()?, bytes[16..24].try_into().ok()?);
    let account = account.into();
    let genuine = seal(key, tenant, account, device).ct_eq(&bytes[24..]);
    bool::from(genuine).then(|| Mark { account, device, text: text.to_owned() })
}

fn seal(key: &MasterKey, tenant: &TenantId, account: AccountId, device: [u8; 8]) -> [u8; 16] {
    let secret = key.derive("device", &[tenant.as_bytes(), account.0.as_bytes(), &device]);
    std::array::from_fn(|i| secret[i])
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use kernel::{AccountId, TenantId};
    use tenancy::MasterKey;
    use uuid::Uuid;

    #[test]
    fn a_mark_is_for_one_account_of_one_tenant_and_cannot_be_made_up() {
        let key = MasterKey::new([1; 32]);
        let (a, b) = (TenantId::new("ha-noi").unwrap(), TenantId::new("hung-yen").unwrap());
        let account: AccountId = Uuid::from_u128(7).into();
        let text = write(&key, &a, account, [3; 8]);
        let mark = read(&key, &a, &text).unwrap();
        assert!(mark.account == account && mark.device == [3; 8]);
        assert!(read(&key, &b, &text).is_none(), "another tenant");
        assert!(read(&MasterKey::new([2; 32]), &a, &text).is_none(), "another installation");
        for place in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'g' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(read(&key, &a, &forged).is_none(), "{forged}");
        }
    }
}
