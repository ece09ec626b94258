//! What `apply` would do, computed from the files and the registry alone.

use super::Provisioner;
use crate::{
    config::MAIN,
    file::TenantFile,
    registry::{self, Tenant, TenantKind, TenantState},
};
use kernel::{Error, TenantId};
use serde::Serialize;

/// What has to change so that the registry agrees with the files.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// In the order in which they are made.
    pub changes: Vec<Change>,
}

impl Plan {
    /// Whether anything changes for a tenant.
    #[must_use]
    pub fn touches(&self, id: &TenantId) -> bool {
        self.changes.iter().any(|change| match change {
            Change::Create { tenant, .. } | Change::Update { tenant, .. } => tenant == id,
        })
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A new tenant, or one whose creation was interrupted.
    Create {
        /// Which.
        tenant: TenantId,
        /// On which database server.
        placement: String,
    },
    /// A value that differs.
    Update {
        /// Whose.
        tenant: TenantId,
        /// The key in the file.
        key: &'static str,
        /// In the registry.
        from: String,
        /// In the file.
        to: String,
    },
}

impl Provisioner {
    /// Compares the files with the registry.
    ///
    /// # Errors
    /// When a file asks for what cannot be done in place, or the database is away.
    pub async fn plan(&self, files: &[TenantFile]) -> Result<Plan, Error> {
        let (_, tenants) = registry::load(&mut self.main().await?, 0).await?;
        self.compare(files, &tenants)
    }

    pub(super) fn compare(&self, files: &[TenantFile], tenants: &[Tenant]) -> Result<Plan, Error> {
        let mut changes = Vec::new();
        for file in files {
            match tenants.iter().find(|tenant| tenant.id == file.slug) {
                Some(tenant) if tenant.state == TenantState::Retired => {
                    return Err(Error::Conflict(
                        format!("{}: mã này đã từng dùng và không được cấp lại", file.slug).into(),
                    ));
                }
                Some(tenant) if tenant.state != TenantState::Provisioning => {
                    changes.extend(updates(file, tenant)?);
                }
                _ => {
                    if !self.placements.contains_key(&file.placement) {
                        return Err(Error::BadRequest(
                            format!(
                                "{}: placement: không có máy chủ dữ liệu «{}» trong cấu hình",
                                file.slug, file.placement
                            )
                            .into(),
                        ));
                    }
                    if file.kind == TenantKind::National && file.placement != MAIN {
                        return Err(Error::BadRequest(
                            format!(
                                "{}: placement: đơn vị toàn quốc phải ở máy chủ dữ liệu «{MAIN}», nơi giữ số liệu của mọi đơn vị",
                                file.slug
                            )
                            .into(),
                        ));
                    }
                    changes.push(Change::Create {
                        tenant: file.slug.clone(),
                        placement: file.placement.clone(),
                    });
                }
            }
        }
        Ok(Plan { changes })
    }
}

fn updates(file: &TenantFile, tenant: &Tenant) -> Result<Vec<Change>, Error> {
    if file.placement != tenant.placement {
        return Err(Error::Conflict(
            format!("{}: placement: chuyển máy chủ dữ liệu không làm bằng tệp này", file.slug)
                .into(),
        ));
    }
    if file.kind != tenant.kind {
        return Err(Error::Conflict(
            format!("{}: kind: không đổi được loại của một đơn vị đã có", file.slug).into(),
        ));
    }
    let pairs = [
        ("name", &tenant.name, &file.name),
        ("short_name", &tenant.short_name, &file.short_name),
        ("accent", &tenant.accent, &file.accent),
        ("hosts", &tenant.hosts.join(", "), &file.hosts.join(", ")),
    ];
    Ok(pairs
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(key, from, to)| Change::Update {
            tenant: file.slug.clone(),
            key,
            from: from.clone(),
            to: to.clone(),
        })
        .collect())
}
