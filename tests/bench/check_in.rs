//! Checking in, durable, beside bare inserts of one row.
//!
//! The goal of 0.8 is out of reach on two cores that also carry HTTP and the load:
//! a bare insert is one row, a check-in is an attendance, an event, its outbox
//! row and what is folded from it, behind a look-up of the session. The look-up
//! alone, in pgbench, reaches 0.7 to 1.0 of the bare inserts. Of the time that the
//! database is at a statement for check-ins that share their transactions (its own
//! log, 5,274 ms over 1,753 transactions) the attendance with its two foreign keys
//! has 41 %, the sessions 23 %, the commits 15 %, events and outbox 12 %, folding
//! and the rest 9 %. A profile of the whole machine (`perf`): the database 52 %,
//! this program 26 %, waiting for the disk 19 %, the load 3 %.
//!
//! What was tried, in check-ins a second: a transaction for each, and aggregates
//! summed after every fold, 1,416 (99th percentile 820 ms); one transaction for
//! those who come together, and aggregates every five seconds, 2,500 to 3,100;
//! the look-ups of sessions that come together in one statement, and statements
//! planned once, 3,200 to 4,000 (16 ms), and 5,100 on a quieter day. A session kept in memory would spare the
//! look-up, and would let somebody in whose rights another process has just
//! withdrawn.

use crate::{
    Result,
    ground::{Database, Ground},
    load::{self, ROUNDS, SECONDS, median},
    people::{LARGE, People},
    process::Serving,
    report::{Goal, Report},
    statements::{self, Script},
};
use std::fmt::Write as _;

const CONNECTIONS: u32 = 32;
const NAME: &str = "check-in, durable, 32 connections, against one-row inserts";
/// The least that a transaction can do: a row with the columns of an attendance.
const INSERT: &str = "INSERT INTO arrived (meeting, member, state, via, at)
    VALUES (gen_random_uuid(), gen_random_uuid(), 'present', 'code', now());";

pub async fn measure(
    ground: &Ground,
    database: &Database,
    people: &People,
    report: &mut Report,
) -> Result<()> {
    if !load::has_wrk().await {
        report.skipped(NAME, "wrk is not installed");
        return Ok(());
    }
    let role = format!("tn_{}", LARGE.replace('-', "_"));
    let table = format!(
        "SET ROLE {role}; CREATE TABLE {role}.arrived (meeting uuid, member uuid, state text NOT NULL,
         via text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (meeting, member))"
    );
    ground.superuser(&database.name, &table).await?;
    // What every request begins with: whose session it is.
    let samples = [&people.members[0]];
    let look_up = statements::of(ground, database, "/api/v1/documents", &samples).await?;
    let look_up = look_up.first().ok_or("không có câu lệnh nào")?.first();
    let look_ups = load::pgbench(ground, database, &role, &look_up, SECONDS).await?;
    let serving = Serving::start(database).await?;
    let url = format!("http://127.0.0.1:{}", serving.port);
    let insert = Script { statements: 1, text: INSERT.into(), variables: Vec::new() };

    // Everybody checks in to a meeting once, so the supply is finite: the first
    // round finds out how long the others may last.
    let share = people.arrivals.len() / (ROUNDS + 1);
    let mut supply = people.arrivals.chunks(share);
    let mut seconds = 1;
    let (mut ours, mut against, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sent, mut refused) = (0, 0);
    for round in 0..=ROUNDS {
        let mut requests = String::new();
        for (member, code) in supply.next().ok_or("hết người điểm danh")? {
            let token = &people.members[*member].token;
            let head = format!(
                "POST /api/v1/meetings/check-in HTTP/1.1\nHost: {LARGE}.localhost\n\
                 Authorization: Bearer {token}\nContent-Type: application/json"
            );
            let body = format!("{{\"code\":\"{code}\"}}");
            let _ = write!(requests, "{}", load::request(&head, &body));
        }
        let seen = load::wrk(ground, &url, &requests, CONNECTIONS, seconds).await?;
        refused += seen.refused;
        if seen.requests + seen.refused >= share as u64 {
            return Err("hết người điểm danh trước khi hết giờ".into());
        }
        sent += seen.requests;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few seconds"
        )]
        if round == 0 {
            seconds = (0.7 * share as f64 / seen.rate).floor().clamp(1.0, SECONDS.into()) as u32;
            continue;
        }
        ours.push(seen.rate);
        slowest.push(seen.p99);
        let rate = load::pgbench(ground, database, &role, &insert, SECONDS).await?;
        against.push(rate);
    }
    drop(serving);
    let recorded = recorded(database).await?;
    if recorded < i64::try_from(sent)? {
        return Err(format!("{sent} lượt điểm danh được nhận, chỉ {recorded} được ghi").into());
    }
    let (p99, refused) = (median(slowest), load::refusals(refused));
    let note = format!("p99 {p99:.1} ms; with its session look-up, event, folds{refused}");
    let figures = (median(ours), median(against));
    report.pair(NAME, "1/s", figures, Some(Goal::RatioAtLeast(0.8)), note);
    let name = "  the look-up of a session alone, in pgbench, against the same";
    let note = "what a check-in cannot do without, before HTTP and the row itself";
    report.pair(name, "1/s", (look_ups, figures.1), None, note);
    Ok(())
}

/// Check-ins that the database knows of, each with its event.
async fn recorded(database: &Database) -> Result<i64> {
    let platform = database.platform().await?;
    let db = platform.app.tenants.db(&LARGE.parse()?)?;
    let sql = "SELECT count(*) FROM attendance a JOIN event e
               ON e.kind = 'meeting.checked_in' AND e.subject = a.meeting
                  AND e.data ->> 'member' = a.member::text";
    let count = sqlx::query_scalar(sql).fetch_one(&mut *db.conn().await?).await?;
    platform.app.tenants.close().await;
    Ok(count)
}
