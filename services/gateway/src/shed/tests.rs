use super::{Place, Rank, Shed};
use crate::limits::Places;
use kernel::TenantId;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

fn shed(total: usize, per_tenant: usize) -> Shed {
    Shed::new(Places { total, per_tenant })
}

fn tenant(slug: &str) -> TenantId {
    TenantId::new(slug).unwrap()
}

/// Somebody who notes their name when they are let in.
fn come(
    shed: &Shed,
    slug: &str,
    rank: Rank,
    name: &'static str,
    book: &tokio::sync::mpsc::UnboundedSender<(&'static str, Option<Place>)>,
) {
    let (shed, tenant, book) = (shed.clone(), tenant(slug), book.clone());
    tokio::spawn(async move {
        let place = shed.place(&tenant, rank).await.ok();
        let _ = book.send((name, place));
    });
}

/// What became of so many who came, by name.
async fn let_in(
    read: &mut tokio::sync::mpsc::UnboundedReceiver<(&'static str, Option<Place>)>,
    people: usize,
) -> BTreeMap<&'static str, bool> {
    let mut answers = BTreeMap::new();
    for _ in 0..people {
        let (name, place) = read.recv().await.unwrap();
        answers.insert(name, place.is_some());
    }
    answers
}

#[tokio::test]
async fn members_go_first_and_tenants_take_turns() {
    let shed = shed(1, 1);
    let held = shed.place(&tenant("aa"), Rank::Stranger).await.unwrap();
    let (book, mut read) = tokio::sync::mpsc::unbounded_channel();
    for (slug, rank, name) in [
        ("aa", Rank::Stranger, "a stranger"),
        ("aa", Rank::Member, "a member"),
        ("aa", Rank::Member, "a second member"),
        ("bb", Rank::Member, "a member of b"),
    ] {
        come(&shed, slug, rank, name, &book);
        tokio::task::yield_now().await;
    }
    drop(held);
    let mut order = Vec::new();
    for _ in 0..4 {
        let (name, place) = read.recv().await.unwrap();
        assert!(place.is_some());
        order.push(name);
    }
    assert_eq!(order, ["a member", "a member of b", "a second member", "a stranger"]);
}

#[tokio::test]
async fn a_tenant_at_its_share_leaves_the_rest_to_the_others() {
    let shed = shed(4, 2);
    let _two = (
        shed.place(&tenant("aa"), Rank::Member).await.unwrap(),
        shed.place(&tenant("aa"), Rank::Member).await.unwrap(),
    );
    let started = Instant::now();
    assert!(shed.place(&tenant("aa"), Rank::Member).await.is_err());
    assert!(started.elapsed() >= Duration::from_millis(900), "a burst is waited out");
    let started = Instant::now();
    let _other = shed.place(&tenant("bb"), Rank::Stranger).await.unwrap();
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn a_line_of_strangers_shortens_no_members_patience() {
    let shed = shed(1, 1);
    let held = shed.place(&tenant("aa"), Rank::Member).await.unwrap();
    let (book, mut read) = tokio::sync::mpsc::unbounded_channel();
    come(&shed, "aa", Rank::Stranger, "a stranger", &book);
    come(&shed, "aa", Rank::Stranger, "the last stranger", &book);
    tokio::time::sleep(super::INTERVAL + Duration::from_millis(50)).await;
    come(&shed, "aa", Rank::Member, "a member", &book);
    come(&shed, "aa", Rank::Member, "a second member", &book);
    tokio::time::sleep(Rank::Member.standing() + Duration::from_millis(50)).await;
    drop(held);
    let expected = [
        ("a member", true),
        ("a second member", true),
        ("a stranger", false),
        ("the last stranger", true),
    ];
    assert_eq!(let_in(&mut read, 4).await, expected.into());
}

#[tokio::test]
async fn a_standing_line_lets_go_of_who_waited_too_long_and_of_who_left() {
    let shed = shed(1, 1);
    let held = shed.place(&tenant("aa"), Rank::Member).await.unwrap();
    let (book, mut read) = tokio::sync::mpsc::unbounded_channel();
    come(&shed, "aa", Rank::Stranger, "too long", &book);
    come(&shed, "aa", Rank::Stranger, "last in line", &book);
    tokio::time::sleep(super::INTERVAL + Duration::from_millis(100)).await;
    let leaving = tokio::spawn({
        let shed = shed.clone();
        async move { shed.place(&tenant("aa"), Rank::Member).await.is_ok() }
    });
    come(&shed, "aa", Rank::Member, "in time", &book);
    tokio::task::yield_now().await;
    leaving.abort();
    assert!(leaving.await.is_err());
    drop(held);
    let expected = [("in time", true), ("last in line", true), ("too long", false)];
    assert_eq!(let_in(&mut read, 3).await, expected.into());
    let _free = shed.place(&tenant("aa"), Rank::Member).await.unwrap();
    let state = shed.lock();
    assert_eq!((state.taken, state.waiting), (1, 0));
}
