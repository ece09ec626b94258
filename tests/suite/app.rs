//! The platform in process, with two provinces and the national committee, a
//! few units and people in each. All of it is made by the operations themselves,
//! once, and copied for every scenario.

use crate::{apart, browser::Browser};
use directory::{
    account::{PasswordHash, activate, invite},
    organisation::{self, Founding, Kind},
    people::{self, NewMember, Record},
};
use gateway::{Door, Limits, Places, Proxies};
use kernel::{MemberId, OrganisationId, Role, TenantId, World};
use sotay::{Part, Parts, Platform, onboarding};
use std::collections::HashMap;
use tenancy::{TenantDb, TenantFile};
use testkit::{Cluster, TestDatabase};
use time::{
    Duration, OffsetDateTime,
    macros::{date, datetime},
};
use tokio::sync::OnceCell;

/// Everybody's password.
pub const PASSWORD: &str = "sen nở đầu mùa";
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

/// Who there is in each province: login, role, unit code.
/// `xa-1` has the branches `cb-1` and `cb-2`, `xa-2` has `cb-3`.
pub const PEOPLE: [(&str, &str, Option<Role>, &str); 9] = [
    ("secretary", "0971000001", Some(Role::Secretary), "cb-1"),
    ("member", "0971000002", None, "cb-1"),
    ("neighbour", "0971000003", None, "cb-2"),
    ("committee", "0971000004", Some(Role::Committee), "xa-1"),
    ("editor", "0971000005", Some(Role::Editor), "goc"),
    ("auditor", "0971000006", Some(Role::Auditor), "goc"),
    ("secretary-2", "0971000007", Some(Role::Secretary), "cb-2"),
    ("far", "0971000008", None, "cb-3"),
    ("probationer", "0971000009", None, "cb-1"),
];

/// The administrator's and the reviewer's logins.
pub const ADMIN: &str = "0938000001";

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

pub fn login(who: &str) -> &'static str {
    if who == "admin" {
        return ADMIN;
    }
    if who == "reviewer" {
        return "0972000001";
    }
    PEOPLE.iter().find(|(name, ..)| *name == who).unwrap().1
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

/// A tenant file as an operator would write it.
pub fn tenant_file(slug: &str, kind: &str) -> TenantFile {
    serde_json::from_value(serde_json::json!({
        "slug": slug, "kind": kind, "name": format!("Đảng bộ {slug}"), "short_name": slug,
        "accent": "#a3211b",
        "root": {"code": "goc", "founded_on": "2023-08-01"},
        "admin": {"full_name": "Lê Thị Quản Trị", "phone": ADMIN, "file_number": "QT-1"},
    }))
    .unwrap()
}

pub async fn fill(database: &TestDatabase) {
    fill_with(
        database,
        [
            ("thanh-hoa", "province", "main"),
            ("ha-noi", "province", "main"),
            ("toan-quoc", "national", "main"),
        ],
    )
    .await;
}

/// Fills a database with tenants, each on its placement, and everybody in them.
/// Roles are the server's, so slugs are of one test.
pub async fn fill_with(database: &TestDatabase, tenants: [(&str, &str, &str); 3]) {
    let provisioner = database.provisioner();
    provisioner.migrate_platform().await.unwrap();
    let world = World::fixed(START - Duration::days(60), 2);
    let platform = platform(database, world.clone()).await;
    let password = platform.passwords.hash(PASSWORD).await.unwrap();
    for (slug, kind, placement) in tenants {
        let mut file = tenant_file(slug, kind);
        file.placement = placement.into();
        let onboarded = onboarding::apply(&provisioner, &platform, &file).await.unwrap();
        let db = platform.app.tenants.db(&TenantId::new(slug).unwrap()).unwrap();
        let mut tx = db.begin().await.unwrap();
        let key = platform.app.tenants.key();
        activate::redeem_in(&mut tx, &world, key, onboarded.code.as_ref().unwrap(), &password)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        if kind == "national" {
            add(
                &platform,
                &world,
                slug,
                "reviewer",
                "0972000001",
                Some(Role::Reviewer),
                onboarded.root,
                &password,
            )
            .await;
            continue;
        }
        let units = units(&platform, &world, slug, onboarded.root).await;
        for (who, phone, role, unit) in PEOPLE {
            add(&platform, &world, slug, who, phone, role, units[unit], &password).await;
        }
        platform.relay.fold(&TenantId::new(slug).unwrap()).await.unwrap();
    }
    platform.app.tenants.close().await;
}

async fn units(
    platform: &Platform,
    world: &World,
    slug: &str,
    root: OrganisationId,
) -> HashMap<&'static str, OrganisationId> {
    let db = platform.app.tenants.db(&TenantId::new(slug).unwrap()).unwrap();
    let mut units = HashMap::from([("goc", root)]);
    for (code, kind, name, parent) in [
        ("xa-1", Kind::GrassRoots, "Đảng bộ xã Một", "goc"),
        ("xa-2", Kind::GrassRoots, "Đảng bộ xã Hai", "goc"),
        ("cb-1", Kind::Branch, "Chi bộ thôn Đông", "xa-1"),
        ("cb-2", Kind::Branch, "Chi bộ thôn Tây", "xa-1"),
        ("cb-3", Kind::Branch, "Chi bộ thôn Nam", "xa-2"),
    ] {
        let mut tx = db.begin().await.unwrap();
        let founding = Founding {
            code: code.into(),
            kind,
            name: name.into(),
            parent: Some(units[parent]),
            on: date!(2023 - 08 - 01),
        };
        let id = organisation::found_in(&mut tx, world, None, founding).await.unwrap();
        tx.commit().await.unwrap();
        units.insert(code, id);
    }
    units
}

/// A member who has signed up.
#[expect(clippy::too_many_arguments, reason = "a fixture says all it needs in one line")]
pub async fn add(
    platform: &Platform,
    world: &World,
    slug: &str,
    who: &str,
    phone: &str,
    role: Option<Role>,
    unit: OrganisationId,
    password: &PasswordHash,
) {
    let db = platform.app.tenants.db(&TenantId::new(slug).unwrap()).unwrap();
    let mut tx = db.begin().await.unwrap();
    let member = people::add_in(&mut tx, world, None, new_member(who, phone, unit)).await.unwrap();
    if let Some(role) = role {
        people::grant_in(&mut tx, world, None, member, unit, role).await.unwrap();
    }
    let key = platform.app.tenants.key();
    let expires = world.now() + Duration::days(1);
    let codes =
        invite::invite_in(&mut tx, world, key, None, Some(unit), &[member], expires).await.unwrap();
    activate::redeem_in(&mut tx, world, key, &codes[0].code, password).await.unwrap();
    tx.commit().await.unwrap();
}

/// A member who is nobody in particular.
pub fn new_member(who: &str, phone: &str, unit: OrganisationId) -> NewMember {
    let record = Record {
        full_name: format!("Người {who}"),
        birth_date: Some(date!(1970 - 05 - 19)),
        sex: None,
        admitted_on: Some(date!(2000 - 02 - 03)),
        official_on: (who != "probationer").then_some(date!(2001 - 02 - 03)),
        card_number: None,
        file_number: Some(format!("SL-{phone}")),
        phone: Some(phone.into()),
        standing: if who == "probationer" { "probationary" } else { "official" }.into(),
        status: "active".into(),
        has_smartphone: true,
    };
    NewMember { organisation: unit, record }
}
