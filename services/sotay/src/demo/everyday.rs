//! The tenants of `make run`: four provinces and a bloc with their units, the
//! national committee; a roster, accounts, documents, meetings in each.

mod documents;

use super::{
    DemoAccount, DemoTenant, PASSWORD, SEED,
    load::{self, Member, noon},
    people::People,
    units,
};
use crate::{Fault, Platform, onboarding::Onboarded};
use ::meetings::{NewMeeting, meeting, roll::Via};
use adoption::{NewExclusion, Reason};
use directory::{
    account::{PasswordHash, activate, invite},
    organisation::{Kind, Planned},
    people,
};
use kernel::{AccountId, MemberId, OrganisationId, Role, viet};
use std::collections::HashMap;
use tenancy::{TenantDb, TenantFile, TenantKind};
use time::{Date, Duration};

/// Members of a branch in the demo.
const BRANCH: usize = 9;

/// A unit with its one branch.
struct UnitPlan {
    code: String,
    name: String,
    branch: String,
    branch_name: &'static str,
    /// How many of a hundred have activated.
    share: usize,
    armed_forces: bool,
}

/// Fills a tenant that is onboarded. May be interrupted and run again.
///
/// # Errors
/// When a database is away or an operation refuses.
pub async fn load(
    platform: &Platform,
    file: &TenantFile,
    onboarded: &Onboarded,
    number: u8,
    url: impl Fn(&str) -> String,
) -> Result<DemoTenant, Fault> {
    let db = platform.app.tenants.db(&file.slug)?;
    let password = platform.passwords.hash(PASSWORD).await?;
    let mut accounts = Vec::new();
    let admin = account(platform, &db, onboarded.admin, onboarded.root, &password).await?;
    note(&mut accounts, Role::TenantAdmin, &file.admin.phone);
    if file.kind == TenantKind::National {
        let phone = "0938000060";
        let reviewer = reviewer(platform, &db, onboarded.root, phone).await?;
        account(platform, &db, reviewer, onboarded.root, &password).await?;
        note(&mut accounts, Role::Reviewer, phone);
    } else {
        let plans = plans(file);
        let units = load::found(platform, &db, tree(file, &plans)?).await?;
        roster(platform, &db, number, &plans).await?;
        activations(platform, &db, &plans, &units, &password).await?;
        let branch = units[&plans[0].branch];
        let members = load::members(&db, branch).await?;
        let roles = [
            (Some(Role::Secretary), branch),
            (None, branch),
            (Some(Role::Committee), units[&plans[0].code]),
            (Some(Role::Editor), onboarded.root),
            (Some(Role::Auditor), onboarded.root),
        ];
        let mut ids = Vec::new();
        for ((role, unit), member) in roles.into_iter().zip(&members) {
            if let Some(role) = role {
                let mut tx = db.begin().await?;
                people::grant_in(&mut tx, &platform.app.world, Some(admin), member.id, unit, role)
                    .await?;
                tx.commit().await?;
            }
            ids.push(account(platform, &db, member.id, branch, &password).await?);
            note(&mut accounts, role.unwrap_or(Role::Member), &member.phone);
        }
        exclusions(platform, &db, &plans, &units).await?;
        documents::publish(platform, &db, onboarded.root, ids[3], branch, &members, &ids).await?;
        meetings(platform, &db, branch, ids[0], &members).await?;
    }
    platform.relay.fold(&file.slug).await?;
    let url = url(&file.slug);
    let host = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split([':', '/']).next())
        .unwrap_or_default()
        .to_owned();
    Ok(DemoTenant { slug: file.slug.to_string(), host, url, accounts })
}

fn note(accounts: &mut Vec<DemoAccount>, role: Role, login: &str) {
    accounts.push(DemoAccount {
        role: role.name().into(),
        login: login.into(),
        password: PASSWORD.into(),
    });
}

