//! SQL that adds and changes members, a batch in one statement.

use crate::roster::plan::Person;
use kernel::{Error, ImportId};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

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
    pub(in crate::roster) fn push(
        &mut self,
        id: Uuid,
        row: i64,
        name: (&str, &str),
        person: Person,
    ) {
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

    pub(in crate::roster) async fn insert(
        &self,
        conn: &mut PgConnection,
        import: ImportId,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
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

    pub(in crate::roster) async fn update(
        &self,
        conn: &mut PgConnection,
        import: ImportId,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        // `= ANY` says again what the join says, and offers the index as a plan.
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
