//! Two provinces and their people, made by the operations themselves.

use crate::{
    Result,
    ground::{Database, Ground},
};
use ::documents::{Draft, File, NewDocument};
use ::meetings::{NewMeeting, meeting};
use directory::{
    account::{PasswordHash, activate, invite, session},
    organisation::{self, Kind, Planned},
    roster,
};
use kernel::{AccountId, OrganisationId, TenantId};
use sotay::{
    Platform,
    demo::{
        people::{People as Generator, Person, Status},
        write_roster,
    },
    onboarding,
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};
use tenancy::{TenantDb, TenantFile};
use time::{Duration, macros::date};
use tokio::task::JoinSet;

/// As large as the largest of the provinces, Thanh Hóa.
pub const LARGE: &str = "thanh-hoa";
/// Has the same tree and few people.
pub const SMALL: &str = "ha-nam";
/// Everybody's password.
pub const PASSWORD: &str = "sen nở đầu mùa";

/// District committees, communes in each, branches in each of those.
const TREE: [usize; 3] = [20, 12, 24];
/// Members of a branch.
const BRANCH: usize = 40;
/// Branches whose members have accounts and sessions.
const ALIVE: usize = 200;
/// Meetings that each of them has open.
const MEETINGS: usize = 10;
/// Documents of the province, of each district and of each commune.
const DOCUMENTS: [usize; 3] = [240, 40, 10];
/// Branches that are filled at the same time.
const AT_ONCE: usize = 4;

/// Somebody with a session.
pub struct Somebody {
    pub token: String,
    pub phone: String,
}

/// Everybody with a session, and what they can check in to.
pub struct People {
    pub members: Vec<Somebody>,
    /// Pairs of a member (by place in `members`) and a meeting's code, each of
    /// which can be used once. Neighbours are of different branches.
    pub arrivals: Vec<(usize, String)>,
}

/// A tenant file as an operator would write it.
pub fn file(slug: &str) -> Result<TenantFile> {
    let file = toml::from_str(&format!(
        "slug = '{slug}'\nkind = 'province'\nname = 'Đảng bộ tỉnh {slug}'\nshort_name = '{slug}'\n\
         accent = '#a3211b'\n[root]\ncode = 'goc'\nfounded_on = '2020-01-01'\n\
         [admin]\nfull_name = 'Lê Thị Quản Trị'\nphone = '0938000001'\nfile_number = 'QT-1'\n"
    ))?;
    Ok(file)
}

/// A province with its tree and nobody in it; one that is there stays as it is.
pub async fn found(database: &Database, platform: &Platform, slug: &str) -> Result<TenantDb> {
    let file = file(slug)?;
    onboarding::apply(&database.provisioner(), platform, &file).await?;
    let db = platform.app.tenants.db(&file.slug)?;
    let planned = |code: String, kind, parent: String| Planned {
        name: format!("Đảng bộ, chi bộ {code}"),
        code,
        kind,
        parent,
        on: date!(2020 - 02 - 01),
    };
    let mut plan = Vec::new();
    let mut branches = 0;
    for district in 0..TREE[0] {
        let above = format!("huyen-{district}");
        plan.push(planned(above.clone(), Kind::AboveGrassRoots, "goc".into()));
        for commune in 0..TREE[1] {
            let commune = format!("xa-{district}-{commune}");
            plan.push(planned(commune.clone(), Kind::GrassRoots, above.clone()));
            for _ in 0..TREE[2] {
                plan.push(planned(branch(branches), Kind::Branch, commune.clone()));
                branches += 1;
            }
        }
    }
    let mut tx = db.begin().await?;
    organisation::found_all_in(&mut tx, &platform.app.world, None, &plan).await?;
    tx.commit().await?;
    Ok(db)
}

fn branch(number: usize) -> String {
    format!("cb-{number:04}")
}

