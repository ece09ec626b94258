//! Granting and revoking roles.

use super::store;
use kernel::{AccountId, Error, MemberId, OrganisationId, Result, Role, World};
use tenancy::{NewEvent, TenantTx};
use uuid::Uuid;

/// Grants a role on an organisation and all below it. Says whether it is new;
/// a role that is held already stays as it is.
///
/// # Errors
/// [`Error::Invalid`] when the role is none that is granted by hand;
/// [`Error::NotFound`] without such a living organisation.
pub async fn grant_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    member: MemberId,
    organisation: OrganisationId,
    role: Role,
) -> Result<bool> {
    if !Role::GRANTABLE.contains(&role) {
        return Err(Error::field("role", "Vai trò này không cấp riêng được."));
    }
    store::hold_unit(tx, organisation).await?.ok_or(Error::NotFound)?;
    let id: Uuid = world.id();
    if !store::grant(tx, id, member, organisation, role, by, world.now()).await? {
        return Ok(false);
    }
    let event = NewEvent::new("role.granted")
        .by(by)
        .in_organisation(organisation)
        .on(member)
        .with(serde_json::json!({ "role": role.name(), "grant": id }))?;
    tx.record(world, event).await?;
    Ok(true)
}
