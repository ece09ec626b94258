//! The registry: which tenants there are, where they live, how they are doing.

use kernel::TenantId;
use serde::{Deserialize, Serialize};
use std::{str::FromStr, sync::Arc};

/// A tenant as the registry knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The slug.
    pub id: TenantId,
    /// What kind of committee it is.
    pub kind: TenantKind,
    /// Full name: «Đảng bộ tỉnh Thanh Hóa».
    pub name: String,
    /// Short name: «Thanh Hóa».
    pub short_name: String,
    /// The one accent colour of its pages, `#rrggbb`.
    pub accent: String,
    /// Host names besides `<slug>.<base domain>`.
    pub hosts: Vec<String>,
    /// The database server it lives on.
    pub placement: String,
    /// How it is doing.
    pub state: TenantState,
    /// Raised to rotate the password of its database role.
    pub password_version: i32,
    /// The newest migration that is applied, 0 for none. Told by whoever
    /// migrates, after the fact: it may lag behind, never run ahead.
    pub schema_version: i32,
    /// Its database role, which is also its schema.
    pub role: Arc<str>,
}

/// What kind of committee a tenant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantKind {
    /// A provincial or municipal committee.
    Province,
    /// A bloc directly under the Central Committee.
    CentralBloc,
    /// The national committee, which reviews the others' aggregates.
    National,
}

impl TenantKind {
    /// The name in SQL and configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TenantKind::Province => "province",
            TenantKind::CentralBloc => "central_bloc",
            TenantKind::National => "national",
        }
    }
}

impl FromStr for TenantKind {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        [TenantKind::Province, TenantKind::CentralBloc, TenantKind::National]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("không có loại đơn vị «{name}»"))
    }
}

/// How a tenant is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// Being created; answers as if it did not exist.
    Provisioning,
    /// Served.
    Active,
    /// Stopped by the operator; answers with a page that says so.
    Suspended,
    /// Gone for good; its slug stays taken.
    Retired,
}

impl TenantState {
    /// The name in SQL and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TenantState::Provisioning => "provisioning",
            TenantState::Active => "active",
            TenantState::Suspended => "suspended",
            TenantState::Retired => "retired",
        }
    }
}

impl FromStr for TenantState {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        [
            TenantState::Provisioning,
            TenantState::Active,
            TenantState::Suspended,
            TenantState::Retired,
        ]
        .into_iter()
        .find(|state| state.name() == name)
        .ok_or_else(|| format!("không có trạng thái «{name}»"))
    }
}

/// Reads what changed in the registry after a revision, 0 for all of it, with
/// the newest revision. Changes are made one after the other, so none appears
/// later with a lower revision.
pub(crate) async fn load(
    connection: &mut sqlx::PgConnection,
    after: i64,
) -> Result<(i64, Vec<Tenant>), kernel::Error> {
    let rows = sqlx::query!(
        "SELECT slug, kind, name, short_name, accent, hosts, placement, state, password_version,
                schema_version, revision
         FROM platform.tenant WHERE revision > $1 ORDER BY slug",
        after
    )
    .fetch_all(connection)
    .await?;
    let revision = rows.iter().map(|row| row.revision).max().unwrap_or(after);
    let tenants = rows
        .into_iter()
        .map(|row| {
            let id = TenantId::new(&row.slug)?;
            Ok(Tenant {
                role: id.role().into(),
                id,
                kind: row.kind.parse().map_err(kernel::Error::internal)?,
                name: row.name,
                short_name: row.short_name,
                accent: row.accent,
                hosts: row.hosts,
                schema_version: row.schema_version,
                placement: row.placement,
                state: row.state.parse().map_err(kernel::Error::internal)?,
                password_version: row.password_version,
            })
        })
        .collect::<Result<_, kernel::Error>>()?;
    Ok((revision, tenants))
}
