//! The list of documents through the gateway, as a page and as JSON, beside
//! pgbench running the same statements.

use crate::{
    Result,
    ground::{Database, Ground},
    load::{self, ROUNDS, SECONDS, median},
    people::{LARGE, People, Somebody},
    process::Serving,
    report::{Goal, Report},
    statements,
};

const CONNECTIONS: u32 = 32;
/// Members whose statements pgbench repeats, one each round: with more at a time
/// no statement would be run often enough in a round to have its plan kept.
const SAMPLES: usize = ROUNDS;
const NAMES: [&str; 2] = [
    "document list, HTML, 32 connections, against its SQL in pgbench",
    "document list, JSON and bearer token, 32 connections, same",
];

pub async fn measure(
    ground: &Ground,
    database: &Database,
    people: &People,
    report: &mut Report,
) -> Result<()> {
    if !load::has_wrk().await {
        for name in NAMES {
            report.skipped(name, "wrk is not installed");
        }
        return Ok(());
    }
    let every = people.members.len() / SAMPLES;
    let samples: Vec<&Somebody> = people.members.iter().step_by(every).take(SAMPLES).collect();
    let scripts = statements::of(ground, database, "/api/v1/documents", &samples).await?;
    let statements = scripts[0].statements;

    let each = |request: &dyn Fn(&Somebody) -> String| -> String {
        people.members.iter().map(|member| load::request(&request(member), "")).collect()
    };
    let page = each(&|member| {
        let token = &member.token;
        format!(
            "GET /documents HTTP/1.1\nHost: {LARGE}.localhost\nAccept: text/html\nCookie: session={token}"
        )
    });
    let zipped = page.replace("Accept:", "Accept-Encoding: gzip\nAccept:");
    let json = each(&|member| {
        let token = &member.token;
        format!(
            "GET /api/v1/documents HTTP/1.1\nHost: {LARGE}.localhost\nAuthorization: Bearer {token}"
        )
    });

    let serving = Serving::start(database).await?;
    let url = format!("http://127.0.0.1:{}", serving.port);
    let role = format!("tn_{}", LARGE.replace('-', "_"));
    let mut refused = 0;
    let mut ours = async |requests: &str| -> Result<f64> {
        let seen = load::wrk(ground, &url, requests, CONNECTIONS, SECONDS).await?;
        refused += seen.refused;
        Ok(seen.rate)
    };
    load::warm(ground, &url, &page, CONNECTIONS).await?;
    let mut rates = [const { Vec::new() }; 4];
    for script in &scripts {
        rates[0].push(ours(&page).await?);
        rates[1].push(ours(&json).await?);
        rates[2].push(load::pgbench(ground, database, &role, script, SECONDS).await?);
        rates[3].push(ours(&zipped).await?);
    }
    let [page, json, against, zipped] = rates.map(median);
    let refused = load::refusals(refused);
    let note = format!("{statements} statements a request, of {SAMPLES} members{refused}");
    report.pair(NAMES[0], "1/s", (page, against), Some(Goal::RatioAtLeast(0.35)), &note);
    report.pair(NAMES[1], "1/s", (json, against), Some(Goal::RatioAtLeast(0.4)), &note);
    let name = "  the page once more, compressed as browsers ask for it";
    report.pair(name, "1/s", (zipped, against), None, "gzip");
    Ok(())
}
