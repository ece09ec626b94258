//! Two provinces and the national committee, a few units and people in each. All
//! of it is made by the operations themselves, once, and copied for every scenario.

use super::{START, platform};
use directory::{
    account::{PasswordHash, activate, invite},
    organisation::{self, Founding, Kind},
    people::{self, NewMember, Record},
};
use kernel::{OrganisationId, Role, TenantId, World};
use sotay::{Platform, onboarding};
use std::collections::HashMap;
use tenancy::TenantFile;
use testkit::TestDatabase;
use time::{Duration, macros::date};

/// Everybody's password.
pub const PASSWORD: &str = "sen nở đầu mùa";
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

pub fn login(who: &str) -> &'static str {
    if who == "admin" {
        return ADMIN;
    }
    if who == "reviewer" {
        return "0972000001";
    }
    PEOPLE.iter().find(|(name, ..)| *name == who).unwrap().1
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
