//! What the dashboard and the alerts look at is there to be looked at.

use crate::{app::TestApp, run, telemetry_seen::private, telemetry_watch::watch};
use std::{collections::BTreeSet, path::Path};

const TENANT: &str = "thanh-hoa";

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/telemetry");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The names of our metrics in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("sotay_"))
        .map(ToOwned::to_owned)
        .collect()
}

/// Waits until the private page shows a number that fits.
async fn shown(app: &TestApp, series: &str, fits: impl Fn(u64) -> bool) {
    for _ in 0..600 {
        let (_, page) = private(app, "/metrics").await;
        let line = page.lines().find_map(|line| line.strip_prefix(series));
        if line.is_some_and(|number| fits(number.trim().parse().unwrap())) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{series} does not become what it should: {}", private(app, "/metrics").await.1);
}

#[test]
fn every_metric_that_is_drawn_or_alerted_on_is_measured() {
    run(async {
        watch().await;
        let app = TestApp::new().await;
        // Whatever happens rarely happens here: a fold that fails and recovers,
        // a limit, too much work, a part that is away.
        let mut background = app.platform.background();
        app.execute(TENANT, "ALTER TABLE fold_state RENAME TO fold_state_away").await;
        let mut admin = app.program(TENANT, "admin").await;
        assert_eq!(admin.get("/api/v1/account").await.status, 200);
        let series = |name: &str| format!("{name}{{tenant=\"{TENANT}\"}}");
        shown(&app, &series("sotay_fold_failures_total"), |count| count > 0).await;
        shown(&app, &series("sotay_outbox_rows"), |rows| rows > 0).await;
        app.execute(TENANT, "ALTER TABLE fold_state_away RENAME TO fold_state").await;
        shown(&app, &series("sotay_outbox_rows"), |rows| rows == 0).await;
        telemetry::count::refused("test", TENANT);
        telemetry::count::shed("test");
        telemetry::count::upstream_failed("test");

        let (_, page) = private(&app, "/metrics").await;
        let measured = metrics(&page);
        let alerts = read("alerts.yml");
        for name in metrics(&alerts).union(&metrics(&read("dashboard.json"))) {
            assert!(measured.contains(name), "{name} is not on\n{page}");
        }
        background.shutdown().await;

        // And whoever is woken by an alert finds it explained.
        let readme = read("README.md");
        let names = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
        assert!(names.clone().count() > 8);
        for name in names {
            assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in README.md");
        }
    });
}
