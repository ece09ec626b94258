//! Twice as much as can be done, and one tenant beside another's flood.
//!
//! Beside a flood a request waits for its turn on cores that are all busy, with
//! the load generator among those who want them. With twelve places for a
//! tenant the 99th percentile was 3.5 to 7 times that of a quiet machine, with
//! twice the cores 1.2 to 1.8 times.

use crate::{
    Result,
    crowd::{self, Pace},
    ground::Database,
    people::{self, LARGE, People},
    process::Serving,
    report::{Goal, Report},
};
use std::sync::Arc;

/// More than ever wait.
const CONNECTIONS: usize = 4_096;
const SECONDS: u32 = 8;
/// Pages a second that a quiet tenant looks at.
const QUIET: f64 = 50.0;
/// Late is as good as never: of whom it took longer (in milliseconds), nobody
/// is still looking.
const LATE: f64 = 2_000.0;

pub async fn measure(database: &Database, people: &People, report: &mut Report) -> Result<()> {
    let room = ("SOTAY__CONNECTIONS__MOST".to_owned(), "20000".to_owned());
    let one = ("SOTAY__CONNECTIONS__PER_ADDRESS".to_owned(), "20000".to_owned());
    let mut neighbour = people::administered(database, "lang-gieng", 1).await?;
    let serving = Serving::with(database, &[], &[room, one]).await?;
    let list = |tenant: &str, token: &str| {
        format!(
            "GET /api/v1/documents HTTP/1.1\r\nHost: {tenant}.localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
    };
    let many: Arc<[String]> = people.members.iter().map(|one| list(LARGE, &one.token)).collect();

    let peak = Pace { rate: None, connections: 32, seconds: SECONDS };
    crowd::send(serving.port, &many, Pace { seconds: 2, ..peak }).await?;
    let most = crowd::send(serving.port, &many, peak).await?.rate(peak);
    let twice = Pace { rate: Some(2.0 * most), connections: CONNECTIONS, seconds: SECONDS };
    let mut seen = crowd::send(serving.port, &many, twice).await?;
    let p99 = seen.p99();
    seen.waits.retain(|wait| *wait <= LATE);
    let note = format!(
        "{:.0} a second asked for, {} of {} refused, p99 of the answered {p99:.0} ms",
        2.0 * most,
        seen.refused,
        seen.refused + seen.waits.len(),
    );
    let name = "goodput at twice the capacity, against the peak";
    report.pair(name, "1/s", (seen.rate(twice), most), Some(Goal::RatioAtLeast(0.8)), note);

    let (tenant, token) = neighbour.remove(0);
    let quiet: Arc<[String]> = [list(&tenant, &token)].into();
    let steady = Pace { rate: Some(QUIET), connections: 64, seconds: SECONDS };
    crowd::send(serving.port, &quiet, Pace { seconds: 1, ..steady }).await?;
    let alone = crowd::send(serving.port, &quiet, steady).await?.p99();
    let flooding = crowd::send(serving.port, &many, Pace { connections: 64, ..peak });
    let probing = crowd::send(serving.port, &quiet, steady);
    let (flooding, probing) = tokio::join!(flooding, probing);
    let note = format!("beside {:.0} answers a second to the other", flooding?.rate(peak));
    let figures = (probing?.p99(), alone);
    let name = "99th percentile of a tenant beside another's flood";
    report.pair(name, "ms", figures, Some(Goal::RatioAtMost(1.5)), note);
    Ok(())
}
