use super::{Cell, Count, PACK, Shown, is_close, rule, shown};
use Shown::{All, Few, Withheld};
use time::macros::date;

/// Branches of a hundred members, so many of whom lack something.
fn guarded(counts: &[i64]) -> Vec<Cell> {
    let cell = |without: &i64| Cell { guarded: true, with: 100 - without, without: *without };
    counts.iter().map(cell).collect()
}

#[test]
fn the_pack_is_read_and_says_its_source() {
    for rule in &PACK.small_cell {
        assert!(!rule.citation.is_empty());
        assert!(["A", "B", "C", "D"].contains(&rule.confidence.as_str()));
    }
    assert_eq!(rule(date!(2026 - 11 - 22)).map(|rule| rule.below), Some(5));
    assert!(rule(date!(2022 - 12 - 31)).is_none());
}

#[test]
fn one_to_four_people_are_few_and_nobody_is_nobody() {
    assert_eq!(shown(&guarded(&[0, 1, 4, 5, 60]), 5), [All, Few, Few, All, All]);
}

#[test]
fn a_few_who_have_it_are_few_as_well() {
    assert_eq!(shown(&guarded(&[97, 96, 95, 100, 50]), 5), [Withheld, Withheld, All, All, All]);
    let everybody = Cell { guarded: true, with: 4, without: 0 };
    assert_eq!(shown(&[everybody], 5), [All]);
}

#[test]
fn a_single_hidden_row_takes_the_next_smallest_with_it() {
    assert_eq!(shown(&guarded(&[3, 9, 7, 12]), 5), [Few, All, Withheld, All]);
    assert_eq!(shown(&guarded(&[98, 9, 7, 12]), 5), [Withheld, All, Withheld, All]);
    assert_eq!(shown(&guarded(&[3, 0, 0]), 5), [Few, Withheld, All]);
    assert_eq!(shown(&guarded(&[3]), 5), [Few], "no neighbour to hide behind");
}

#[test]
fn a_branch_is_hidden_rather_than_a_committee() {
    let mut rows = guarded(&[3, 50, 8]);
    rows[2].guarded = false;
    assert_eq!(shown(&rows, 5), [Few, Withheld, All]);
    rows[1].guarded = false;
    assert_eq!(shown(&rows, 5), [Few, All, Withheld], "for want of another branch");
}

#[test]
fn committees_and_ones_own_branch_are_shown_as_they_are() {
    let row = |without| Cell { guarded: false, with: 4_000, without };
    assert_eq!(shown(&[row(1), row(2)], 5), [All, All]);
}

#[test]
fn a_committee_that_stands_for_one_branch_is_as_close_as_it() {
    assert!(is_close(true, 3, 200, 5), "a branch, however large");
    assert!(is_close(false, 1, 200, 5), "a committee over one branch");
    assert!(is_close(false, 2, 9, 5), "nine people in two branches");
    assert!(!is_close(false, 2, 10, 5));
    assert!(!is_close(false, 2, 9, 0), "no rule, nothing is close but what is one");
}

#[test]
fn neither_a_part_nor_the_others_are_shown_when_few() {
    let part = |part, whole| Count::part(part, whole, 5).to_string();
    let seen = [part(0, 20), part(4, 20), part(5, 20), part(15, 20), part(16, 20), part(20, 20)];
    assert_eq!(seen, ["0", "dưới 5", "5", "15", "không nêu", "20"]);
    assert_eq!([part(0, 4), part(4, 4), part(0, 0)], ["dưới 5", "dưới 5", "0"]);
    assert_eq!(Count::part(1_200, 4_000, 5).to_string(), "1.200");
    assert_eq!(Count::part(3, 20, 0), Count::Exact(3), "without a rule all is shown");
    assert_eq!(
        [0, 1, 4, 5].map(|n| Count::whole(n, 5).to_string()),
        ["0", "dưới 5", "dưới 5", "5"]
    );
}
