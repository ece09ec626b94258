//! Granting and revoking roles. A role holds on its organisation and all below.

use super::{change::reach, store};
use crate::{
    account,
    organisation::{onto, reachable},
};
use askama::Template;
use axum::extract::Path;
use kernel::{AccountId, Error, Errors, MemberId, OrganisationId, Result, Role, World};
use serde::{Deserialize, Serialize};
use tenancy::{NewEvent, TenantTx, registry::TenantKind};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, Done, Failure, Input, Page, View};

/// Grants a role on an organisation and all below it. Says whether it is new;
/// a role that is held already stays as it is. Unused codes end that somebody
/// else handed out: they could not have handed out the role.
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
    account::hold(tx, &[member.0]).await?;
    let id: Uuid = world.id();
    if !store::grant(tx, id, member, organisation, role, by, world.now()).await? {
        return Ok(false);
    }
    account::end_codes_of_others(tx, member, by, world.now()).await?;
    let event = NewEvent::new("role.granted")
        .by(by)
        .in_organisation(organisation)
        .on(member)
        .with(serde_json::json!({ "role": role.name(), "grant": id }))?;
    tx.record(world, event).await?;
    Ok(true)
}

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(super) struct RoleForm {
    /// `secretary`, `committee`, `editor`, `tenant_admin`, `auditor`, `reviewer`.
    role: String,
    /// Code of the organisation.
    organisation: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "role_new.html")]
pub(super) struct RolePage {
    #[schema(value_type = Uuid)]
    member: MemberId,
    name: String,
    form: RoleForm,
    #[serde(skip)]
    roles: Vec<(&'static str, &'static str)>,
    #[serde(skip)]
    errors: Errors,
}

impl RolePage {
    fn new(ctx: &Ctx, person: store::Person, form: RoleForm, errors: Errors) -> Self {
        let errors = onto("role", errors);
        let roles = Role::GRANTABLE
            .into_iter()
            .filter(|role| exists(*role, ctx.tenant().kind))
            .map(|role| (role.name(), role.label()))
            .collect();
        Self { member: person.id, name: person.record.full_name, form, roles, errors }
    }
}

impl Page for RolePage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            "Cấp vai trò".into()
        } else {
            "Cần sửa: Cấp vai trò".into()
        }
    }
}

/// Whether there is such a role to grant in a tenant of a kind.
fn exists(role: Role, tenant: TenantKind) -> bool {
    Role::GRANTABLE.contains(&role) && (role != Role::Reviewer || tenant == TenantKind::National)
}

/// The form to grant a member a role.
#[utoipa::path(get, path = "/members/{id}/roles/new", operation_id = "role.new", tag = "roles",
    params(("id" = Uuid, Path, description = "The member")),
    responses((status = 200, body = RolePage), (status = 404, description = "No such member within reach")))]
pub(super) async fn form(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<RolePage>> {
    let person = reach(&ctx, &id).await?;
    let form = RoleForm { role: String::new(), organisation: person.code.clone() };
    Ok(View(RolePage::new(&ctx, person, form, Errors::default())))
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Granted {
    #[schema(value_type = Uuid)]
    member: MemberId,
    /// Whether the member did not hold it before.
    granted: bool,
}

/// Grants a member a role on an organisation that the granter answers for.
#[utoipa::path(post, path = "/members/{id}/roles", operation_id = "role.grant", tag = "roles",
    params(("id" = Uuid, Path, description = "The member")),
    request_body(content((RoleForm = "application/json"), (RoleForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Granted), (status = 404, description = "No such member within reach"),
        (status = 409, description = "The member is no longer on the roll"),
        (status = 422, description = "A field does not fit")))]
pub(super) async fn grant(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<RoleForm>,
) -> web::Result<Done<Granted>> {
    let person = reach(&ctx, &id).await?;
    match submit(&ctx, &person, &form).await {
        Ok(granted) => {
            let words = if granted {
                "Đã cấp vai trò."
            } else {
                "Đồng chí này đã có vai trò đó."
            };
            let member = person.id;
            Ok(Done::new(format!("/members/{member}"), Granted { member, granted }).flash(words))
        }
        Err(error) => Err(Failure::form(error, |errors| RolePage::new(&ctx, person, form, errors))),
    }
}

async fn submit(ctx: &Ctx, person: &store::Person, form: &RoleForm) -> Result<bool> {
    if !crate::member::on_roll(&person.record.status) {
        return Err(Error::Conflict("Người này không còn trong danh sách đảng viên.".into()));
    }
    let mut tx = ctx.begin().await?;
    let mut errors = Errors::default();
    let role = form.role.parse().ok().filter(|role| exists(*role, ctx.tenant().kind));
    if role.is_none() {
        errors.add("role", "Hãy chọn vai trò.");
    }
    let unit =
        reachable(ctx, &mut tx, "role.grant", "organisation", &form.organisation, &mut errors)
            .await?;
    if unit.as_ref().is_some_and(|unit| unit.dissolved_on.is_some()) {
        errors.add("organisation", "Tổ chức này đã giải thể.");
    }
    let (Some(role), Some(unit)) = (role, unit) else { return Err(Error::Invalid(errors)) };
    errors.or(())?;
    let granted = grant_in(&mut tx, ctx.world(), ctx.account(), person.id, unit.id, role).await?;
    tx.commit().await?;
    Ok(granted)
}

/// A role that is held no longer.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleRevoked)]
pub(super) struct Revoked {
    id: Uuid,
}

/// Takes a role away.
#[utoipa::path(post, path = "/roles/{id}/revoke", operation_id = "role.revoke", tag = "roles",
    params(("id" = Uuid, Path, description = "The grant")),
    responses((status = 200, body = Revoked), (status = 404, description = "No such grant within reach"),
        (status = 409, description = "The last administrator of the tenant")))]
pub(super) async fn revoke(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<serde::de::IgnoredAny>,
) -> web::Result<Done<Revoked>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = ctx.begin().await?;
    let held = store::held_role(&mut tx, id).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&held.path.into())?;
    if held.role == Role::TenantAdmin.name() && held.is_root {
        super::keep_an_admin(&mut tx, held.member.into()).await?;
    }
    if !store::revoke(&mut tx, id, ctx.account(), ctx.world().now()).await? {
        return Err(Error::NotFound.into());
    }
    let event = NewEvent::new("role.revoked")
        .by(ctx.account())
        .in_organisation(held.organisation.into())
        .on(held.member)
        .with(serde_json::json!({ "role": held.role, "grant": id }))?;
    tx.record(ctx.world(), event).await?;
    tx.commit().await?;
    Ok(Done::new(format!("/members/{}", held.member), Revoked { id }).flash("Đã thu hồi vai trò."))
}

#[cfg(test)]
mod tests {
    use super::{Role, TenantKind, exists};

    #[test]
    fn reviewers_exist_in_the_national_tenant_only() {
        assert!(exists(Role::Reviewer, TenantKind::National));
        assert!(!exists(Role::Reviewer, TenantKind::Province));
        assert!(!exists(Role::Reviewer, TenantKind::CentralBloc));
        assert!(exists(Role::Secretary, TenantKind::Province));
        assert!(
            !exists(Role::Member, TenantKind::Province)
                && !exists(Role::Operator, TenantKind::National)
        );
    }
}
