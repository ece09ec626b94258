//! Adding a member to the roster by hand.

use super::{fields::Record, role, store};
use crate::member::{Counted, Deltas, on_roll};
use kernel::{AccountId, Error, MemberId, OrganisationId, Result, Role, World, viet};
use tenancy::{NewEvent, TenantTx};

/// A member to be added.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// Their official home.
    pub organisation: OrganisationId,
    /// What is known of them.
    pub record: Record,
}

/// Adds a member.
///
/// # Errors
/// [`Error::Invalid`] when the card or file number is another member's;
/// [`Error::NotFound`] without such a living organisation.
pub async fn add_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    new: NewMember,
) -> Result<MemberId> {
    let NewMember { organisation, record } = new;
    store::hold_unit(tx, organisation).await?.ok_or(Error::NotFound)?;
    let id: MemberId = world.id();
    super::duplicates(tx, id, &record).await?;
    store::insert(tx, id, organisation, &record, world.now()).await?;
    let mut deltas = Deltas::default();
    deltas.change(
        None,
        Some(Counted {
            organisation,
            member: on_roll(&record.status),
            smartphone: record.has_smartphone,
            activated: false,
        }),
    );
    let event = NewEvent::new("member.added")
        .by(by)
        .in_organisation(organisation)
        .on(id)
        .with(serde_json::json!({ "deltas": deltas.list() }))?;
    tx.record(world, event).await?;
    Ok(id)
}

/// An official whom no roster has brought yet, such as a tenant's first
/// administrator: the member with this file number, added to the root if need
/// be, holding the role on it. Says whether they are new.
///
/// # Errors
/// [`Error::Invalid`] when the name or the phone cannot be read.
pub async fn ensure_official_in(
    tx: &mut TenantTx,
    world: &World,
    root: OrganisationId,
    full_name: &str,
    phone: &str,
    file_number: &str,
    role: Role,
) -> Result<(MemberId, bool)> {
    let file_number = viet::normalise(file_number);
    if file_number.is_empty() {
        return Err(Error::field("file_number", "Hãy ghi số lý lịch của người giữ vai trò."));
    }
    let there = store::member_by_file_number(tx, &file_number).await?;
    let (member, created) = if let Some(member) = there {
        (member, false)
    } else {
        let full_name = viet::normalise(full_name);
        if full_name.is_empty() {
            return Err(Error::field("full_name", "Hãy ghi họ tên của người giữ vai trò."));
        }
        let phone = viet::normalise_phone(phone)
            .map_err(|e| Error::field("phone", format!("Số điện thoại chưa đúng: {e}.")))?;
        let record = Record {
            full_name,
            birth_date: None,
            sex: None,
            admitted_on: None,
            official_on: None,
            card_number: None,
            file_number: Some(file_number),
            phone: Some(phone),
            standing: "official".into(),
            status: "active".into(),
            has_smartphone: true,
        };
        (add_in(tx, world, None, NewMember { organisation: root, record }).await?, true)
    };
    role::grant_in(tx, world, None, member, root, role).await?;
    Ok((member, created))
}
