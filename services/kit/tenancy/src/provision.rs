//! Creating tenants and migrating them: the work of the operator's command
//! line, with credentials that a running server does not hold.
//!
//! The provisioner is a role that may create roles and owns the database, not
//! a superuser. Statements that make a tenant's tables run under
//! `SET LOCAL ROLE` to the tenant inside the provisioner's own transaction, so
//! that the tables belong to the tenant and the ledger row commits with them;
//! a running server never switches roles.

mod crew;
mod fleet;
mod plan;
mod tenant;
mod verify;

use crew::Crew;
pub use fleet::{Failure, FleetReport, Progress};
pub use plan::{Change, Plan};
pub use verify::Finding;

use crate::{
    config::{DatabaseConfig, MAIN, PlacementConfig},
    key::MasterKey,
    migrations::{self, Schema},
    registry::{self, Tenant},
    sqlstate,
    tenants::PLATFORM_ROLE,
};
use kernel::Error;
use sqlx::{Connection as _, PgConnection};
use std::{collections::BTreeMap, time::Duration};
use tokio::{sync::watch, time::timeout};

/// The group of all tenants: reads reference data.
const TENANT_GROUP: &str = "sotay_tenant";
/// The group of national tenants: reads the signed aggregates as well.
const NATIONAL_GROUP: &str = "sotay_national";
/// Any number, the same in every process: one provisioner works at a time.
const LOCK: i64 = 0x0050_7461_7900;

/// How long a server may take to let the provisioner in.
const SLOW: Duration = Duration::from_secs(10);

/// Creates and migrates. Connects for each piece of work.
#[derive(Clone)]
pub struct Provisioner {
    placements: BTreeMap<String, PlacementConfig>,
    role: String,
    password: String,
    key: MasterKey,
    schema: Schema,
    progress: watch::Sender<Progress>,
}

impl Provisioner {
    /// A provisioner that logs in with the given role on every placement.
    #[must_use]
    pub fn new(config: &DatabaseConfig, role: &str, password: &str, key: MasterKey) -> Self {
        Self {
            placements: config.placements.clone(),
            role: role.into(),
            password: password.into(),
            key,
            schema: Schema::default(),
            progress: watch::Sender::default(),
        }
    }

    /// One that makes tenants as another release has them.
    #[must_use]
    pub fn with_schema(self, schema: Schema) -> Self {
        Self { schema, ..self }
    }

