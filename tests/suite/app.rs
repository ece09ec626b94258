//! The platform in process, on a copy of the [`fixture`].

mod fixture;

pub use fixture::*;

use crate::{apart, browser::Browser};
use directory::people;
use gateway::{Door, Limits, Places, Proxies};
use kernel::{MemberId, OrganisationId, TenantId, World};
use sotay::{Part, Parts, Platform};
use tenancy::TenantDb;
use testkit::{Cluster, TestDatabase};
use time::{OffsetDateTime, macros::datetime};
use tokio::sync::OnceCell;

/// When every scenario begins: the evening of a third of the month in Vietnam.
pub const START: OffsetDateTime = datetime!(2026-11-03 11:00 UTC);

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

/// The servers of the run.
pub async fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(Cluster::start).await
}

/// A platform of one scenario.
pub struct TestApp {
    pub platform: Platform,
    pub database: TestDatabase,
    pub world: World,
    _services: Option<apart::Services>,
}

impl TestApp {
    pub async fn new() -> Self {
        let database = cluster().await.copy(fill).await;
        Self::on(database).await
    }

    /// With each service behind a socket of its own, whatever the run.
    pub async fn apart() -> (Self, apart::Services) {
        let database = cluster().await.copy(fill).await;
        let world = World::fixed(START, 1);
        let services = apart::Services::start(&database, &world).await;
        let platform = services.platform(Part::Gateway).await;
        (Self { platform, database, world, _services: None }, services)
    }

    pub async fn on(database: TestDatabase) -> Self {
        let world = World::fixed(START, 1);
        let (platform, services) = if apart::wanted() {
            let services = apart::Services::start(&database, &world).await;
            (services.platform(Part::Gateway).await, Some(services))
        } else {
            (platform(&database, world.clone()).await, None)
        };
        Self { platform, database, world, _services: services }
    }

    /// A browser on a tenant's site, with nobody signed in.
    pub fn visitor(&self, tenant: &str) -> Browser {
        Browser::new(self.platform.door.clone(), tenant)
    }

    /// A browser in which somebody of [`PEOPLE`], `admin` or `reviewer` is signed in.
    pub async fn browser(&self, tenant: &str, who: &str) -> Browser {
        let mut browser = self.visitor(tenant);
        browser.get("/sign-in").await;
        let answer =
            browser.post("/session", &[("login", login(who)), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{who} signs in: {}", answer.body);
        browser
    }

    /// A program with somebody's bearer token.
    pub async fn program(&self, tenant: &str, who: &str) -> Browser {
        let mut program = self.visitor(tenant);
        let answer = program
            .post_json(
                "/api/v1/session",
                &serde_json::json!({"login": login(who), "password": PASSWORD}),
            )
            .await;
        assert_eq!(answer.status, 201, "{who} signs in: {}", answer.body);
        program.bearer = Some(answer.json()["token"].as_str().unwrap().to_owned());
        program
    }

    /// Runs statements as the tenant's own role.
    pub async fn execute(&self, tenant: &str, sql: &str) {
        let mut conn = self.db(tenant).conn().await.unwrap();
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        sql.execute(&mut *conn).await.unwrap();
    }

    /// A tenant's database, as the tenant's own role.
    pub fn db(&self, tenant: &str) -> TenantDb {
        self.platform.app.tenants.db(&TenantId::new(tenant).unwrap()).unwrap()
    }

    /// The one number that a query answers.
    pub async fn count(&self, tenant: &str, sql: &str) -> i64 {
        let mut conn = self.db(tenant).conn().await.unwrap();
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *conn).await.unwrap()
    }

    /// Another member of a unit, without an account.
    pub async fn newcomer(&self, tenant: &str, unit: &str, phone: &str) -> MemberId {
        let new = new_member("newcomer", phone, self.unit(tenant, unit).await);
        let mut tx = self.db(tenant).begin().await.unwrap();
        let member = people::add_in(&mut tx, &self.world, None, new).await.unwrap();
        tx.commit().await.unwrap();
        member
    }

    /// A unit's identifier by its code.
    pub async fn unit(&self, tenant: &str, code: &str) -> OrganisationId {
        let mut conn = self.db(tenant).conn().await.unwrap();
        sqlx::query_scalar::<_, uuid::Uuid>("SELECT id FROM organisation WHERE code = $1")
            .bind(code)
            .fetch_one(&mut *conn)
            .await
            .unwrap()
            .into()
    }

    /// A member's identifier.
    pub async fn member(&self, tenant: &str, who: &str) -> MemberId {
        let mut conn = self.db(tenant).conn().await.unwrap();
        sqlx::query_scalar::<_, uuid::Uuid>("SELECT id FROM member WHERE phone = $1")
            .bind(login(who))
            .fetch_one(&mut *conn)
            .await
            .unwrap()
            .into()
    }

    /// Everything that waits is folded.
    pub async fn fold(&self, tenant: &str) {
        self.platform.relay.fold(&TenantId::new(tenant).unwrap()).await.unwrap();
    }
}

/// The same door, at which nobody is stopped for asking often, or because the
/// machine has few cores and what is under way takes long just now.
pub fn unhurried(door: &Door) -> Door {
    let work = Places { total: 48, per_tenant: 12 };
    let limits = Limits { work, ..Limits::default().unreachable_rates() };
    door.clone().limited(&limits, Proxies::default())
}

/// The present, for certificates, which their readers hold against the clock.
pub fn now() -> OffsetDateTime {
    World::system().now()
}

pub async fn platform(database: &TestDatabase, world: World) -> Platform {
    Platform::assemble(
        &database.config,
        database.key.clone(),
        database.blob.clone(),
        world,
        vec!["localhost".into()],
        &Parts::all(),
    )
    .await
    .unwrap()
}
