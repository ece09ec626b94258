//! What a row does to the roll: adds somebody, changes them, or cannot stand.

use super::{
    branches::Branches,
    column::Column,
    row::{Entry, Line, Problem},
    seen::{Number, Seen},
};
use crate::member::{Counted, STATUSES, label, on_roll};
use kernel::{OrganisationId, viet};
use std::collections::HashMap;
use time::Date;
use uuid::Uuid;

/// A member as the roster writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub organisation: Uuid,
    pub full_name: String,
    pub birth_date: Option<Date>,
    pub sex: Option<String>,
    pub admitted_on: Option<Date>,
    pub official_on: Option<Date>,
    pub card_number: Option<String>,
    pub file_number: Option<String>,
    pub phone: Option<String>,
    pub standing: String,
    pub status: String,
    pub has_smartphone: bool,
}

/// A member that the database has under one of the numbers of a batch.
#[derive(Clone, Debug)]
pub(super) struct Existing {
    pub id: Uuid,
    pub name_folded: String,
    /// Has an active account.
    pub activated: bool,
    /// Administers the whole tenant.
    pub administers: bool,
    pub person: Person,
}

/// The members of a batch by their numbers.
pub(super) struct Known<'a> {
    by_card: HashMap<&'a str, &'a Existing>,
    by_file: HashMap<&'a str, &'a Existing>,
}

/// What becomes of a row.
#[derive(Debug)]
pub(super) enum Outcome<'a> {
    Added(Person),
    Changed(&'a Existing, Person),
    Unchanged,
    Bad(Vec<Problem>),
}

impl<'a> Known<'a> {
    pub(super) fn new(existing: &'a [Existing]) -> Self {
        let by = |number: fn(&Person) -> &Option<String>| {
            existing.iter().filter_map(|one| Some((number(&one.person).as_deref()?, one))).collect()
        };
        Self {
            by_card: by(|person| &person.card_number),
            by_file: by(|person| &person.file_number),
        }
    }

    /// Decides on a row, after those before it.
    pub(super) fn decide(&self, line: &Line, seen: &mut Seen, branches: &Branches) -> Outcome<'a> {
        let mut problems = repeated(line.card.as_deref(), line.file.as_deref(), line.number, seen);
        let entry = match &line.entry {
            Ok(entry) if problems.is_empty() => entry,
            Ok(_) => return Outcome::Bad(problems),
            Err(found) => {
                problems.splice(0..0, found.iter().cloned());
                return Outcome::Bad(problems);
            }
        };
        let by_card = line.card.as_deref().and_then(|card| self.by_card.get(card).copied());
        let by_file = line.file.as_deref().and_then(|file| self.by_file.get(file).copied());
        let found = match (by_card, by_file) {
            (Some(card), Some(file)) if card.id != file.id => {
                return Outcome::Bad(vec![other_persons_card(line, card, file)]);
            }
            (card, file) => file.or(card),
        };
        let Some(found) = found else {
            return added(line, entry, branches.get(entry.branch).id);
        };
        if let Some(problem) = somebody_else(line, entry, found) {
            return Outcome::Bad(vec![problem]);
        }
        let person = merged(line, entry, branches.get(entry.branch).id, &found.person);
        if found.administers && on_roll(&found.person.status) && !on_roll(&person.status) {
            return Outcome::Bad(vec![still_needed(&person)]);
        }
        // The number that the row leaves out still is theirs.
        let problems = repeated(
            person.card_number.as_deref(),
            person.file_number.as_deref(),
            line.number,
            seen,
        );
        if !problems.is_empty() {
            return Outcome::Bad(problems);
        }
        if person == found.person { Outcome::Unchanged } else { Outcome::Changed(found, person) }
    }
}

fn repeated(card: Option<&str>, file: Option<&str>, row: u64, seen: &mut Seen) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (kind, column, number) in
        [(Number::Card, Column::Card, card), (Number::File, Column::File, file)]
    {
        let Some(number) = number else { continue };
        if let Some(first) = seen.claim(kind, number, row) {
            problems.push(Problem::new(
                column,
                number,
                format!("{} này đã có ở dòng {first} của tệp.", column.title()),
                format!("So với dòng {first}: nếu cùng một người thì xóa một dòng, nếu khác người thì sửa lại số."),
            ));
        }
    }
    problems
}