/// A roster as a board would send it, branch by branch.
pub fn write_file(path: &Path, rows: usize) -> Result<()> {
    let mut generator = Generator::for_tenant(2026, 1).ok_or("hết người giả định")?;
    let people = (0..rows).map_while(|number| {
        // Everybody may check in.
        let person = Person { status: Status::Active, ..generator.next()? };
        Some((branch(number / BRANCH), person))
    });
    write_roster(std::fs::File::create(path)?, people)?;
    Ok(())
}

/// As many tenants, each with its administrator signed in: slug and token. Their
/// roles are the server's, so `slugs` are of one measurement.
pub async fn administered(
    database: &Database,
    slugs: &str,
    count: usize,
) -> Result<Vec<(String, String)>> {
    let files: Vec<TenantFile> =
        (0..count).map(|number| file(&format!("{slugs}-{number}"))).collect::<Result<_>>()?;
    database.provisioner().apply_all(&files, AT_ONCE).await?;
    let platform = database.platform().await?;
    let password = platform.passwords.hash(PASSWORD).await?;
    let (world, key) = (&platform.app.world, platform.app.tenants.key());
    let mut admins = Vec::new();
    for file in files {
        let onboarded = onboarding::welcome(&platform, &file).await?;
        let db = platform.app.tenants.db(&file.slug)?;
        let mut tx = db.begin().await?;
        let code = onboarded.code.ok_or("không có mã kích hoạt")?;
        let account = activate::redeem_in(&mut tx, world, key, &code, &password).await?;
        let token = session::start(&mut tx, world, account, "bench").await?.token;
        tx.commit().await?;
        admins.push((file.slug.to_string(), token));
    }
    platform.app.tenants.close().await;
    Ok(admins)
}

/// Accounts, sessions, documents and open meetings in the large province.
pub async fn settle(ground: &Ground, database: &Database) -> Result<People> {
    ground.hurry(true).await?;
    let platform = database.platform().await?;
    let slug: TenantId = LARGE.parse()?;
    let db = match platform.app.tenants.db(&slug) {
        Ok(db) => db,
        // The roster was not measured: some people will do.
        Err(_) => some_people(ground, database, &platform).await?,
    };
    let password = platform.passwords.hash(PASSWORD).await?;
    let units: HashMap<String, OrganisationId> =
        sqlx::query_as::<_, (String, uuid::Uuid)>("SELECT code, id FROM organisation")
            .fetch_all(&mut *db.conn().await?)
            .await?
            .into_iter()
            .map(|(code, id)| (code, id.into()))
            .collect();
    let mut work = JoinSet::new();
    let mut filled = Vec::new();
    for number in 0..ALIVE {
        if work.len() == AT_ONCE {
            filled.extend(work.join_next().await.transpose()?);
        }
        let (platform, db, password) = (platform.clone(), db.clone(), password.clone());
        let unit = *units.get(&branch(number)).ok_or("chưa có chi bộ")?;
        work.spawn(async move { fill(&platform, &db, unit, &password).await });
    }
    while let Some(done) = work.join_next().await {
        filled.push(done?);
    }
    let filled = filled.into_iter().collect::<Result<Vec<_>>>()?;
    let editor = filled.first().ok_or("không có ai")?.editor;
    publish(&platform, &db, &units, editor).await?;
    platform.relay.fold(&slug).await?;
    platform.app.tenants.close().await;
    ground.superuser(&database.name, "VACUUM ANALYZE").await?;
    ground.hurry(false).await?;
    Ok(gather(filled))
}

/// One branch, filled.
struct Filled {
    editor: AccountId,
    members: Vec<Somebody>,
    codes: Vec<String>,
}

fn gather(filled: Vec<Filled>) -> People {
    let mut arrivals = Vec::new();
    for meeting in 0..MEETINGS {
        for slot in 0..BRANCH {
            let mut before = 0;
            for branch in &filled {
                if slot < branch.members.len() {
                    arrivals.push((before + slot, branch.codes[meeting].clone()));
                }
                before += branch.members.len();
            }
        }
    }
    People { members: filled.into_iter().flat_map(|branch| branch.members).collect(), arrivals }
}

