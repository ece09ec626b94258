//! A branch meets: announced, opened, checked in by QR and by hand, closed.

use crate::{app::TestApp, browser::Browser, run};
use serde_json::json;
use time::Duration;

const TENANT: &str = "thanh-hoa";
const MINUTE: &str = "Đánh giá tháng 10, giao nhiệm vụ tháng 11, chi bộ thống nhất.";

async fn laid_on(app: &TestApp, secretary: &mut Browser) -> String {
    let branch = app.unit(TENANT, "cb-1").await.to_string();
    let form = secretary.get("/meetings/new").await;
    assert!(
        form.shows("Sinh hoạt chi bộ thường kỳ tháng 12/2026") && form.shows("Chi bộ thôn Đông"),
        "{}",
        form.body
    );
    let fields = [
        ("organisation", branch.as_str()),
        ("kind", "regular"),
        ("title", ""),
        ("date", "3/11/2026"),
        ("time", "19h30"),
        ("place", "Nhà văn hóa thôn Đông"),
        ("agenda", "1. Đánh giá tháng 10\n2. Nhiệm vụ tháng 11"),
    ];
    let made = secretary.post("/meetings", &fields).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let again = secretary.post("/meetings", &fields).await;
    assert_eq!(made.location(), again.location(), "the same meeting sent twice is one");
    made.location().to_owned()
}

async fn code(secretary: &mut Browser, meeting: &str) -> String {
    let board = secretary.get(&format!("{meeting}/board")).await;
    assert_eq!(board.status, 200, "{}", board.body);
    board.body.split("st-checkin__code\">").nth(1).unwrap()[..6].to_owned()
}

/// A meeting of `cb-1` that is under way: its address in the API and its code.
pub async fn under_way(app: &TestApp, secretary: &mut Browser, tenant: &str) -> (String, String) {
    let branch = app.unit(tenant, "cb-1").await.to_string();
    let meeting = json!({"organisation": branch, "kind": "topical", "date": "03/11/2026", "time": "19:30", "place": "A"});
    let made = secretary.post_json("/api/v1/meetings", &meeting).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/api/v1/meetings/{}", made.json()["id"].as_str().unwrap());
    for step in ["announce", "open"] {
        let done = secretary.post_json(&format!("{path}/{step}"), &json!({})).await;
        assert_eq!(done.status, 200, "{step}: {}", done.body);
    }
    let board = secretary.get(&format!("{path}/board")).await.json();
    (path, board["code"].as_str().unwrap().to_owned())
}

