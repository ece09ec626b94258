//! SQL of one batch: a statement each to lock, to look up, to report.

use crate::roster::{
    plan::{Existing, Person},
    row::Problem,
};
use kernel::{Error, ImportId};
use sqlx::{Connection as _, PgConnection};

/// Forgets the plans of the connection. An import can grow the roll a
/// thousandfold in seconds: a plan kept from when it was small reads all of it
/// for every batch, and nothing tells the server to think again so soon.
pub(in crate::roster) async fn replan(conn: &mut PgConnection) -> Result<(), Error> {
    conn.clear_cached_statements().await?;
    Ok(())
}

/// Makes imports of a tenant take turns, batch by batch, so that two of them
/// cannot add the same person; then holds the members that the batch is about.
pub(in crate::roster) async fn lock(
    conn: &mut PgConnection,
    tenant: &str,
    cards: &[String],
    files: &[String],
) -> Result<(), Error> {
    let turn = format!("roster {tenant}");
    sqlx::query_scalar!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", turn)
        .fetch_one(&mut *conn)
        .await?;
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
                  EXISTS (SELECT 1 FROM account a WHERE a.member = m.id AND a.state = 'active') AS "activated!",
                  EXISTS (SELECT 1 FROM role_grant g JOIN organisation o ON o.id = g.organisation
                          WHERE g.member = m.id AND g.role = 'tenant_admin' AND g.revoked_at IS NULL
                            AND o.parent IS NULL) AS "administers!"
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
        administers: row.administers,
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

    pub(in crate::roster) async fn insert(
        &self,
        conn: &mut PgConnection,
        import: ImportId,
    ) -> Result<(), Error> {
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
    pub(in crate::roster) fn push(
        &mut self,
        row: i64,
        full_name: &str,
        organisation: &str,
        outcome: &str,
    ) {
        self.rows.push(row);
        self.full_names.push(full_name.to_owned());
        self.organisations.push(organisation.to_owned());
        self.outcomes.push(outcome.to_owned());
    }

    pub(in crate::roster) async fn insert(
        &self,
        conn: &mut PgConnection,
        import: ImportId,
    ) -> Result<(), Error> {
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