fn added(line: &Line, entry: &Entry, organisation: OrganisationId) -> Outcome<'static> {
    let Some(standing) = entry.standing else {
        return Outcome::Bad(vec![Problem::new(
            Column::Standing,
            "",
            "Người này chưa có trong danh sách, mà tệp không ghi là chính thức hay dự bị.",
            "Ghi «Chính thức» hoặc «Dự bị», hoặc ghi ngày chính thức.",
        )]);
    };
    Outcome::Added(Person {
        organisation: organisation.0,
        full_name: entry.full_name.clone(),
        birth_date: entry.birth_date,
        sex: entry.sex.map(Into::into),
        admitted_on: entry.admitted_on,
        official_on: entry.official_on,
        card_number: line.card.clone(),
        file_number: line.file.clone(),
        phone: entry.phone.clone(),
        standing: standing.into(),
        status: entry.status.unwrap_or("active").into(),
        has_smartphone: entry.has_smartphone.unwrap_or(false),
    })
}

/// The member with what the row says; what it leaves empty stays as it is.
fn merged(line: &Line, entry: &Entry, organisation: OrganisationId, before: &Person) -> Person {
    let text = |new: Option<&str>, old: &str| new.unwrap_or(old).to_owned();
    Person {
        organisation: organisation.0,
        full_name: entry.full_name.clone(),
        birth_date: entry.birth_date.or(before.birth_date),
        sex: entry.sex.map(Into::into).or_else(|| before.sex.clone()),
        admitted_on: entry.admitted_on.or(before.admitted_on),
        official_on: entry.official_on.or(before.official_on),
        card_number: line.card.clone().or_else(|| before.card_number.clone()),
        file_number: line.file.clone().or_else(|| before.file_number.clone()),
        phone: entry.phone.clone().or_else(|| before.phone.clone()),
        standing: text(entry.standing, &before.standing),
        status: text(entry.status, &before.status),
        has_smartphone: entry.has_smartphone.unwrap_or(before.has_smartphone),
    }
}

fn other_persons_card(line: &Line, card: &Existing, file: &Existing) -> Problem {
    Problem::new(
        Column::Card,
        line.card.as_deref().unwrap_or_default(),
        format!(
            "Số thẻ này đang là của {}, còn số lý lịch ở cùng dòng là của {}.",
            card.person.full_name, file.person.full_name
        ),
        "Tra lại thẻ và lý lịch; nếu danh sách đang ghi nhầm số của một người thì sửa người đó trước.",
    )
}

/// Whether the number leads to another person: another name, and no same date
/// of birth to vouch that it was the name that changed.
fn somebody_else(line: &Line, entry: &Entry, found: &Existing) -> Option<Problem> {
    let same_birth = entry.birth_date.is_some() && entry.birth_date == found.person.birth_date;
    if entry.name_folded == found.name_folded || same_birth {
        return None;
    }
    let by_file = line.file.is_some() && line.file == found.person.file_number;
    let column = if by_file { Column::File } else { Column::Card };
    let born = found
        .person
        .birth_date
        .map_or_else(String::new, |day| format!(", sinh ngày {}", viet::format_date(day)));
    Some(Problem::new(
        column,
        if by_file { &line.file } else { &line.card }.as_deref().unwrap_or_default(),
        format!(
            "Trong danh sách, số này là của {}{born}: họ tên khác mà ngày sinh cũng không trùng.",
            found.person.full_name
        ),
        "Nếu ghi nhầm số thì sửa số; nếu cùng một người thì ghi ngày sinh như trong danh sách, hoặc sửa người đó trong danh sách trước.",
    ))
}

/// A file cannot take away who administers the tenant; it might be the last one.
fn still_needed(person: &Person) -> Problem {
    Problem::new(
        Column::Status,
        label(&STATUSES, &person.status),
        "Đồng chí này đang giữ vai trò quản trị của cả đơn vị.",
        "Thu hồi vai trò đó ở mục Phân quyền trước (khi đã có người khác giữ), rồi nhập lại dòng này.",
    )
}

/// How a member counts.
pub(super) fn counted(person: &Person, activated: bool) -> Counted {
    Counted {
        organisation: OrganisationId(person.organisation),
        member: on_roll(&person.status),
        smartphone: person.has_smartphone,
        activated,
    }
}

#[cfg(test)]
mod tests;
