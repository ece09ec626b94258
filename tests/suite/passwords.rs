//! Guessing passwords and codes: hopeless, cheap for us, and nobody is locked
//! out by it.

use crate::{
    app::{PASSWORD, START, TestApp, login},
    browser::{Answer, Browser},
    run,
};
use gateway::{Limits, Proxies};
use serde_json::json;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};
use time::Duration;

/// A platform whose door lets everything through to the throttle behind it.
async fn open_door() -> TestApp {
    let mut app = TestApp::new().await;
    let limits = Limits::default().unreachable_rates();
    app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
    app
}

fn attacker(app: &TestApp, tenant: &str, n: u32) -> Browser {
    let mut program = app.visitor(tenant);
    program.peer = IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + n));
    program
}

async fn guess(program: &mut Browser, login: &str, password: &str) -> u16 {
    let input = json!({"login": login, "password": password});
    program.post_json("/api/v1/session", &input).await.status
}

async fn sign_in(browser: &mut Browser, who: &str) -> Answer {
    browser.get("/sign-in").await;
    browser.post("/session", &[("login", login(who)), ("password", PASSWORD)]).await
}

#[test]
fn ten_thousand_wrong_passwords_let_nobody_in_and_lock_nobody_out() {
    run(async {
        let app = open_door().await;
        let mut phone = app.browser("thanh-hoa", "member").await;
        phone.get("/").await;
        assert_eq!(phone.post("/sign-out", &[]).await.status, 303);
        let mut tablet = app.browser("thanh-hoa", "member").await;

        let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
        for n in 0..10_000 {
            let mut attacker = attacker(&app, "thanh-hoa", n);
            let status = guess(&mut attacker, login("member"), &format!("mật khẩu {n}")).await;
            *answers.entry(status).or_default() += 1;
            if n == 5_000 {
                // In the middle of it the owner comes back.
                assert_eq!(sign_in(&mut phone, "member").await.status, 303, "a known device");
                assert_eq!(tablet.get("/").await.status, 200, "whoever is in stays in");
                assert_eq!(sign_in(&mut app.visitor("thanh-hoa"), "neighbour").await.status, 303);
            }
        }
        // What reached the hash is what 20 free tries allow; all the rest cost nothing.
        assert_eq!(answers, BTreeMap::from([(422, 20), (429, 9_980)]));

        let mut new = app.visitor("thanh-hoa");
        let refused = sign_in(&mut new, "member").await;
        assert_eq!(refused.status, 429, "an unknown device waits with the strangers");
        assert!(refused.shows("máy đã từng đăng nhập") && refused.shows(login("member")));
        app.world.advance(Duration::minutes(15));
        assert_eq!(sign_in(&mut new, "member").await.status, 303, "soon after");
        // And with that the attack is forgotten.
        assert_eq!(sign_in(&mut app.visitor("thanh-hoa"), "member").await.status, 303);
    });
}

#[test]
fn an_attacker_who_never_gives_up_gets_four_tries_an_hour() {
    run(async {
        let app = open_door().await;
        let mut tried = 0;
        let mut n = 0;
        while app.world.now() < START + Duration::hours(6) {
            n += 1;
            let mut attacker = attacker(&app, "thanh-hoa", n);
            tried += u32::from(guess(&mut attacker, login("member"), "đoán mò thôi").await == 422);
            app.world.advance(Duration::seconds(30));
        }
        assert!(tried <= 20 + 6 + 6 * 4, "{tried} tries in six hours of {n}");
        assert_eq!(sign_in(&mut app.visitor("ha-noi"), "member").await.status, 303);
    });
}

#[test]
fn a_prankster_at_one_address_does_not_keep_the_owner_out_from_another() {
    run(async {
        let app = open_door().await;
        let mut prankster = attacker(&app, "thanh-hoa", 1);
        for _ in 0..100 {
            guess(&mut prankster, login("member"), "đoán mò thôi").await;
        }
        assert_eq!(guess(&mut prankster, login("member"), PASSWORD).await, 429);
        assert_eq!(sign_in(&mut app.visitor("thanh-hoa"), "member").await.status, 303);
    });
}

#[test]
fn a_device_is_known_for_its_own_account_at_its_own_tenant() {
    run(async {
        let app = open_door().await;
        let mut phone = app.browser("thanh-hoa", "member").await;
        let mark = phone.cookies["device"].clone();
        phone.get("/").await;
        phone.post("/sign-out", &[]).await;
        assert!(phone.cookies.contains_key("device"), "signing out does not forget the device");
        for n in 0..30 {
            for tenant in ["thanh-hoa", "ha-noi"] {
                guess(&mut attacker(&app, tenant, n), login("member"), "đoán mò thôi").await;
                guess(&mut attacker(&app, tenant, n), login("neighbour"), "đoán mò thôi").await;
            }
        }
        let mut abroad = app.visitor("ha-noi");
        abroad.cookies.insert("device".into(), mark.clone());
        assert_eq!(sign_in(&mut abroad, "member").await.status, 429, "another tenant");
        assert_eq!(sign_in(&mut phone, "neighbour").await.status, 429, "another account");
        assert_eq!(sign_in(&mut phone, "member").await.status, 303);
        assert_eq!(phone.cookies["device"], mark, "one device, one mark");
        // A thief who has the device has its ten tries and no more.
        let mut thief = app.visitor("thanh-hoa");
        thief.cookies.insert("device".into(), mark);
        thief.get("/sign-in").await;
        let mut wrong = 0;
        for _ in 0..30 {
            let fields = [("login", login("member")), ("password", "đoán mò thôi")];
            wrong += u32::from(thief.post("/session", &fields).await.status == 422);
        }
        assert_eq!(wrong, 10);
    });
}

#[test]
fn a_flood_of_sign_ins_at_one_tenant_leaves_room_for_the_other() {
    run(async {
        let app = open_door().await;
        let mut flood = tokio::task::JoinSet::new();
        for n in 0..400 {
            let mut attacker = attacker(&app, "thanh-hoa", n);
            flood.spawn(async move {
                guess(&mut attacker, &format!("099{n:07}"), "đoán mò thôi").await
            });
        }
        tokio::task::yield_now().await;
        assert_eq!(sign_in(&mut app.visitor("ha-noi"), "member").await.status, 303);
        let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
        while let Some(status) = flood.join_next().await {
            *answers.entry(status.unwrap()).or_default() += 1;
        }
        assert_eq!(answers.keys().copied().collect::<Vec<_>>(), [422, 503], "{answers:?}");
    });
}

#[test]
fn guessing_codes_costs_no_hash_and_stops_no_slip_elsewhere() {
    run(async {
        let app = open_door().await;
        let member = app.member("thanh-hoa", "far").await;
        let mut admin = app.program("thanh-hoa", "admin").await;
        let slips = admin.post_json(&format!("/api/v1/members/{member}/code"), &json!({})).await;
        let code = slips.json()["slips"][0]["code"].as_str().unwrap().to_owned();
        let mut attacker = attacker(&app, "thanh-hoa", 1);
        let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
        for n in 0..300 {
            let input = json!({"code": format!("{n:010}"), "password": "lúa chín vàng đồng"});
            let status = attacker.post_json("/api/v1/activate", &input).await.status;
            *answers.entry(status).or_default() += 1;
        }
        assert_eq!(answers, BTreeMap::from([(422, 60), (429, 240)]));
        // Behind the same address the rightful owner waits for seconds only.
        app.world.advance(Duration::seconds(10));
        let input = json!({"code": code, "password": "lúa chín vàng đồng"});
        assert_eq!(attacker.post_json("/api/v1/activate", &input).await.status, 200);
    });
}