fn plans(file: &TenantFile) -> Vec<UnitPlan> {
    let share = |index: usize| 72 + index * 37 % 29;
    let mut plans: Vec<UnitPlan> = if *file.slug == *units::CENTRAL_AGENCIES_SLUG {
        units::central_agencies()
            .enumerate()
            .map(|(index, committee)| UnitPlan {
                code: format!("cq-{}", committee.code),
                branch: format!("cq-{}-cb-1", committee.code),
                branch_name: "Chi bộ Văn phòng",
                name: committee.name.to_owned(),
                share: share(index),
                armed_forces: false,
            })
            .collect()
    } else {
        units::communes(&file.slug)
            .enumerate()
            .map(|(index, commune)| UnitPlan {
                code: commune.official_code(),
                branch: format!("{}-cb-1", commune.official_code()),
                branch_name: if commune.kind == units::UnitKind::Ward {
                    "Chi bộ tổ dân phố số 1"
                } else {
                    "Chi bộ thôn 1"
                },
                name: commune.party_organisation(),
                share: share(index),
                armed_forces: false,
            })
            .collect()
    };
    if file.kind == TenantKind::Province {
        for (code, name) in [("qs", "Đảng bộ Quân sự"), ("ca", "Đảng bộ Công an")] {
            plans.push(UnitPlan {
                code: code.into(),
                name: format!("{name} {}", file.short_name),
                branch: format!("{code}-cb-1"),
                branch_name: "Chi bộ số 1",
                share: 0,
                armed_forces: true,
            });
        }
    }
    plans
}

/// The units with their branches, as they stand under the root.
fn tree(file: &TenantFile, plans: &[UnitPlan]) -> Result<Vec<Planned>, Fault> {
    let on = viet::parse_date(&file.root.founded_on).map_err(|e| Fault::new(e.to_string()))?;
    Ok(plans
        .iter()
        .flat_map(|unit| {
            [
                Planned {
                    code: unit.code.clone(),
                    kind: Kind::GrassRoots,
                    name: unit.name.clone(),
                    parent: file.root.code.clone(),
                    on,
                },
                Planned {
                    code: unit.branch.clone(),
                    kind: Kind::Branch,
                    name: unit.branch_name.into(),
                    parent: unit.code.clone(),
                    on,
                },
            ]
        })
        .collect())
}

async fn roster(
    platform: &Platform,
    db: &TenantDb,
    number: u8,
    plans: &[UnitPlan],
) -> Result<(), Fault> {
    let on = platform.app.world.today() - Duration::days(90);
    let mut people = People::for_tenant(SEED, number)
        .ok_or_else(|| Fault::new("bộ sinh người giả định hết số"))?
        .as_of(on);
    let mut rows = Vec::new();
    for plan in plans {
        let mut size = 0;
        while size < BRANCH {
            let Some(person) = people.next() else { break };
            if load::counts(&person) {
                size += 1;
                rows.push((plan.branch.clone(), person));
            }
        }
    }
    load::import(platform, db, on, rows.into_iter()).await
}

async fn activations(
    platform: &Platform,
    db: &TenantDb,
    plans: &[UnitPlan],
    units: &HashMap<String, OrganisationId>,
    password: &PasswordHash,
) -> Result<(), Fault> {
    let first = platform.app.world.today() - Duration::days(89);
    for (index, plan) in plans.iter().enumerate().filter(|(_, plan)| !plan.armed_forces) {
        let branch = units[&plan.branch];
        let members = load::members(db, branch).await?;
        let many =
            if index == 0 { members.len() - 1 } else { (members.len() * plan.share).div_ceil(100) };
        let starters: Vec<(MemberId, Date)> = members
            .iter()
            .take(many)
            .enumerate()
            .map(|(at, member)| {
                (
                    member.id,
                    first + Duration::days(i64::try_from((index * 7 + at * 11) % 85).unwrap_or(0)),
                )
            })
            .collect();
        load::activate(platform, db, branch, first, &starters, password).await?;
    }
    Ok(())
}

