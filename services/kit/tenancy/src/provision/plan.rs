//! What `apply` would do, computed from the files and the registry alone.

use super::{Provisioner, registered};
use crate::{
    config::MAIN,
    file::TenantFile,
    registry::{Tenant, TenantKind, TenantState},
};
use kernel::{Error, TenantId};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

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
        let tenants = registered(&mut self.main().await?).await?;
        self.compare(files, &tenants)
    }

    pub(super) fn compare(&self, files: &[TenantFile], tenants: &[Tenant]) -> Result<Plan, Error> {
        one_owner_each(files, tenants)?;
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

/// A host leads to one tenant. What a tenant has in the registry is given up
/// when its file no longer names it.
fn one_owner_each(files: &[TenantFile], tenants: &[Tenant]) -> Result<(), Error> {
    let named: HashSet<&TenantId> = files.iter().map(|file| &file.slug).collect();
    let others = tenants
        .iter()
        .filter(|tenant| tenant.state != TenantState::Retired && !named.contains(&tenant.id));
    let mut owners: HashMap<&str, &TenantId> = others
        .flat_map(|tenant| tenant.hosts.iter().map(move |host| (&**host, &tenant.id)))
        .collect();
    for file in files {
        for host in &file.hosts {
            let owner = owners.insert(host, &file.slug);
            if let Some(other) = owner.filter(|other| **other != file.slug) {
                return Err(Error::Conflict(
                    format!("{}: hosts: tên miền «{host}» đã thuộc về {other}", file.slug).into(),
                ));
            }
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::Change;
    use crate::{
        DatabaseConfig, MasterKey, Provisioner, Tenant, TenantFile, TenantKind, TenantState,
        file::{Admin, Root},
    };
    use kernel::{Error, TenantId};

    fn file(slug: &str, hosts: &[&str]) -> TenantFile {
        TenantFile {
            slug: TenantId::new(slug).unwrap(),
            kind: TenantKind::Province,
            name: "Đảng bộ tỉnh".into(),
            short_name: "Tỉnh".into(),
            accent: "#b3261e".into(),
            placement: "main".into(),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            root: Root { code: "01".into(), founded_on: "03/02/1930".into() },
            admin: Admin {
                full_name: "Lê Thị Bền".into(),
                phone: "0912345678".into(),
                file_number: "1".into(),
            },
        }
    }

    /// As it is in the registry once the file is applied.
    fn tenant(slug: &str, hosts: &[&str], state: TenantState) -> Tenant {
        let file = file(slug, hosts);
        Tenant {
            role: file.slug.role().into(),
            id: file.slug,
            kind: file.kind,
            name: file.name,
            short_name: file.short_name,
            accent: file.accent,
            hosts: file.hosts,
            placement: file.placement,
            state,
            password_version: 1,
            schema_version: 1,
        }
    }

    fn compared(files: &[TenantFile], tenants: &[Tenant]) -> Result<Vec<Change>, Error> {
        let config: DatabaseConfig =
            serde_json::from_str(r#"{"placements": {"main": {"host": "/nowhere"}}}"#).unwrap();
        let provisioner = Provisioner::new(&config, "nobody", "", MasterKey::new([7; 32]));
        provisioner.compare(files, tenants).map(|plan| plan.changes)
    }

    #[test]
    fn a_host_that_another_tenant_has_is_refused() {
        let new = [file("ha-noi", &["hop.vn"])];
        for state in [TenantState::Provisioning, TenantState::Active, TenantState::Suspended] {
            let refused = compared(&new, &[tenant("hue", &["hop.vn"], state)]).unwrap_err();
            assert!(matches!(refused, Error::Conflict(_)), "{refused:?}");
            let says = refused.to_string();
            assert!(says.contains("hop.vn") && says.contains("hue"), "{says}");
        }
        let retired = [tenant("hue", &["hop.vn"], TenantState::Retired)];
        assert_eq!(compared(&new, &retired).unwrap().len(), 1, "nobody is there any more");
        let twice = [file("ha-noi", &["hop.vn"]), file("hue", &["hop.vn"])];
        assert!(matches!(compared(&twice, &[]), Err(Error::Conflict(_))));
    }

    #[test]
    fn a_host_is_kept_and_handed_over() {
        let tenants = [
            tenant("ha-noi", &["hop.vn"], TenantState::Active),
            tenant("hue", &[], TenantState::Active),
        ];
        let same = [file("ha-noi", &["hop.vn"])];
        assert!(compared(&same, &tenants).unwrap().is_empty(), "its own is nobody else's");
        let handed = [file("ha-noi", &[]), file("hue", &["hop.vn"])];
        assert_eq!(compared(&handed, &tenants).unwrap().len(), 2);
    }
}