    /// How far the fleet migration is that this provisioner, or a clone of it,
    /// is at.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Brings the platform's schema of every placement up to date: roles,
    /// schemas, extensions, migrations. Does nothing when there is nothing to do.
    /// A placement that is away is passed over: its tenants are told of by
    /// whoever looks at them next.
    ///
    /// # Errors
    /// When the main placement is away, or any refuses.
    pub async fn migrate_platform(&self) -> Result<usize, Error> {
        let mut applied = 0;
        for (placement, config) in &self.placements {
            match self.migrate_placement(placement, &config.database).await {
                Ok(count) => applied += count,
                Err(error @ Error::Unavailable(_)) if placement != MAIN => {
                    tracing::warn!(%placement, "the platform's schema is not looked at: {error}");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(applied)
    }

    async fn migrate_placement(&self, placement: &str, database: &str) -> Result<usize, Error> {
        let mut connection = self.connect(placement).await?;
        lock(&mut connection).await?;
        // Roles are the server's, not the database's: another installation on
        // it may be at the same step, and one of the two is refused.
        let mut tries = 0;
        while let Err(error) = self.bootstrap(&mut connection, database).await {
            tries += 1;
            if tries == 3 {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(100 * tries)).await;
        }
        migrate_platform(&mut connection).await
    }

    async fn connect(&self, placement: &str) -> Result<PgConnection, Error> {
        let config = self.placements.get(placement).ok_or_else(|| {
            Error::BadRequest(
                format!("không có máy chủ dữ liệu «{placement}» trong cấu hình").into(),
            )
        })?;
        let refused = |why: String| {
            let role = &self.role;
            Error::Unavailable(
                format!(
                    "không nối được máy chủ dữ liệu «{placement}» bằng tài khoản {role}: {why}"
                )
                .into(),
            )
        };
        let options = config.options(&self.role, &self.password);
        let mut connection = timeout(SLOW, PgConnection::connect_with(&options))
            .await
            .map_err(|_| refused("không trả lời".into()))?
            .map_err(|e| refused(e.to_string()))?;
        // Roles that the provisioner creates are its own to hand on and to act as.
        sqlx::raw_sql("SET createrole_self_grant = 'set, inherit'")
            .execute(&mut connection)
            .await?;
        Ok(connection)
    }

    async fn main(&self) -> Result<PgConnection, Error> {
        self.connect(MAIN).await
    }

    async fn bootstrap(&self, connection: &mut PgConnection, database: &str) -> Result<(), Error> {
        let ready = sqlx::query_scalar!(
            r#"SELECT to_regclass('platform.schema_migration') IS NOT NULL AS "ready!""#
        )
        .fetch_one(&mut *connection)
        .await?;
        if ready {
            return Ok(());
        }
        let mut tx = connection.begin().await?;
        for (role, login) in [(PLATFORM_ROLE, true), (TENANT_GROUP, false), (NATIONAL_GROUP, false)]
        {
            let known = sqlx::query_scalar!(
                r#"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "known!""#,
                role
            )
            .fetch_one(&mut *tx)
            .await?;
            let right = if login {
                format!("LOGIN PASSWORD '{}'", self.key.role_password(role, 1))
            } else {
                "NOLOGIN".into()
            };
            let verb = if known { "ALTER" } else { "CREATE" };
            run(&mut tx, format!("{verb} ROLE {role} {right}")).await?;
        }
        run(
            &mut tx,
            format!(
                r#"REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
                   GRANT CONNECT ON DATABASE "{database}" TO {PLATFORM_ROLE}, {TENANT_GROUP};
                   REVOKE ALL ON SCHEMA public FROM PUBLIC;
                   CREATE SCHEMA ext;
                   GRANT USAGE ON SCHEMA ext TO {TENANT_GROUP};
                   CREATE EXTENSION pg_trgm SCHEMA ext;
                   CREATE SCHEMA platform AUTHORIZATION {PLATFORM_ROLE};
                   SET LOCAL ROLE {PLATFORM_ROLE};
                   GRANT USAGE ON SCHEMA platform TO {TENANT_GROUP};
                   CREATE TABLE platform.schema_migration (
                       version integer PRIMARY KEY,
                       checksum text NOT NULL,
                       at timestamptz NOT NULL DEFAULT now());"#
            ),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn migrate_platform(connection: &mut PgConnection) -> Result<usize, Error> {
    let done =
        sqlx::query!("SELECT version, checksum FROM platform.schema_migration ORDER BY version")
            .fetch_all(&mut *connection)
            .await?;
    let mut applied = 0;
    for migration in migrations::platform() {
        if let Some(row) = done.iter().find(|row| row.version == migration.version) {
            if row.checksum != migration.checksum {
                return Err(changed_afterwards(&migration.name));
            }
            continue;
        }
        let mut tx = connection.begin().await?;
        run(&mut tx, format!("SET LOCAL ROLE {PLATFORM_ROLE}")).await?;
        run(&mut tx, migration.sql.into_owned()).await?;
        sqlx::query!(
            "INSERT INTO platform.schema_migration (version, checksum) VALUES ($1, $2)",
            migration.version,
            migration.checksum
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        applied += 1;
    }
    Ok(applied)
}

/// Every tenant of the registry, if there is one already.
async fn registered(main: &mut PgConnection) -> Result<Vec<Tenant>, Error> {
    match registry::load(main, 0).await {
        Ok((_, tenants)) => Ok(tenants),
        // undefined_table: nobody has prepared the database yet.
        Err(error) if sqlstate(&error).as_deref() == Some("42P01") => Err(Error::Conflict(
            "Cơ sở dữ liệu chưa có danh bạ đơn vị; hãy chạy trước: sotay migrate".into(),
        )),
        Err(error) => Err(error),
    }
}

fn changed_afterwards(name: &str) -> Error {
    Error::Conflict(format!("migration {name} đã chạy nhưng nội dung tệp đã khác; viết thay đổi thành một migration mới").into())
}

/// Runs SQL text that holds nothing but constants, validated slugs and derived
/// passwords.
async fn run(connection: &mut PgConnection, sql: String) -> Result<(), Error> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Held until the connection closes. Tried in a loop rather than waited for:
/// a session that waits inside a statement holds a snapshot, and that blocks
/// `CREATE INDEX CONCURRENTLY` elsewhere.
async fn lock(connection: &mut PgConnection) -> Result<(), Error> {
    for _ in 0..600 {
        let mine = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "mine!""#, LOCK)
            .fetch_one(&mut *connection)
            .await?;
        if mine {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(Error::Conflict(
        "một lệnh khác đang tạo hoặc nâng cấp các đơn vị; hãy đợi lệnh đó xong".into(),
    ))
}
