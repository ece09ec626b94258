//! `sotay demo load quang-ngai-2024`: the reference table as it came to be. A
//! roster of that size is imported and members activate on their dates; the
//! figures are then whatever the report makes of them.

use super::{
    SEED, load,
    people::People,
    quang_ngai_2024::{AS_OF, COMMITTEES, Committee, STARTED_ON},
};
use crate::{Fault, Platform, demo::PASSWORD, onboarding};
use adoption::{NewExclusion, Reason};
use directory::organisation::{Kind, Planned};
use kernel::{OrganisationId, viet};
use std::collections::HashMap;
use tenancy::{
    Provisioner, TenantDb, TenantFile, TenantKind,
    file::{Admin, Root},
};
use time::{Date, Duration};
use tokio::task::JoinSet;

/// The slug of the scenario's tenant.
pub const SLUG: &str = "quang-ngai-2024";
/// Among the generator's tenants.
const NUMBER: u8 = 90;
/// Branches that activate at the same time.
const AT_ONCE: usize = 6;

/// Makes the tenant and fills it. Says how far it is through `step`.
///
/// # Errors
/// When a database is away or an operation refuses.
pub async fn load(
    provisioner: &Provisioner,
    platform: &Platform,
    mut step: impl FnMut(&str),
) -> Result<(), Fault> {
    let file = file()?;
    step("tạo đơn vị");
    onboarding::apply(provisioner, platform, &file).await?;
    let db = platform.app.tenants.db(&file.slug)?;
    step("lập 17 đảng bộ và các chi bộ");
    let units = load::found(platform, &db, tree(&file)?).await?;
    step("nhập danh sách đảng viên");
    let mut generator = People::for_tenant(SEED, NUMBER)
        .ok_or_else(|| Fault::new("bộ sinh người giả định hết số"))?
        .as_of(STARTED_ON);
    let people = branches()
        .flat_map(|(_, code, size)| (0..size).map(move |_| code.clone()))
        .map_while(|code| {
            let mut person = generator.next()?;
            // Everybody of the table is on the roll.
            person.status = super::people::Status::Active;
            Some((code, person))
        });
    load::import(platform, &db, STARTED_ON, people).await?;
    step("kích hoạt tài khoản theo ngày");
    activate(platform, &db, &units).await?;
    step("ghi các đảng bộ được loại trừ");
    exclude(platform, &db, &units).await?;
    step("tổng hợp số liệu");
    platform.relay.fold(&file.slug).await?;
    Ok(())
}

fn file() -> Result<TenantFile, Fault> {
    Ok(TenantFile {
        slug: SLUG.parse().map_err(|e: kernel::InvalidTenantId| Fault::new(e.to_string()))?,
        kind: TenantKind::Province,
        name: "Đảng bộ tỉnh Quảng Ngãi (tháng 3-2024)".into(),
        short_name: "Quảng Ngãi 2024".into(),
        accent: "#0b5d8a".into(),
        placement: "main".into(),
        hosts: Vec::new(),
        root: Root { code: "51-2024".into(), founded_on: "2020-01-01".into() },
        admin: Admin {
            full_name: "Nguyễn Hữu Phước".into(),
            phone: "0938000051".into(),
            file_number: "QT-51-2024".into(),
        },
    })
}

/// Every branch: its committee, its code, its size.
fn branches() -> impl Iterator<Item = (&'static Committee, String, u32)> {
    COMMITTEES.iter().flat_map(|committee| {
        committee.branch_sizes().zip(1..).map(move |(size, number)| {
            (committee, format!("{}-cb-{number:03}", committee.slug), size)
        })
    })
}

/// The committees, then their branches.
fn tree(file: &TenantFile) -> Result<Vec<Planned>, Fault> {
    let on = viet::parse_date(&file.root.founded_on).map_err(|e| Fault::new(e.to_string()))?;
    let committees = COMMITTEES.iter().map(|committee| Planned {
        code: committee.slug.into(),
        kind: Kind::AboveGrassRoots,
        name: committee.name.into(),
        parent: file.root.code.clone(),
        on,
    });
    let branches = branches().map(|(committee, code, _)| Planned {
        name: format!(
            "Chi bộ số {} – {}",
            code.rsplit('-').next().unwrap_or_default(),
            committee.short_name
        ),
        code,
        kind: Kind::Branch,
        parent: committee.slug.into(),
        on,
    });
    Ok(committees.chain(branches).collect())
}

async fn activate(
    platform: &Platform,
    db: &TenantDb,
    units: &HashMap<String, OrganisationId>,
) -> Result<(), Fault> {
    let password = platform.passwords.hash(PASSWORD).await?;
    let mut work = JoinSet::new();
    let mut before: HashMap<&str, u32> = HashMap::new();
    let platform = std::sync::Arc::new(platform.clone());
    for (committee, code, size) in branches() {
        let first = before.entry(committee.slug).or_default();
        let days: Vec<Date> =
            (*first..*first + size).map_while(|index| committee.activated_on(index)).collect();
        *first += size;
        if days.is_empty() {
            continue;
        }
        if work.len() >= AT_ONCE {
            finished(work.join_next().await)?;
        }
        let (platform, db, branch, password) =
            (platform.clone(), db.clone(), units[&code], password.clone());
        work.spawn(async move {
            let members = load::members(&db, branch).await?;
            let starters: Vec<_> = members.iter().map(|member| member.id).zip(days).collect();
            load::activate(&platform, &db, branch, STARTED_ON, &starters, &password).await
        });
    }
    while let Some(done) = work.join_next().await {
        finished(Some(done))?;
    }
    Ok(())
}

fn finished(done: Option<Result<Result<(), Fault>, tokio::task::JoinError>>) -> Result<(), Fault> {
    match done {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(Fault::new(error.to_string())),
        None => Ok(()),
    }
}

async fn exclude(
    platform: &Platform,
    db: &TenantDb,
    units: &HashMap<String, OrganisationId>,
) -> Result<(), Fault> {
    let mut conn = db.conn().await?;
    let root = adoption::root(&mut conn, AS_OF).await?;
    let excluded = adoption::report(&mut conn, root, AS_OF)
        .await?
        .units
        .iter()
        .filter(|unit| unit.excluded.is_some())
        .count();
    drop(conn);
    if excluded > 0 {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    for committee in COMMITTEES.iter().filter(|committee| committee.armed_forces) {
        let exclusion = NewExclusion {
            organisation: units[committee.slug],
            reason: Reason::ArmedForces,
            note: String::new(),
            excluded_from: STARTED_ON,
            excluded_to: None,
            approved_by: "Ban Thường vụ Tỉnh ủy (số liệu giả định)".into(),
        };
        let world = platform.app.world.at(load::noon(STARTED_ON) + Duration::hours(1));
        adoption::exclude_in(&mut tx, &world, None, exclusion).await?;
    }
    tx.commit().await?;
    Ok(())
}
