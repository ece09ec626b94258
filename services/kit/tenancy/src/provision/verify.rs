//! Whether a tenant is as it should be.

use super::{Provisioner, SLOW};
use crate::registry::{Tenant, TenantKind};
use kernel::{Error, TenantId};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};
use std::io;
use tokio::time::timeout;

/// Something about a tenant that is not as it should be.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Which tenant.
    pub tenant: TenantId,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl Provisioner {
    /// Looks whether a tenant's role, schema, rights and migrations are as they
    /// should be.
    ///
    /// # Errors
    /// When a database is away.
    pub async fn verify(&self, tenant: &Tenant) -> Result<Vec<Finding>, Error> {
        let mut found = Vec::new();
        let mut note = |problem: String| found.push(Finding { tenant: tenant.id.clone(), problem });
        let Some(placement) = self.placements.get(&tenant.placement) else {
            note(format!("máy chủ dữ liệu «{}» không có trong cấu hình", tenant.placement));
            return Ok(found);
        };
        let role = &*tenant.role;
        let password = self.key.role_password(role, tenant.password_version);
        let options = placement.options(role, &password);
        let login = timeout(SLOW, PgConnection::connect_with(&options)).await;
        let late = |_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
        let mut own = match login.unwrap_or_else(late) {
            Ok(connection) => connection,
            Err(error) => {
                note(format!(
                    "không đăng nhập được bằng vai trò {role}: {error}; chạy lại tenant apply"
                ));
                return Ok(found);
            }
        };
        let path = sqlx::query_scalar!(r#"SELECT current_setting('search_path') AS "path!""#)
            .fetch_one(&mut own)
            .await?;
        if path != format!("{role}, ext") {
            note(format!("search_path của {role} là «{path}»; chạy lại tenant apply"));
        }
        let reach = sqlx::query_scalar!(
            r#"SELECT n.nspname || '.' || c.relname AS "name!"
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p', 'v', 'm')
                 AND n.nspname NOT IN ('pg_catalog', 'information_schema', current_user)
                 AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
                 AND NOT (n.nspname = 'platform' AND (c.relname = 'document_kind' OR ($1 AND c.relname = 'adoption_rollup')))
               ORDER BY 1 LIMIT 5"#,
            tenant.kind == TenantKind::National
        )
        .fetch_all(&mut own)
        .await?;
        if !reach.is_empty() {
            note(format!("{role} đọc được bảng ngoài phạm vi: {}", reach.join(", ")));
        }
        let mut connection = self.connect(&tenant.placement).await?;
        let ledger = sqlx::query!(
            "SELECT version, checksum, state, error FROM platform.tenant_migration WHERE tenant = $1",
            &*tenant.id
        )
        .fetch_all(&mut connection)
        .await?;
        for migration in self.schema.migrations() {
            match ledger.iter().find(|row| row.version == migration.version) {
                None => note(format!("chưa có migration {}; chạy sotay migrate", migration.name)),
                Some(row) if row.state == "failed" => {
                    note(format!(
                        "migration {} hỏng: {}",
                        migration.name,
                        row.error.as_deref().unwrap_or("không rõ")
                    ));
                }
                Some(row) if row.checksum != migration.checksum => {
                    note(format!("migration {} đã chạy với nội dung khác", migration.name));
                }
                Some(_) => {}
            }
        }
        Ok(found)
    }
}
