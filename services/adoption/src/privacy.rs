//! What levels above a branch may see of its figures: a number of people so
//! small that it points at them is not shown. Pure.

use serde::Serialize;
use utoipa::ToSchema;

/// How much of a unit's figures a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// All of them.
    All,
    /// That some members have yet to activate, and that they are few.
    Few,
    /// Nothing but the number of members: with it, a neighbour's few could be
    /// worked out from the total.
    Withheld,
}

/// One row of a table, as far as this rule is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Whether it is a branch that the reader is not the secretary of.
    pub guarded: bool,
    /// Members who have yet to activate.
    pub without: i64,
}

/// Decides for all rows of a table whose total is known to the reader. A single
/// hidden row would follow from the total, so the next smallest goes with it.
#[must_use]
pub fn shown(rows: &[Cell], below: i64) -> Vec<Shown> {
    let mut result: Vec<Shown> =
        rows.iter()
            .map(|row| {
                if row.guarded && (1..below).contains(&row.without) {
                    Shown::Few
                } else {
                    Shown::All
                }
            })
            .collect();
    if result.iter().filter(|shown| **shown == Shown::Few).count() == 1 {
        let partner = (0..rows.len())
            .filter(|at| result[*at] == Shown::All)
            .min_by_key(|at| (!rows[*at].guarded, rows[*at].without));
        if let Some(at) = partner {
            result[at] = Shown::Withheld;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{Cell, Shown, shown};
    use Shown::{All, Few, Withheld};

    fn guarded(counts: &[i64]) -> Vec<Cell> {
        counts.iter().map(|without| Cell { guarded: true, without: *without }).collect()
    }

    #[test]
    fn one_to_four_people_are_few_and_nobody_is_nobody() {
        assert_eq!(shown(&guarded(&[0, 1, 4, 5, 60]), 5), [All, Few, Few, All, All]);
    }

    #[test]
    fn a_single_hidden_row_takes_the_next_smallest_with_it() {
        assert_eq!(shown(&guarded(&[3, 9, 7, 12]), 5), [Few, All, Withheld, All]);
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
        let rows = [Cell { guarded: false, without: 1 }, Cell { guarded: false, without: 2 }];
        assert_eq!(shown(&rows, 5), [All, All]);
    }
}