async fn some_people(
    ground: &Ground,
    database: &Database,
    platform: &Platform,
) -> Result<TenantDb> {
    let db = found(database, platform, LARGE).await?;
    let path: PathBuf = ground.path("some.csv");
    write_file(&path, 20_000)?;
    roster::import_file(&db, &platform.app.world, None, &path, false, |_| {}).await?;
    Ok(db)
}

async fn fill(
    platform: &Platform,
    db: &TenantDb,
    branch: OrganisationId,
    password: &PasswordHash,
) -> Result<Filled> {
    let (world, key) = (&platform.app.world, platform.app.tenants.key());
    let mut tx = db.begin().await?;
    let phones: HashMap<uuid::Uuid, String> = sqlx::query_as::<_, (uuid::Uuid, String)>(
        "SELECT id, phone FROM member WHERE organisation = $1",
    )
    .bind(branch.0)
    .fetch_all(&mut *tx)
    .await?
    .into_iter()
    .collect();
    let members: Vec<_> = phones.keys().map(|id| (*id).into()).collect();
    let expires = world.now() + Duration::days(7);
    let codes =
        invite::invite_in(&mut tx, world, key, None, Some(branch), &members, expires).await?;
    let mut editor = None;
    let mut people = Vec::new();
    for invitation in codes {
        let account = activate::redeem_in(&mut tx, world, key, &invitation.code, password).await?;
        let token = session::start(&mut tx, world, account, "bench").await?.token;
        let phone = phones[&invitation.member.0].clone();
        people.push(Somebody { token, phone });
        editor.get_or_insert(account);
    }
    let editor = editor.ok_or("chi bộ không có ai")?;
    let mut codes = Vec::new();
    for number in 0..MEETINGS {
        let meeting = NewMeeting {
            organisation: branch,
            kind: meeting::Kind::Regular,
            title: format!("Sinh hoạt chi bộ lần {number}"),
            starts_at: world.now() + Duration::minutes(10),
            place: "Nhà văn hóa thôn".into(),
            agenda: "Đánh giá kết quả tháng trước".into(),
        };
        let id = ::meetings::create_in(&mut tx, world, editor, &meeting).await?;
        ::meetings::announce_in(&mut tx, world, editor, id).await?;
        codes.push(::meetings::open_in(&mut tx, world, editor, id).await?);
    }
    tx.commit().await?;
    Ok(Filled { editor, members: people, codes })
}

async fn publish(
    platform: &Platform,
    db: &TenantDb,
    units: &HashMap<String, OrganisationId>,
    editor: AccountId,
) -> Result<()> {
    let levels = ["goc", "huyen-", "xa-"];
    let today = platform.app.world.today();
    let mut published = 0_u64;
    for (level, count) in levels.into_iter().zip(DOCUMENTS) {
        for unit in units.iter().filter(|(code, _)| code.starts_with(level)).map(|(_, id)| *id) {
            let mut tx = db.begin().await?;
            for number in 0..count {
                published += 1;
                let days = i64::try_from(number)? * 3 + 1;
                let world = platform.app.world.at(platform.app.world.now() - Duration::days(days));
                let mut sha256 = [0; 32];
                sha256[..8].copy_from_slice(&published.to_be_bytes());
                let document = NewDocument {
                    id: world.id(),
                    organisation: unit,
                    draft: Draft {
                        kind: "nghi_quyet".into(),
                        number: format!("{:02}-NQ/TU", number + 1),
                        title: "Nghị quyết về chuyển đổi số trong công tác xây dựng Đảng".into(),
                        summary: "Quan điểm, mục tiêu và nhiệm vụ đến năm 2030.".into(),
                        issuer: None,
                        issued_on: today - Duration::days(days),
                        // The newest one of each level must be read.
                        must_read_by: (number == 0).then(|| today + Duration::days(10)),
                        attested_by: "Nguyễn Thị Hạnh, Văn phòng (giả định)".into(),
                    },
                    file: File { name: "nq.pdf".into(), size: 40_000, sha256, pages: 4 },
                };
                ::documents::publish_in(&mut tx, &world, editor, &document).await?;
            }
            tx.commit().await?;
        }
    }
    Ok(())
}
