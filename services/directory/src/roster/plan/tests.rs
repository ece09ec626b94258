use super::{Existing, Known, Outcome, Person, counted};
use crate::roster::{
    branches,
    row::{Entry, Line},
    seen::Seen,
};
use time::{Date, macros::date};
use uuid::Uuid;

const BORN: Date = date!(1975 - 02 - 03);

fn line(number: u64, name: &str, card: Option<&str>, file: Option<&str>) -> Line {
    let entry = Entry {
        full_name: name.into(),
        name_sort: kernel::viet::name_sort_key(name),
        name_folded: kernel::viet::fold(name),
        birth_date: Some(BORN),
        sex: None,
        admitted_on: None,
        official_on: None,
        branch: 1,
        phone: None,
        standing: Some("official"),
        status: None,
        has_smartphone: None,
    };
    Line { number, card: card.map(Into::into), file: file.map(Into::into), entry: Ok(entry) }
}

fn with(mut line: Line, change: impl FnOnce(&mut Entry)) -> Line {
    change(line.entry.as_mut().unwrap());
    line
}

fn existing(id: u128, name: &str, card: Option<&str>, file: Option<&str>) -> Existing {
    Existing {
        id: Uuid::from_u128(id),
        name_folded: kernel::viet::fold(name),
        activated: false,
        administers: false,
        person: Person {
            organisation: branches::tests::some().get(1).id.0,
            full_name: name.into(),
            birth_date: Some(BORN),
            sex: Some("female".into()),
            admitted_on: None,
            official_on: None,
            card_number: card.map(Into::into),
            file_number: file.map(Into::into),
            phone: Some("0912345678".into()),
            standing: "official".into(),
            status: "active".into(),
            has_smartphone: true,
        },
    }
}

/// In a word: `+`, `=`, `~`, or the columns at fault.
fn decide(existing: &[Existing], lines: &[Line]) -> Vec<String> {
    let (known, branches) = (Known::new(existing), branches::tests::some());
    let mut seen = Seen::new(Uuid::nil());
    lines
        .iter()
        .map(|line| match known.decide(line, &mut seen, &branches) {
            Outcome::Added(_) => "+".to_owned(),
            Outcome::Changed(..) => "~".to_owned(),
            Outcome::Unchanged => "=".to_owned(),
            Outcome::Bad(problems) => {
                problems.iter().map(|p| p.column).collect::<Vec<_>>().join(",")
            }
        })
        .collect()
}

#[test]
fn the_unknown_are_added_with_the_defaults() {
    let (known, branches) = (Known::new(&[]), branches::tests::some());
    let outcome =
        known.decide(&line(2, "Lê Lan", Some("C1"), None), &mut Seen::new(Uuid::nil()), &branches);
    let Outcome::Added(person) = outcome else { panic!("{outcome:?}") };
    assert_eq!((person.status.as_str(), person.has_smartphone), ("active", false));
    let unsaid = with(line(3, "Lê Lan", Some("C2"), None), |e| e.standing = None);
    assert_eq!(decide(&[], &[unsaid]), ["Tình trạng"], "probationary or official must be said");
}

#[test]
fn the_same_again_is_unchanged_and_empty_cells_change_nothing() {
    let lan = existing(1, "Lê Lan", Some("C1"), Some("F1"));
    let sparse = with(line(2, "Lê Lan", None, Some("F1")), |e| {
        e.standing = None;
        e.birth_date = None;
    });
    assert_eq!(
        decide(std::slice::from_ref(&lan), &[line(2, "Lê Lan", Some("C1"), Some("F1"))]),
        ["="]
    );
    assert_eq!(decide(&[lan], &[sparse]), ["="]);
}

#[test]
fn what_differs_is_changed() {
    let lan = || existing(1, "Lê Lan", Some("C1"), Some("F1"));
    let base = || line(2, "Lê Lan", Some("C1"), Some("F1"));
    for changed in [
        with(base(), |e| e.branch = 2),
        with(base(), |e| e.phone = Some("0900000001".into())),
        with(base(), |e| e.has_smartphone = Some(false)),
        with(base(), |e| e.birth_date = Some(date!(1976 - 02 - 03))),
        with(line(2, "LÊ LAN", Some("C1"), Some("F1")), |_| ()),
        line(2, "Lê Thị Lan", Some("C1"), Some("F1")),
        line(2, "Lê Lan", Some("C9"), Some("F1")),
    ] {
        assert_eq!(decide(&[lan()], std::slice::from_ref(&changed)), ["~"], "{changed:?}");
    }
}

#[test]
fn a_number_twice_in_the_file_is_bad_the_second_time() {
    let (known, branches) = (Known::new(&[]), branches::tests::some());
    let mut seen = Seen::new(Uuid::nil());
    known.decide(&line(2, "Lê Lan", Some("C1"), None), &mut seen, &branches);
    let Outcome::Bad(problems) =
        known.decide(&line(9, "Lê Lan", Some("C1"), Some("F1")), &mut seen, &branches)
    else {
        panic!()
    };
    assert_eq!(problems[0].column, "Số thẻ đảng");
    assert!(problems[0].reason.contains("dòng 2"), "{problems:?}");
    let mut bad = line(3, "Lê Lan", Some("C1"), None);
    bad.entry = Err(Vec::new());
    assert_eq!(
        decide(&[], &[bad, line(4, "Lê Lan", Some("C1"), None)]),
        ["", "Số thẻ đảng"],
        "a bad row keeps its number"
    );
    let both =
        [line(2, "Lê Lan", Some("C1"), Some("F1")), line(3, "Lê Lan", Some("C1"), Some("F1"))];
    assert_eq!(decide(&[], &both), ["+", "Số thẻ đảng,Số lý lịch"]);
}

#[test]
fn one_member_under_two_numbers_is_a_repetition_too() {
    let lan = existing(1, "Lê Lan", Some("C1"), Some("F1"));
    let lines = [line(2, "Lê Lan", Some("C1"), None), line(3, "Lê Lan", None, Some("F1"))];
    assert_eq!(decide(&[lan], &lines), ["=", "Số lý lịch"]);
}

#[test]
fn a_number_of_somebody_else_is_bad() {
    let people = [
        existing(1, "Lê Lan", Some("C1"), Some("F1")),
        existing(2, "Vũ Minh", Some("C2"), Some("F2")),
    ];
    assert_eq!(
        decide(&people, &[line(2, "Lê Lan", Some("C2"), Some("F1"))]),
        ["Số thẻ đảng"],
        "two members meant"
    );
    let other = |birth| with(line(2, "Vũ Minh", None, Some("F1")), |e| e.birth_date = birth);
    assert_eq!(decide(&people, &[other(Some(date!(1980 - 01 - 01)))]), ["Số lý lịch"]);
    assert_eq!(decide(&people, &[other(None)]), ["Số lý lịch"], "nothing vouches for the new name");
    assert_eq!(decide(&people, &[other(Some(BORN))]), ["~"], "the date of birth does");
    let by_card = with(line(2, "Vũ Minh", Some("C1"), None), |e| e.birth_date = None);
    assert_eq!(decide(&people, &[by_card]), ["Số thẻ đảng"]);
}

#[test]
fn only_those_on_the_roll_count() {
    let mut person = existing(1, "Lê Lan", None, None).person;
    assert!(counted(&person, true).member && counted(&person, true).activated);
    person.status = "deceased".into();
    assert!(!counted(&person, true).member);
}