#[test]
fn a_meeting_from_draft_to_minute() {
    run(async {
        let app = TestApp::new().await;
        let mut secretary = app.browser(TENANT, "secretary").await;
        let mut member = app.browser(TENANT, "member").await;
        let meeting = laid_on(&app, &mut secretary).await;

        assert_eq!(member.get(&meeting).await.status, 404, "a draft is the secretary's own");
        assert!(!member.get("/meetings").await.shows("tháng 11/2026"));
        assert!(secretary.get("/meetings").await.shows("Đang soạn"));
        let early = secretary.post(&format!("{meeting}/open"), &[]).await;
        assert_eq!(early.status, 409, "{}", early.body);

        for _ in 0..2 {
            assert_eq!(
                secretary.post(&format!("{meeting}/announce"), &[]).await.status,
                303,
                "twice is no error"
            );
        }
        let home = member.get("/").await;
        assert!(
            home.shows("tháng 11/2026") && home.shows("19:30, thứ ba 03/11/2026"),
            "{}",
            home.body
        );
        assert_eq!(member.get(&meeting).await.status, 200);
        assert_eq!(member.get(&format!("{meeting}/attendance")).await.status, 403);
        let mut neighbour = app.browser(TENANT, "neighbour").await;
        assert_eq!(neighbour.get(&meeting).await.status, 404, "another branch's meeting");
        let mut other = app.browser(TENANT, "secretary-2").await;
        for path in ["", "/attendance", "/board", "/board/count", "/close", "/attendance.xlsx"] {
            assert_eq!(other.get(&format!("{meeting}{path}")).await.status, 404, "{path}");
        }
        assert_eq!(other.post(&format!("{meeting}/open"), &[]).await.status, 404);

        app.world.advance(Duration::minutes(90));
        for _ in 0..2 {
            assert_eq!(secretary.post(&format!("{meeting}/open"), &[]).await.status, 303);
        }
        let code = code(&mut secretary, &meeting).await;
        assert!(secretary.get(&format!("{meeting}/board")).await.shows("Có mặt 0/3"));
        assert!(member.get("/").await.shows("/meetings/check-in"));

        // From the QR code: one button; looking changes nothing.
        let landed = member.get(&format!("/meetings/check-in?code={code}&via=qr")).await;
        assert!(landed.shows("Tôi có mặt") && !landed.shows("id=\"code\""), "{}", landed.body);
        assert_eq!(app.count(TENANT, "SELECT count(*) FROM attendance").await, 0);
        for _ in 0..2 {
            let here = member.post("/meetings/check-in", &[("code", &code), ("via", "qr")]).await;
            assert_eq!((here.status, here.location()), (303, meeting.as_str()), "{}", here.body);
        }
        assert!(
            member.get(&meeting).await.shows("không cần làm lại"),
            "the flash of the second time"
        );
        assert!(member.get(&meeting).await.shows("Đồng chí đã điểm danh lúc 19:30"));
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'meeting.checked_in'").await,
            1
        );
        let fragment = secretary.get(&format!("{meeting}/board/count")).await;
        assert!(fragment.shows("Có mặt 1/3") && !fragment.shows("<html"), "{}", fragment.body);

        // Wrong codes, and the right one in the wrong hands.
        neighbour.get("/meetings/check-in").await;
        for (browser, typed) in [(&mut member, "zzzzzz"), (&mut neighbour, code.as_str())] {
            let wrong = browser.post("/meetings/check-in", &[("code", typed)]).await;
            assert_eq!(wrong.status, 422);
            assert!(wrong.shows("Không có buổi sinh hoạt nào của chi bộ đồng chí mang mã này"));
        }
        let landed = neighbour.get(&format!("/meetings/check-in?code={code}&via=qr")).await;
        assert!(landed.status == 422 && !landed.shows("thôn Đông"), "{}", landed.body);

        // The secretary marks the probationer, first without a reason, then takes it back and checks in.
        let probationer = app.member(TENANT, "probationer").await.to_string();
        secretary.get(&format!("{meeting}/attendance")).await;
        let path = format!("{meeting}/attendance");
        let bad = secretary.post(&path, &[("member", &probationer), ("state", "excused")]).await;
        assert!(bad.status == 422 && bad.shows("hãy ghi lý do"), "{}", bad.body);
        let far = app.member(TENANT, "far").await.to_string();
        assert_eq!(
            secretary.post(&path, &[("member", &far), ("state", "present")]).await.status,
            404
        );
        for fields in [
            [("member", probationer.as_str()), ("state", "excused"), ("reason", "ốm")],
            [("member", probationer.as_str()), ("state", "present"), ("reason", "")],
            [("member", probationer.as_str()), ("state", "present"), ("reason", "")],
        ] {
            assert_eq!(secretary.post(&path, &fields).await.status, 303);
        }
        assert_eq!(
            app.count(
                TENANT,
                "SELECT count(*) FROM attendance WHERE via = 'assisted' AND assisted_by IS NOT NULL"
            )
            .await,
            1
        );
        assert_eq!(app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'meeting.checked_in' AND assisted_by IS NOT NULL").await, 1);
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'meeting.marked'").await,
            1
        );

        // Closing shows first who would stand absent: the secretary herself.
        app.world.advance(Duration::minutes(42));
        let form = secretary.get(&format!("{meeting}/close")).await;
        assert!(form.shows("mới diễn ra 42 phút") && form.shows("42-HD/BTCTW"), "{}", form.body);
        assert!(
            form.shows("1 đồng chí chưa điểm danh") && form.shows("Người secretary"),
            "{}",
            form.body
        );
        let shown = app.member(TENANT, "secretary").await.to_string();
        let path = format!("{meeting}/close");
        let short = secretary.post(&path, &[("minute", "Đã họp."), ("shown", &shown)]).await;
        assert!(
            short.status == 422 && short.shows("ít nhất 20 ký tự") && short.shows("Đã họp."),
            "{}",
            short.body
        );
        let unseen = secretary.post(&path, &[("minute", MINUTE), ("shown", "")]).await;
        assert!(unseen.status == 422 && unseen.shows("vừa thay đổi"), "{}", unseen.body);
        for _ in 0..2 {
            let closed = secretary.post(&path, &[("minute", MINUTE), ("shown", &shown)]).await;
            assert_eq!(
                (closed.status, closed.location()),
                (303, meeting.as_str()),
                "{}",
                closed.body
            );
        }
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'meeting.closed'").await,
            1
        );
        assert_eq!(
            app.count(
                TENANT,
                "SELECT count(*) FROM attendance WHERE state = 'absent' AND via = 'roll_call'"
            )
            .await,
            1
        );
        assert_eq!(
            secretary.get(&format!("{meeting}/board/count")).await.status,
            286,
            "the screen stops asking"
        );
        assert_eq!(secretary.get(&path).await.status, 409);
        assert_eq!(secretary.get(&format!("{meeting}/board")).await.status, 409);
        assert_eq!(secretary.post(&format!("{meeting}/cancel"), &[]).await.status, 409);
        let gone = secretary.post("/meetings/check-in", &[("code", &code)]).await;
        assert!(gone.status == 410 && gone.shows("đã kết thúc"), "{} {}", gone.status, gone.body);

        // Who sees what afterwards.
        assert!(member.get(&meeting).await.shows("giao nhiệm vụ tháng 11"));
        let mut committee = app.browser(TENANT, "committee").await;
        let list = committee.get("/meetings").await;
        assert!(list.shows("Chi bộ thôn Đông") && list.shows("có mặt dưới 5"), "{}", list.body);
        let seen = committee.get(&meeting).await;
        assert!(
            seen.status == 200 && !seen.shows("Người member") && !seen.shows("giao nhiệm vụ"),
            "{}",
            seen.body
        );
        assert_eq!(committee.get(&format!("{meeting}/attendance")).await.status, 403);
        let mut auditor = app.browser(TENANT, "auditor").await;
        assert!(auditor.get("/meetings").await.shows("tháng 11/2026"));
        let mut editor = app.browser(TENANT, "editor").await;
        assert!(
            !editor.get("/meetings").await.shows("tháng 11/2026"),
            "a member of the root is above nobody"
        );
        assert_eq!(editor.get(&meeting).await.status, 404);
        let sheet = secretary.get(&format!("{meeting}/attendance.xlsx")).await.rows();
        for name in ["Người secretary", "Người member", "Người probationer"] {
            assert!(sheet.iter().flatten().any(|cell| cell == name), "{name}: {sheet:?}");
        }
        let roll = secretary.get(&format!("{meeting}/attendance")).await;
        assert!(
            roll.shows("Người probationer")
                && !roll.shows("<form method=\"post\" action=\"/meetings"),
            "{}",
            roll.body
        );
        app.fold(TENANT).await;
    });
}

