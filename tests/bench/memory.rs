//! What it takes to be there: memory with fifty tenants at work, and the time
//! from the command to the first answer.

use crate::{
    Result, Trouble, ground::Ground, http, load::median, people, process::Serving, report::Report,
};
use tokio::task::JoinSet;

const TENANTS: usize = 50;
/// What somebody looks at in an evening.
const PAGES: [&str; 5] = ["/", "/documents", "/meetings", "/members", "/adoption"];
const STARTS: usize = 5;

pub async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    ground.hurry(true).await?;
    let database = ground.database("fifty").await?;
    let admins = people::administered(&database, "don-vi", TENANTS).await?;
    ground.hurry(false).await?;

    let mut took = Vec::new();
    for _ in 0..STARTS {
        took.push(Serving::start(&database).await?.took.as_secs_f64());
    }
    let name = "from `sotay serve` to ready, database there";
    report.alone(name, "s", median(took), Some(1.0), "until /readyz answers 200");

    let serving = Serving::start(&database).await?;
    let fresh = serving.resident()?;
    let mut visits = JoinSet::new();
    for (tenant, token) in admins {
        if visits.len() >= 16 {
            visits.join_next().await.transpose()?.transpose()?;
        }
        let port = serving.port;
        visits.spawn(async move {
            for page in PAGES {
                let answer = http::get(port, &tenant, page, &token).await?;
                if answer.status != 200 {
                    return Err(format!("{tenant} GET {page}: {}", answer.status).into());
                }
            }
            Ok::<_, Trouble>(())
        });
    }
    while let Some(visit) = visits.join_next().await {
        visit??;
    }
    let note = format!("{fresh:.0} MB before the first request; {} pages in each", PAGES.len());
    report.alone(
        "resident memory, 50 tenants touched",
        "MB",
        serving.resident()?,
        Some(150.0),
        note,
    );
    Ok(())
}
