//! Five hundred tenants visited within a minute, on a database server that lets
//! in a hundred sessions.

use crate::{Result, Trouble, ground::Ground, http, people, process::Serving, report::Report};
use std::{sync::Arc, time::Instant};
use tokio::{sync::Semaphore, task::JoinSet};

const TENANTS: usize = 500;
const SESSIONS: u32 = 100;
/// Visitors at the same time.
const AT_ONCE: usize = 32;

pub async fn measure(report: &mut Report) -> Result<()> {
    let ground = Ground::with_sessions(SESSIONS).await?;
    ground.hurry(true).await?;
    let database = ground.database("many").await?;
    let admins = people::administered(&database, "don-vi", TENANTS).await?;
    ground.hurry(false).await?;
    let serving = Serving::start(&database).await?;

    let places = Arc::new(Semaphore::new(AT_ONCE));
    let began = Instant::now();
    let mut visits = JoinSet::new();
    for (tenant, token) in admins {
        let (places, port) = (places.clone(), serving.port);
        visits.spawn(async move {
            let _place = places.acquire().await?;
            let mut failed = 0_u32;
            for page in ["/", "/documents"] {
                failed += u32::from(http::get(port, &tenant, page, &token).await?.status != 200);
            }
            Ok::<_, Trouble>(failed)
        });
    }
    let mut failed = 0;
    while let Some(visit) = visits.join_next().await {
        failed += visit??;
    }
    let took = began.elapsed().as_secs_f64();
    let memory = serving.resident()?;
    drop(serving);
    ground.stop().await?;
    let name = "500 tenants visited, max_connections = 100";
    let note = format!("two pages each; {memory:.0} MB resident afterwards");
    report.alone(name, "s", took, Some(60.0), note);
    report.alone("  pages among them that failed", "", failed.into(), Some(0.0), "");
    if failed > 0 {
        return Err(format!("{failed} trang hỏng").into());
    }
    Ok(())
}