#[test]
fn the_same_by_program() {
    run(async {
        let app = TestApp::new().await;
        let mut secretary = app.program(TENANT, "secretary").await;
        let branch = app.unit(TENANT, "cb-1").await.to_string();
        let past = json!({"organisation": branch, "kind": "regular", "date": "02/11/2026", "time": "19:30", "place": "A"});
        let answer = secretary.post_json("/api/v1/meetings", &past).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.json()["errors"][0]["field"], "date");
        let elsewhere = app.unit(TENANT, "cb-2").await.to_string();
        let input = |branch: &str| json!({"organisation": branch, "kind": "topical", "date": "04/11/2026", "time": "19:30", "place": "A"});
        assert_eq!(secretary.post_json("/api/v1/meetings", &input(&elsewhere)).await.status, 404);
        let made = secretary.post_json("/api/v1/meetings", &input(&branch)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/meetings/{id}");
        let shown = secretary.get(&path).await.json();
        assert_eq!(
            (shown["state"].as_str(), shown["seat"].as_str()),
            (Some("draft"), Some("chair"))
        );
        assert_eq!(shown["starts_at"], "2026-11-04T12:30:00Z");
        let answer = secretary.post_json(&format!("{path}/announce"), &json!({})).await.json();
        assert_eq!(answer, json!({"state": "announced", "changed": true}));
        let answer = secretary.post_json(&format!("{path}/open"), &json!({})).await.json();
        assert_eq!(answer, json!({"state": "opened", "changed": true}));
        let board = secretary.get(&format!("{path}/board")).await.json();
        assert_eq!(
            board["tally"],
            json!({"summoned": 3, "present": 0, "excused": 0, "absent": 0, "exempt": 0})
        );
        let code = board["code"].as_str().unwrap().to_owned();
        let mut member = app.program(TENANT, "member").await;
        let answer = member
            .post_json("/api/v1/meetings/check-in", &json!({"code": code.to_lowercase()}))
            .await;
        assert_eq!(
            (answer.status, answer.json()["recorded"].as_bool()),
            (200, Some(true)),
            "{}",
            answer.body
        );
        let again =
            member.post_json("/api/v1/meetings/check-in", &json!({"code": code})).await.json();
        assert_eq!(
            (again["recorded"].as_bool(), again["state"].as_str()),
            (Some(false), Some("present"))
        );
        assert_eq!(
            secretary.get(&format!("{path}/board/count")).await.json()["tally"]["present"],
            1
        );
        let roll = secretary.get(&format!("{path}/attendance")).await.json();
        let absent: Vec<&str> = roll["roll"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| r["state"].is_null())
            .map(|r| r["member"].as_str().unwrap())
            .collect();
        let answer = secretary
            .post_json(
                &format!("{path}/close"),
                &json!({"minute": MINUTE, "shown": absent.join(" ")}),
            )
            .await
            .json();
        assert_eq!(
            answer["tally"],
            json!({"summoned": 3, "present": 1, "excused": 0, "absent": 2, "exempt": 0})
        );
        let shown = member.get(&path).await.json();
        assert_eq!(
            (shown["seat"].as_str(), shown["mine"].as_str()),
            (Some("summoned"), Some("present"))
        );
        assert!(
            shown["tally"].is_null() && shown["roll"].as_array().unwrap().is_empty(),
            "{shown}"
        );
        for bad in ["/api/v1/meetings/none", "/api/v1/meetings/none/board"] {
            assert_eq!(secretary.get(bad).await.status, 404, "{bad}");
        }
    });
}
