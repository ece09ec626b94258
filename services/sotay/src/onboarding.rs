//! Bringing a tenant on, as far as its file goes: registry and schema, the top
//! of its tree, its first administrator. Every step may be run again.

use crate::{Fault, Platform};
use directory::{
    account::invite,
    organisation::{self, Kind},
    people,
};
use kernel::{MemberId, OrganisationId, Role, TenantId, viet};
use serde::Serialize;
use tenancy::{Provisioner, TenantFile, TenantKind, TenantTx};
use time::Duration;

/// How long the first administrator's code is good for.
const CODE_LIFE: Duration = Duration::days(7);

/// A tenant that is ready for its administrator.
#[derive(Clone, Debug, Serialize)]
pub struct Onboarded {
    /// Its slug.
    pub tenant: String,
    /// The top of its tree.
    pub root: OrganisationId,
    /// The administrator.
    pub admin: MemberId,
    /// The administrator's activation code, when the account is new.
    pub code: Option<String>,
}

/// Makes a tenant agree with its file.
///
/// # Errors
/// When the file asks for what cannot be done, or a database is away.
pub async fn apply(
    provisioner: &Provisioner,
    platform: &Platform,
    file: &TenantFile,
) -> Result<Onboarded, Fault> {
    provisioner.apply(file).await?;
    platform.app.tenants.refresh().await?;
    welcome(platform, file).await
}

/// What is left to do for a tenant that has its schema: the top of its tree and
/// its first administrator.
///
/// # Errors
/// When its file asks for what cannot be done, or its database is away.
pub async fn welcome(platform: &Platform, file: &TenantFile) -> Result<Onboarded, Fault> {
    let world = &platform.app.world;
    let db = platform.app.tenants.db(&file.slug)?;
    let founded = viet::parse_date(&file.root.founded_on)
        .map_err(|e| Fault::new(format!("root.founded_on: {e}")))?;
    let phone = viet::normalise_phone(&file.admin.phone)
        .map_err(|e| Fault::new(format!("admin.phone: {e}")))?;
    let kind = match file.kind {
        TenantKind::National => Kind::Central,
        TenantKind::Province | TenantKind::CentralBloc => Kind::UnderCentral,
    };
    let mut tx = db.begin().await?;
    let root =
        organisation::ensure_root_in(&mut tx, world, &file.root.code, &file.name, kind, founded)
            .await?;
    let (admin, created) = people::ensure_official_in(
        &mut tx,
        world,
        root,
        &file.admin.full_name,
        &phone,
        &file.admin.file_number,
        Role::TenantAdmin,
    )
    .await?;
    let code = if created { invited(&mut tx, platform, root, admin).await? } else { None };
    tx.commit().await?;
    Ok(Onboarded { tenant: file.slug.to_string(), root, admin, code })
}

/// A new code for a tenant's administrator, which ends the one before: for when
/// it was lost, be it on paper or because [`apply`] was killed before it could
/// say it.
///
/// # Errors
/// When the database is away.
pub async fn new_code(platform: &Platform, tenant: &Onboarded) -> Result<Option<String>, Fault> {
    let id = TenantId::new(&tenant.tenant).map_err(|e| Fault::new(e.to_string()))?;
    let db = platform.app.tenants.db(&id)?;
    let mut tx = db.begin().await?;
    let code = invited(&mut tx, platform, tenant.root, tenant.admin).await?;
    tx.commit().await?;
    Ok(code)
}

async fn invited(
    tx: &mut TenantTx,
    platform: &Platform,
    root: OrganisationId,
    admin: MemberId,
) -> Result<Option<String>, Fault> {
    let world = &platform.app.world;
    let key = platform.app.tenants.key();
    let expires = world.now() + CODE_LIFE;
    let codes = invite::invite_in(tx, world, key, None, Some(root), &[admin], expires).await?;
    Ok(codes.into_iter().next().map(|invitation| invitation.code))
}
