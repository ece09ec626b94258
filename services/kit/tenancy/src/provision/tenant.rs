//! One tenant: created, updated, suspended.

use super::{Crew, NATIONAL_GROUP, Provisioner, TENANT_GROUP, lock, registered, run};
use crate::{
    file::TenantFile,
    registry::{Tenant, TenantKind, TenantState},
    sqlstate,
};
use futures_util::{StreamExt as _, stream};
use kernel::{Error, TenantId};
use sqlx::{Connection as _, PgConnection};

impl Provisioner {
    /// Makes the registry and the tenant's schema agree with its file. May be
    /// killed at any point and run again.
    ///
    /// # Errors
    /// When the file asks for what cannot be done, or a database refuses.
    pub async fn apply(&self, file: &TenantFile) -> Result<(), Error> {
        self.apply_all(std::slice::from_ref(file), 1).await
    }

    /// The same for many, `workers` at a time.
    ///
    /// # Errors
    /// As for [`Provisioner::apply`]. Nothing is done when a file asks for what
    /// cannot be done; when a database refuses one tenant, the others are made
    /// and the first refusal is returned.
    pub async fn apply_all(&self, files: &[TenantFile], workers: usize) -> Result<(), Error> {
        let mut main = self.main().await?;
        lock(&mut main).await?;
        let tenants = registered(&mut main).await?;
        let plan = self.compare(files, &tenants)?;
        let before = |file: &TenantFile| tenants.iter().find(|tenant| tenant.id == file.slug);
        let (new, known): (Vec<_>, Vec<_>) = files
            .iter()
            .filter(|file| plan.touches(&file.slug))
            .partition(|file| before(file).is_none_or(|t| t.state == TenantState::Provisioning));
        for file in known {
            let state = before(file).map_or(TenantState::Active, |tenant| tenant.state);
            write_row(&mut main, file, state, None).await?;
        }
        // Three steps, each of which finds out what an earlier run left: the
        // row takes the slug, the schema is made, the row is opened.
        for file in &new {
            write_row(&mut main, file, TenantState::Provisioning, None).await?;
        }
        let crew = Crew::new(self);
        let mut made = std::pin::pin!(
            stream::iter(new)
                .map(async |file| (file, self.create_schema(&crew, file).await))
                .buffer_unordered(workers.max(1))
        );
        let mut refused = None;
        while let Some((file, outcome)) = made.next().await {
            let outcome = match outcome {
                Ok(version) => write_row(&mut main, file, TenantState::Active, Some(version)).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::error!(tenant = %file.slug, "cannot make {}: {error}", file.slug);
                refused.get_or_insert(error);
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// Every tenant of the registry.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list(&self) -> Result<Vec<Tenant>, Error> {
        registered(&mut self.main().await?).await
    }

    /// Suspends or resumes a tenant.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown slug, [`Error::Conflict`] when the
    /// tenant is in neither of the two states.
    pub async fn set_state(&self, id: &TenantId, to: TenantState) -> Result<(), Error> {
        let mut main = self.main().await?;
        lock(&mut main).await?;
        let tenants = registered(&mut main).await?;
        let tenant = tenants.into_iter().find(|tenant| tenant.id == *id).ok_or(Error::NotFound)?;
        if !matches!(tenant.state, TenantState::Active | TenantState::Suspended) {
            return Err(Error::Conflict(
                format!("{id} đang ở trạng thái {}", tenant.state.name()).into(),
            ));
        }
        sqlx::query!(
            "UPDATE platform.tenant
             SET state = $2, revision = nextval('platform.registry_revision'), changed_at = now()
             WHERE slug = $1 AND state <> $2",
            &**id,
            to.name()
        )
        .execute(&mut main)
        .await?;
        Ok(())
    }

    /// The schema and all that belongs to it, unless it is there. Says how far
    /// it has come.
    async fn create_schema(&self, crew: &Crew<'_>, file: &TenantFile) -> Result<i32, Error> {
        match self.try_create_schema(crew, file).await {
            // duplicate_object, unique_violation: the lock keeps other provisioners
            // out, but not what a killed one had the server begin, which may commit
            // after we looked. So we look again, once.
            Err(error) if matches!(sqlstate(&error).as_deref(), Some("42710" | "23505")) => {
                self.try_create_schema(crew, file).await
            }
            done => done,
        }
    }

    /// Role, schema, tables and ledger in one transaction.
    async fn try_create_schema(&self, crew: &Crew<'_>, file: &TenantFile) -> Result<i32, Error> {
        let mut connection = crew.take(&file.placement).await?;
        let mut tx = connection.begin().await?;
        let role = file.slug.role();
        let done = sqlx::query!(
            r#"SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS "made!",
                      (SELECT coalesce(max(version), 0) FROM platform.tenant_migration
                       WHERE tenant = $2 AND state = 'applied') AS "version!""#,
            role,
            &*file.slug
        )
        .fetch_one(&mut *tx)
        .await?;
        if done.made {
            return Ok(done.version);
        }
        let password = self.key.role_password(&role, 1);
        let group = if file.kind == TenantKind::National {
            format!("{TENANT_GROUP}, {NATIONAL_GROUP}")
        } else {
            TENANT_GROUP.into()
        };
        // The limits are a last line: the server's own deadlines are shorter.
        let mut sql = format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{password}' CONNECTION LIMIT 50;
             GRANT {group} TO {role};
             ALTER ROLE {role} SET search_path = {role}, ext;
             ALTER ROLE {role} SET statement_timeout = '30s';
             ALTER ROLE {role} SET lock_timeout = '5s';
             ALTER ROLE {role} SET idle_in_transaction_session_timeout = '30s';
             ALTER ROLE {role} SET transaction_timeout = '120s';
             CREATE SCHEMA {role} AUTHORIZATION {role};
             SET LOCAL ROLE {role};
             SET LOCAL search_path = {role}, ext;"
        );
        for text in self.schema.texts() {
            sql += text;
            sql += "\n;";
        }
        sql += "RESET ROLE;";
        run(&mut tx, sql).await?;
        let (versions, checksums): (Vec<i32>, Vec<String>) =
            self.schema.migrations().iter().map(|m| (m.version, m.checksum.clone())).unzip();
        sqlx::query!(
            "INSERT INTO platform.tenant_migration (tenant, version, checksum, state)
             SELECT $1, version, checksum, 'applied'
             FROM unnest($2::int[], $3::text[]) AS m (version, checksum)",
            &*file.slug,
            &versions,
            &checksums
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        crew.put_back(&file.placement, connection);
        Ok(self.schema.version())
    }
}

/// `version` is left as it is when it is not known.
async fn write_row(
    connection: &mut PgConnection,
    file: &TenantFile,
    state: TenantState,
    version: Option<i32>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO platform.tenant
             (slug, kind, name, short_name, accent, hosts, placement, state, schema_version, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, 0), nextval('platform.registry_revision'))
         ON CONFLICT (slug) DO UPDATE SET
             name = excluded.name, short_name = excluded.short_name, accent = excluded.accent,
             hosts = excluded.hosts, state = excluded.state, revision = excluded.revision,
             schema_version = coalesce($9, tenant.schema_version), changed_at = now()",
        &*file.slug,
        file.kind.name(),
        file.name,
        file.short_name,
        file.accent,
        &file.hosts,
        file.placement,
        state.name(),
        version,
    )
    .execute(connection)
    .await?;
    Ok(())
}
