//! SQL of one batch: a statement each to lock, look up, add, change and report.

use crate::roster::{
    plan::{Existing, Person},
    row::Problem,
};
use kernel::{Error, ImportId};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Makes imports of a tenant take turns, batch by batch, so that two of them
/// cannot add the same person; then holds the members that the batch is about.
pub(in crate::roster) async fn lock(
    conn: &mut PgConnection,
    tenant: &str,
    cards: &[String],
    files: &[String],
) -> Result<(), Error> {
    let turn = format!("roster {tenant}");
    sqlx::query_scalar!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", turn).fetch_one(&mut *conn).await?;
    sqlx::query_scalar!(
        "SELECT id FROM member WHERE card_number = ANY($1) OR file_number = ANY($2) ORDER BY id FOR UPDATE",
        cards,
        files
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// The members under any of these numbers.
pub(in crate::roster) async fn existing(
    conn: &mut PgConnection,
    cards: &[String],
    files: &[String],
) -> Result<Vec<Existing>, Error> {
    let rows = sqlx::query!(
        r#"SELECT m.id, m.organisation, m.full_name, m.name_folded, m.birth_date, m.sex, m.admitted_on,
                  m.official_on, m.card_number, m.file_number, m.phone, m.standing, m.status, m.has_smartphone,
                  EXISTS (SELECT 1 FROM account a WHERE a.member = m.id AND a.state = 'active') AS "activated!"
           FROM member m WHERE m.card_number = ANY($1) OR m.file_number = ANY($2)"#,
        cards,
        files
    )
    .fetch_all(conn)
    .await?;
    let existing = rows.into_iter().map(|row| Existing {
        id: row.id,
        name_folded: row.name_folded,
        activated: row.activated,
        person: Person {
            organisation: row.organisation,
            full_name: row.full_name,
            birth_date: row.birth_date,
            sex: row.sex,
            admitted_on: row.admitted_on,
            official_on: row.official_on,
            card_number: row.card_number,
            file_number: row.file_number,
            phone: row.phone,
            standing: row.standing,
            status: row.status,
            has_smartphone: row.has_smartphone,
        },
    });
    Ok(existing.collect())
}

/// Members to be written, column by column.
#[derive(Default)]
pub(in crate::roster) struct Members {
    pub ids: Vec<Uuid>,
    rows: Vec<i64>,
    organisations: Vec<Uuid>,
    full_names: Vec<String>,
    name_sorts: Vec<String>,
    name_foldeds: Vec<String>,
    births: Vec<Option<Date>>,
    sexes: Vec<Option<String>>,
    admitteds: Vec<Option<Date>>,
    officials: Vec<Option<Date>>,
    cards: Vec<Option<String>>,
    files: Vec<Option<String>>,
    phones: Vec<Option<String>>,
    standings: Vec<String>,
    statuses: Vec<String>,
    smartphones: Vec<bool>,
}

impl Members {
    /// `name` is the sort key and the search key.
    pub(in crate::roster) fn push(&mut self, id: Uuid, row: i64, name: (&str, &str), person: Person) {
        self.ids.push(id);
        self.rows.push(row);
        self.organisations.push(person.organisation);
        self.full_names.push(person.full_name);
        self.name_sorts.push(name.0.to_owned());
        self.name_foldeds.push(name.1.to_owned());
        self.births.push(person.birth_date);
        self.sexes.push(person.sex);
        self.admitteds.push(person.admitted_on);
        self.officials.push(person.official_on);
        self.cards.push(person.card_number);
        self.files.push(person.file_number);
        self.phones.push(person.phone);
        self.standings.push(person.standing);
        self.statuses.push(person.status);
        self.smartphones.push(person.has_smartphone);
    }

    pub(in crate::roster) async fn insert(&self, conn: &mut PgConnection, import: ImportId, now: OffsetDateTime) -> Result<(), Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO member (id, import_row, organisation, full_name, name_sort, name_folded, birth_date, sex,
                                 admitted_on, official_on, card_number, file_number, phone, standing, status,
                                 has_smartphone, import, created_at, changed_at)
             SELECT u.id, u.import_row, u.organisation, u.full_name, u.name_sort, u.name_folded, u.birth_date, u.sex,
                    u.admitted_on, u.official_on, u.card_number, u.file_number, u.phone, u.standing, u.status,
                    u.has_smartphone, $17, $18, $18
             FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[],
                         $8::text[], $9::date[], $10::date[], $11::text[], $12::text[], $13::text[], $14::text[],
                         $15::text[], $16::boolean[])
                  AS u (id, import_row, organisation, full_name, name_sort, name_folded, birth_date, sex,
                        admitted_on, official_on, card_number, file_number, phone, standing, status, has_smartphone)",
            &self.ids,
            &self.rows,
            &self.organisations,
            &self.full_names,
            &self.name_sorts,
            &self.name_foldeds,
            &self.births as &[Option<Date>],
            &self.sexes as &[Option<String>],
            &self.admitteds as &[Option<Date>],
            &self.officials as &[Option<Date>],
            &self.cards as &[Option<String>],
            &self.files as &[Option<String>],
            &self.phones as &[Option<String>],
            &self.standings,
            &self.statuses,
            &self.smartphones,
            import.0,
            now
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    pub(in crate::roster) async fn update(&self, conn: &mut PgConnection, import: ImportId, now: OffsetDateTime) -> Result<(), Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        // `= ANY` says again what the join says: it makes the index the plan even
        // before the server knows how large the table has grown.
        sqlx::query!(
            "UPDATE member m
             SET organisation = u.organisation, full_name = u.full_name, name_sort = u.name_sort,
                 name_folded = u.name_folded, birth_date = u.birth_date, sex = u.sex, admitted_on = u.admitted_on,
                 official_on = u.official_on, card_number = u.card_number, file_number = u.file_number,
                 phone = u.phone, standing = u.standing, status = u.status, has_smartphone = u.has_smartphone,
                 import = $17, import_row = u.import_row, changed_at = $18
             FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[],
                         $8::text[], $9::date[], $10::date[], $11::text[], $12::text[], $13::text[], $14::text[],
                         $15::text[], $16::boolean[])
                  AS u (id, import_row, organisation, full_name, name_sort, name_folded, birth_date, sex,
                        admitted_on, official_on, card_number, file_number, phone, standing, status, has_smartphone)
             WHERE m.id = u.id AND m.id = ANY($1)",
            &self.ids,
            &self.rows,
            &self.organisations,
            &self.full_names,
            &self.name_sorts,
            &self.name_foldeds,
            &self.births as &[Option<Date>],
            &self.sexes as &[Option<String>],
            &self.admitteds as &[Option<Date>],
            &self.officials as &[Option<Date>],
            &self.cards as &[Option<String>],
            &self.files as &[Option<String>],
            &self.phones as &[Option<String>],
            &self.standings,
            &self.statuses,
            &self.smartphones,
            import.0,
            now
        )
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// Problems to be written, column by column.
#[derive(Default)]
pub(in crate::roster) struct Problems {
    rows: Vec<i64>,
    columns: Vec<String>,
    values: Vec<String>,
    reasons: Vec<String>,
    mends: Vec<String>,
}

impl Problems {
    pub(in crate::roster) fn extend(&mut self, row: i64, found: Vec<Problem>) {
        for problem in found {
            self.rows.push(row);
            self.columns.push(problem.column.to_owned());
            self.values.push(problem.value);
            self.reasons.push(problem.reason);
            self.mends.push(problem.mend);
        }
    }

    pub(in crate::roster) async fn insert(&self, conn: &mut PgConnection, import: ImportId) -> Result<(), Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO roster_problem (import, row, column_title, value, reason, mend)
             SELECT $1, u.row, u.column_title, u.value, u.reason, u.mend
             FROM UNNEST($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
                  AS u (row, column_title, value, reason, mend)
             ON CONFLICT DO NOTHING",
            import.0,
            &self.rows,
            &self.columns,
            &self.values,
            &self.reasons,
            &self.mends
        )
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// Rows of the preview, column by column.
#[derive(Default)]
pub(in crate::roster) struct Preview {
    pub rows: Vec<i64>,
    full_names: Vec<String>,
    organisations: Vec<String>,
    outcomes: Vec<String>,
}

impl Preview {
    pub(in crate::roster) fn push(&mut self, row: i64, full_name: &str, organisation: &str, outcome: &str) {
        self.rows.push(row);
        self.full_names.push(full_name.to_owned());
        self.organisations.push(organisation.to_owned());
        self.outcomes.push(outcome.to_owned());
    }

    pub(in crate::roster) async fn insert(&self, conn: &mut PgConnection, import: ImportId) -> Result<(), Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO roster_preview (import, row, full_name, organisation, outcome)
             SELECT $1, u.row, u.full_name, u.organisation, u.outcome
             FROM UNNEST($2::bigint[], $3::text[], $4::text[], $5::text[])
                  AS u (row, full_name, organisation, outcome)
             ON CONFLICT DO NOTHING",
            import.0,
            &self.rows,
            &self.full_names,
            &self.organisations,
            &self.outcomes
        )
        .execute(conn)
        .await?;
        Ok(())
    }
}