/// A member's account, activated now if it was not before.
async fn account(
    platform: &Platform,
    db: &TenantDb,
    member: MemberId,
    unit: OrganisationId,
    password: &PasswordHash,
) -> Result<AccountId, Fault> {
    let mut tx = db.begin().await?;
    let world = &platform.app.world;
    let key = platform.app.tenants.key();
    let codes = invite::invite_in(
        &mut tx,
        world,
        key,
        None,
        Some(unit),
        &[member],
        world.now() + Duration::days(1),
    )
    .await?;
    let code = codes.first().ok_or_else(|| Fault::new("không cấp được mã"))?;
    let account = activate::redeem_in(&mut tx, world, key, &code.code, password).await?;
    tx.commit().await?;
    Ok(account)
}

async fn reviewer(
    platform: &Platform,
    db: &TenantDb,
    root: OrganisationId,
    phone: &str,
) -> Result<MemberId, Fault> {
    let mut tx = db.begin().await?;
    let world = &platform.app.world;
    // Like the administrator, found again by the file number.
    let (member, _) = people::ensure_official_in(
        &mut tx,
        world,
        root,
        "Hoàng Thị Bích",
        phone,
        "QT-TQ-0002",
        Role::Reviewer,
    )
    .await?;
    tx.commit().await?;
    Ok(member)
}

async fn exclusions(
    platform: &Platform,
    db: &TenantDb,
    plans: &[UnitPlan],
    units: &HashMap<String, OrganisationId>,
) -> Result<(), Fault> {
    let from = platform.app.world.today() - Duration::days(90);
    for plan in plans.iter().filter(|plan| plan.armed_forces) {
        let exclusion = NewExclusion {
            organisation: units[&plan.code],
            reason: Reason::ArmedForces,
            note: String::new(),
            excluded_from: from,
            excluded_to: None,
            approved_by: "Ban Thường vụ (số liệu giả định)".into(),
        };
        let mut tx = db.begin().await?;
        match adoption::exclude_in(&mut tx, &platform.app.world, None, exclusion).await {
            Ok(_) => tx.commit().await?,
            // From an interrupted load.
            Err(kernel::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn meetings(
    platform: &Platform,
    db: &TenantDb,
    branch: OrganisationId,
    secretary: AccountId,
    members: &[Member],
) -> Result<(), Fault> {
    let today = platform.app.world.today();
    let new = |day: Date| NewMeeting {
        organisation: branch,
        kind: meeting::Kind::Regular,
        title: format!(
            "Sinh hoạt chi bộ thường kỳ tháng {:02}/{}",
            u8::from(day.month()),
            day.year()
        ),
        starts_at: noon(day) + Duration::minutes(450),
        place: "Nhà văn hóa thôn".into(),
        agenda: "Đánh giá kết quả tháng trước\nNhiệm vụ tháng này\nHọc tập chuyên đề".into(),
    };
    // One that is over, with its attendance and minute …
    let day = today - Duration::days(20);
    let mut tx = db.begin().await?;
    let world = platform.app.world.at(noon(day - Duration::days(5)));
    let id = ::meetings::create_in(&mut tx, &world, secretary, &new(day)).await?;
    ::meetings::announce_in(&mut tx, &world, secretary, id).await?;
    let evening = platform.app.world.at(noon(day) + Duration::minutes(445));
    let code = match ::meetings::open_in(&mut tx, &evening, secretary, id).await {
        // From an interrupted load: it is over already.
        Err(kernel::Error::Conflict(_)) => return Ok(()),
        code => code?,
    };
    for member in members.iter().take(members.len() - 2) {
        ::meetings::check_in_with(&mut tx, &evening, member.id, None, &code, Via::Code).await?;
    }
    let late = platform.app.world.at(noon(day) + Duration::minutes(560));
    let minute = "Chi bộ thống nhất đánh giá tháng trước và giao nhiệm vụ tháng này; thông qua với đa số tuyệt đối.";
    ::meetings::close_in(&mut tx, &late, secretary, id, minute, None).await?;
    // … and one to come.
    let next = ::meetings::create_in(
        &mut tx,
        &platform.app.world,
        secretary,
        &new(today + Duration::days(3)),
    )
    .await?;
    ::meetings::announce_in(&mut tx, &platform.app.world, secretary, next).await?;
    tx.commit().await?;
    Ok(())
}
