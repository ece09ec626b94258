//! What the everyday demo and the reference scenario have in common: units
//! founded, a roster file imported, slips redeemed on their dates.

use super::people::{Person, Status};
use crate::{Fault, Platform};
use directory::{
    account::{PasswordHash, activate, invite},
    organisation::{self, Planned},
    roster,
};
use kernel::{
    MemberId, OrganisationId,
    viet::{self, HO_CHI_MINH},
};
use render::sheet::write::{Cell, WriteError, write_csv};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io,
};
use tenancy::TenantDb;
use time::{Date, Duration, OffsetDateTime, Time};

/// Somebody of a branch, as the roster has them.
pub(super) struct Member {
    pub id: MemberId,
    pub phone: String,
}

/// Founds what an interrupted load has not. Says which identifier each code has.
pub(super) async fn found(
    platform: &Platform,
    db: &TenantDb,
    plan: Vec<Planned>,
) -> Result<HashMap<String, OrganisationId>, Fault> {
    let mut conn = db.conn().await?;
    let mut known: HashMap<String, OrganisationId> =
        sqlx::query!("SELECT code, id FROM organisation")
            .fetch_all(&mut *conn)
            .await
            .map_err(kernel::Error::from)?
            .into_iter()
            .map(|row| (row.code, row.id.into()))
            .collect();
    drop(conn);
    let missing: Vec<Planned> =
        plan.into_iter().filter(|unit| !known.contains_key(&unit.code)).collect();
    if !missing.is_empty() {
        let mut tx = db.begin().await?;
        known.extend(
            organisation::found_all_in(&mut tx, &platform.app.world, None, &missing).await?,
        );
        tx.commit().await?;
    }
    Ok(known)
}

/// Writes a roster as a board would send it, and imports it on a day.
pub(super) async fn import(
    platform: &Platform,
    db: &TenantDb,
    on: Date,
    people: impl Iterator<Item = (String, Person)>,
) -> Result<(), Fault> {
    let folder =
        tempfile::tempdir().map_err(|e| Fault::new(format!("Không ghi được tệp tạm: {e}")))?;
    let path = folder.path().join("danh-sach-dang-vien.csv");
    let target = File::create(&path).map_err(|e| crate::fault::file(&path, &e))?;
    write_roster(target, people).map_err(|e| Fault::new(e.to_string()))?;
    let world = platform.app.world.at(noon(on));
    let (_, summary) = roster::import_file(db, &world, None, &path, false, |_| {}).await?;
    if summary.bad > 0 {
        return Err(Fault::new(format!(
            "{}: {} dòng của danh sách mẫu bị từ chối",
            db.tenant().id,
            summary.bad
        )));
    }
    Ok(())
}

/// Writes people with the codes of their branches as a roster in CSV.
///
/// # Errors
/// When `target` cannot be written.
pub fn write_roster(
    target: impl io::Write,
    people: impl Iterator<Item = (String, Person)>,
) -> Result<(), WriteError> {
    let rows = people.map(|(branch, person)| row(branch, &person));
    write_csv(target, &roster::columns(), rows)?;
    Ok(())
}

fn row(branch: String, person: &Person) -> Vec<Cell> {
    let date = |date: Date| viet::format_date(date);
    [
        person.full_name.clone(),
        date(person.born_on),
        person.sex.label().into(),
        date(person.admitted_on),
        person.official_on.map(date).unwrap_or_default(),
        person.card_number.clone().unwrap_or_default(),
        person.file_number.clone(),
        branch,
        person.phone.clone(),
        person.standing.label().into(),
        person.status.label().into(),
        if person.has_smartphone { "có" } else { "không" }.into(),
    ]
    .map(Cell::Text)
    .into()
}

/// Whether somebody could be given an account.
pub(super) fn counts(person: &Person) -> bool {
    person.status == Status::Active
}

/// The members of one branch, in the order of their file numbers.
pub(super) async fn members(db: &TenantDb, branch: OrganisationId) -> Result<Vec<Member>, Fault> {
    let mut conn = db.conn().await?;
    let rows = sqlx::query!(
        r#"SELECT id, coalesce(phone, '') AS "phone!" FROM member WHERE organisation = $1 ORDER BY file_number"#,
        branch.0
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(kernel::Error::from)?;
    Ok(rows.into_iter().map(|row| Member { id: row.id.into(), phone: row.phone }).collect())
}

/// Prints slips for a branch on a day and redeems them on theirs. Who has
/// activated already is passed over, so that an interrupted load goes on.
pub(super) async fn activate(
    platform: &Platform,
    db: &TenantDb,
    branch: OrganisationId,
    printed_on: Date,
    starters: &[(MemberId, Date)],
    password: &PasswordHash,
) -> Result<(), Fault> {
    let key = platform.app.tenants.key();
    let mut tx = db.begin().await?;
    let path = sqlx::query_scalar!("SELECT path FROM organisation WHERE id = $1", branch.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(kernel::Error::from)?;
    let pending: HashSet<MemberId> = invite::pending(&mut tx, &path).await?.into_iter().collect();
    let starters: Vec<_> = starters.iter().filter(|(member, _)| pending.contains(member)).collect();
    if starters.is_empty() {
        return Ok(());
    }
    let ids: Vec<MemberId> = starters.iter().map(|(member, _)| *member).collect();
    let world = platform.app.world.at(noon(printed_on));
    let expires = noon(printed_on) + Duration::days(3650);
    let codes = invite::invite_in(&mut tx, &world, key, None, Some(branch), &ids, expires).await?;
    for invitation in codes {
        let Some((_, day)) = starters.iter().find(|(member, _)| *member == invitation.member)
        else {
            continue;
        };
        let world = platform.app.world.at(noon(*day));
        activate::redeem_in(&mut tx, &world, key, &invitation.code, password).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Noon of a day in Vietnam.
pub(super) fn noon(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_offset(HO_CHI_MINH) + Duration::hours(12)
}
