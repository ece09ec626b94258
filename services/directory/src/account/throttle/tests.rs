use super::{From, Throttle};
use kernel::{Error, TenantId};
use std::net::{IpAddr, Ipv4Addr};
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-03 11:00 UTC);

fn tenant(slug: &str) -> TenantId {
    TenantId::new(slug).unwrap()
}

fn address(n: u32) -> From {
    From::Address(IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + n)))
}

/// Makes wrong tries until one has to wait; says how many were made and how
/// many seconds the next has to wait.
fn exhaust(throttle: &Throttle, tenant: &TenantId, from: From, now: OffsetDateTime) -> (u32, u64) {
    for made in 0..1_000 {
        match throttle.password(tenant, "0912345678", from, now) {
            Ok(wrong) => drop(wrong),
            Err(Error::TooManyRequests(wait)) => return (made, wait.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }
    panic!("tries never run out");
}

#[test]
fn tries_run_out_for_one_login_of_one_tenant_only() {
    let throttle = Throttle::default();
    let (a, b) = (tenant("ha-noi"), tenant("hung-yen"));
    assert_eq!(exhaust(&throttle, &a, address(1), NOW), (10, 15));
    assert!(throttle.password(&a, "0912345679", address(1), NOW).is_ok());
    assert!(throttle.password(&b, "0912345678", address(1), NOW).is_ok());
    assert!(throttle.password(&a, "0912345678", address(2), NOW).is_ok(), "another address");
}

#[test]
fn many_addresses_get_no_more_tries_than_a_few() {
    let throttle = Throttle::default();
    let tenant = tenant("ha-noi");
    let made = (0..10_000)
        .filter(|n| throttle.password(&tenant, "0912345678", address(*n), NOW).map(drop).is_ok())
        .count();
    assert_eq!(made, 20);
    // A device that knows the account is not among them.
    assert_eq!(exhaust(&throttle, &tenant, From::Device([7; 8]), NOW), (10, 15));
}

#[test]
fn knocking_does_not_make_the_wait_longer_and_it_never_exceeds_a_quarter_of_an_hour() {
    let throttle = Throttle::default();
    let tenant = tenant("ha-noi");
    let mut now = NOW;
    let mut longest = 0;
    // Three days of an attacker who is never late.
    while now < NOW + Duration::days(3) {
        let (_, wait) = exhaust(&throttle, &tenant, address(1), now);
        longest = longest.max(wait);
        let later = now + Duration::seconds(i64::try_from(wait).unwrap());
        assert!(
            throttle.password(&tenant, "0912345678", address(1), later - Duration::SECOND).is_err()
        );
        now = later;
    }
    assert_eq!(longest, 900);
}

#[test]
fn the_right_password_clears_and_a_try_that_was_not_made_does_not_count() {
    let throttle = Throttle::default();
    let tenant = tenant("ha-noi");
    for _ in 0..100 {
        throttle
            .password(&tenant, "0912345678", address(1), NOW)
            .map(super::Try::not_made)
            .unwrap();
    }
    for _ in 0..9 {
        drop(throttle.password(&tenant, "0912345678", address(1), NOW).unwrap());
    }
    throttle.password(&tenant, "0912345678", address(1), NOW).map(super::Try::right).unwrap();
    assert_eq!(exhaust(&throttle, &tenant, address(1), NOW).0, 10);
}

#[test]
fn a_try_that_was_not_made_leaves_the_wait_where_it_was() {
    let throttle = Throttle::default();
    let tenant = tenant("ha-noi");
    assert_eq!(exhaust(&throttle, &tenant, address(1), NOW), (10, 15));
    let later = NOW + Duration::seconds(15);
    throttle.password(&tenant, "0912345678", address(1), later).map(super::Try::not_made).unwrap();
    assert_eq!(exhaust(&throttle, &tenant, address(1), later), (1, 30));
}

#[test]
fn a_flood_of_logins_and_addresses_stays_in_bounded_memory() {
    let throttle = Throttle::default();
    let tenant = tenant("ha-noi");
    for n in 0..400_000_u32 {
        let _ = throttle.code(&tenant, Ipv4Addr::from_bits(n).into(), NOW).map(drop);
    }
    assert!(throttle.lock().len() <= 200_000 + 4_096 + 1);
}
