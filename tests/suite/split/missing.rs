//! A part that is away.

use super::TENANT;
use crate::{app::TestApp, run};
use sotay::Part;
use std::time::{Duration, Instant};

/// What people call a part, and a page of its own; the gateway is always there.
fn shown(part: Part) -> Option<(&'static str, &'static str)> {
    match part {
        Part::Gateway => None,
        Part::Directory => Some(("Tổ chức và tài khoản", "/organisations")),
        Part::Documents => Some(("Văn bản", "/documents")),
        Part::Meetings => Some(("Sinh hoạt chi bộ", "/meetings")),
        Part::Adoption => Some(("Số liệu sử dụng", "/adoption")),
    }
}

#[test]
fn a_part_that_is_away_is_named_while_the_rest_works() {
    run(async {
        let (app, mut services) = TestApp::apart().await;
        let mut secretary = app.browser(TENANT, "secretary").await;
        let mut program = app.program(TENANT, "secretary").await;
        for part in Part::ALL {
            let Some((label, path)) = shown(part) else { continue };
            let named = format!("Phần «{label}» đang tạm dừng");
            assert_eq!(secretary.get(path).await.status, 200, "{path}");
            services.end(part).await;

            // Before the gateway has given it up and after, of reading and of writing.
            for _ in 0..4 {
                for missing in [secretary.get(path).await, secretary.post(path, &[]).await] {
                    assert_eq!(missing.status, 503, "{path}: {}", missing.body);
                    assert!(missing.shows(&named), "{path}: {}", missing.body);
                    assert!(missing.shows("Đảng bộ thanh-hoa"), "in the tenant's own frame");
                    assert!(missing.headers.contains_key("retry-after"));
                }
            }
            let problem = program.data(path).await;
            assert_eq!(problem.status, 503, "{path}: {}", problem.body);
            assert_eq!(problem.headers["content-type"], "application/problem+json");
            assert!(problem.json()["detail"].as_str().unwrap().starts_with(&named));
            assert!(problem.headers.contains_key("retry-after"));
            let others = Part::ALL.into_iter().filter(|other| *other != part).filter_map(shown);
            for other in others.map(|(_, path)| path).chain(["/"]) {
                assert_eq!(secretary.get(other).await.status, 200, "{other} without {label}");
            }

            services.begin(part).await;
            let since = Instant::now();
            while secretary.get(path).await.status != 200 {
                assert!(since.elapsed() < Duration::from_secs(10), "{path}: found again by itself");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    });
}
