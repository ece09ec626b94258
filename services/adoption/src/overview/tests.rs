use super::{Overview, as_of, build, topmost};
use crate::{
    report::{Own, Place, Report, compute},
    share::Counts,
};
use kernel::{OrgPath, OrganisationId, privacy::Shown};
use time::{Date, macros::date};
use uuid::Uuid;

const TODAY: Date = date!(2026 - 11 - 22);

fn path(text: &str) -> OrgPath {
    OrgPath(text.into())
}

fn place(at: &str, name: &str, kind: &str) -> Place {
    Place {
        id: OrganisationId(Uuid::nil()),
        kind: kind.into(),
        name: name.into(),
        path: path(at),
        current_path: path(at),
    }
}

fn commune() -> Report {
    let branch = "chi_bo_truc_thuoc";
    let children = vec![
        place("1.2.", "Chi bộ 1", branch),
        place("1.3.", "Chi bộ 2", branch),
        place("1.4.", "Chi bộ 3", branch),
        place("1.5.", "Chi bộ 4", branch),
    ];
    let own = |at: &str, members, activated| Own {
        path: path(at),
        counts: Counts { members, smartphones: members, activated },
    };
    let figures =
        [own("1.2.", 20, 18), own("1.3.", 20, 5), own("1.4.", 30, 20), own("1.5.", 10, 10)];
    compute(TODAY, place("1.", "Đảng bộ xã", "dang_bo_co_so"), children, &figures, vec![])
}

/// A commune of four branches, as its committee sees it.
pub(crate) fn seen_from_above() -> Overview {
    build(commune(), None, &[], TODAY, |_| true)
}

#[test]
fn above_the_branch_small_numbers_are_withheld() {
    let seen = seen_from_above();
    let rows: Vec<_> =
        seen.units.iter().map(|r| (r.name.as_str(), r.raw.not_activated_text(), r.named)).collect();
    assert_eq!(
        rows,
        [
            ("Chi bộ 2", "15".to_owned(), true),
            ("Chi bộ 3", "10".to_owned(), true),
            ("Chi bộ 1", "dưới 5".to_owned(), false),
            ("Chi bộ 4", "không nêu".to_owned(), false),
        ]
    );
    assert_eq!(seen.raw.shown, Shown::All, "a committee's own total is not a small cell");
    assert_eq!(seen.named(), ["Chi bộ 2 (25,0 %)", "Chi bộ 3 (66,7 %)"]);
}

#[test]
fn a_secretary_sees_the_own_branch_whole() {
    let branch = || {
        let counts = Counts { members: 20, smartphones: 20, activated: 18 };
        let figures = [Own { path: path("1.2."), counts }];
        compute(TODAY, place("1.2.", "Chi bộ 1", "chi_bo_truc_thuoc"), vec![], &figures, vec![])
    };
    let secretary = build(branch(), None, &[path("1.2.")], TODAY, |_| true);
    assert!(secretary.is_secretary && secretary.raw.not_activated == Some(2));
    let above = build(branch(), None, &[path("1.3.")], TODAY, |_| true);
    assert!(
        !above.is_secretary && above.raw.shown == Shown::Few && above.adjusted.activated.is_none()
    );
}

#[test]
fn a_branch_shows_of_itself_what_the_table_above_shows_of_it() {
    let id = |n: u128| OrganisationId(Uuid::from_u128(n));
    let mut above = commune();
    for (unit, n) in above.units.iter_mut().zip(1..) {
        unit.place.id = id(n);
    }
    // «Chi bộ 4» has nobody to hide, and hides «Chi bộ 1».
    let counts = Counts { members: 10, smartphones: 10, activated: 10 };
    let place = Place { id: id(4), ..place("1.5.", "Chi bộ 4", "chi_bo_truc_thuoc") };
    let branch =
        || compute(TODAY, place.clone(), vec![], &[Own { path: path("1.5."), counts }], vec![]);
    assert_eq!(build(branch(), Some(&above), &[], TODAY, |_| true).raw.shown, Shown::Withheld);
    let own = build(branch(), Some(&above), &[path("1.5.")], TODAY, |_| true);
    assert_eq!(own.raw.activated, Some(10), "its secretary sees it whole");
}

/// A province over two communes, one of which has a single branch.
fn province() -> Report {
    let children = vec![
        place("1.2.", "Đảng bộ xã Một", "dang_bo_co_so"),
        place("1.3.", "Đảng bộ xã Hai", "dang_bo_co_so"),
        place("1.4.", "Đảng bộ xã Ba", "dang_bo_co_so"),
    ];
    let own = |at: &str, members, activated| Own {
        path: path(at),
        counts: Counts { members, smartphones: members, activated },
    };
    let figures = [
        own("1.2.5.", 2000, 1999),
        own("1.2.6.", 2000, 1998),
        own("1.2.7.", 0, 0),
        own("1.3.8.", 30, 27),
        own("1.3.9.", 0, 0),
        own("1.4.10.", 25, 15),
        own("1.4.11.", 25, 15),
    ];
    compute(
        TODAY,
        place("1.", "Đảng bộ tỉnh", "dang_bo_truc_thuoc_trung_uong"),
        children,
        &figures,
        vec![],
    )
}

#[test]
fn a_committee_over_a_single_branch_is_kept_back_like_the_branch() {
    let seen = build(province(), None, &[], TODAY, |_| true);
    let rows: Vec<_> = seen.units.iter().map(|r| (r.name.as_str(), r.raw.shown)).collect();
    assert_eq!(
        rows,
        [
            ("Đảng bộ xã Một", Shown::All),
            ("Đảng bộ xã Ba", Shown::Withheld),
            ("Đảng bộ xã Hai", Shown::Few),
        ]
    );
    assert_eq!(seen.raw.activated, Some(4054), "the official total is exact");
    // On its own page it says no more.
    let own = |members, activated| Own {
        path: path("1.3.8."),
        counts: Counts { members, smartphones: members, activated },
    };
    let branch = place("1.3.8.", "Chi bộ Hai", "chi_bo_truc_thuoc");
    let commune = place("1.3.", "Đảng bộ xã Hai", "dang_bo_co_so");
    let alone = compute(TODAY, commune, vec![branch], &[own(30, 27)], vec![]);
    assert_eq!(build(alone, None, &[], TODAY, |_| true).raw.shown, Shown::Few);
}

#[test]
fn the_topmost_scope_is_the_default() {
    let scopes = ["1.4.27.", "1.40.", "1.4."].map(String::from).to_vec();
    assert_eq!(topmost(scopes), Some(path("1.4.")));
    assert_eq!(topmost(vec![]), None);
}

#[test]
fn a_date_is_today_or_earlier() {
    assert_eq!(as_of("", TODAY).ok(), Some(TODAY));
    assert_eq!(as_of("30/3/2024", TODAY).ok(), Some(date!(2024 - 03 - 30)));
    assert!(as_of("23/11/2026", TODAY).is_err());
    assert!(as_of("hôm nay", TODAY).is_err());
}
