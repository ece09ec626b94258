//! How far a document has come in a unit, as those above it may see it.

use crate::store::UnitRow;
use kernel::privacy::Count;
use serde::Serialize;
use utoipa::ToSchema;

/// A unit below the reader's. Small numbers are null, and so are numbers from
/// which one would follow.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentUnit)]
pub struct Unit {
    pub(crate) name: String,
    #[schema(value_type = Option<i64>)]
    pub(crate) members: Count,
    #[schema(value_type = Option<i64>)]
    pub(crate) opened: Count,
    #[schema(value_type = Option<i64>)]
    pub(crate) acknowledged: Count,
}

impl Unit {
    /// `below` is the first number that is not too small to be shown.
    pub(crate) fn new(row: UnitRow, below: i64) -> Self {
        let UnitRow { name, members, opened, acknowledged } = row;
        let part = |part, whole| Count::part(part, whole, below);
        let read = part(acknowledged, members);
        Self {
            name,
            members: Count::whole(members, below),
            opened: part(opened, members),
            // Nor does the difference of the two columns tell of a few.
            acknowledged: match (read, part(acknowledged, opened)) {
                (Count::Exact(_), Count::Withheld) => Count::Withheld,
                _ => read,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;
    use crate::store::UnitRow;

    #[test]
    fn few_who_have_not_read_are_as_unseen_as_few_who_have() {
        let seen = |members, opened, acknowledged| {
            let row = UnitRow { name: String::new(), members, opened, acknowledged };
            let unit = Unit::new(row, 5);
            [unit.members, unit.opened, unit.acknowledged].map(|count| count.to_string())
        };
        assert_eq!(seen(20, 10, 5), ["20", "10", "5"]);
        assert_eq!(seen(20, 18, 10), ["20", "không nêu", "10"]);
        assert_eq!(seen(20, 10, 8), ["20", "10", "không nêu"]);
        assert_eq!(seen(20, 20, 17), ["20", "20", "không nêu"]);
        assert_eq!(seen(20, 3, 0), ["20", "dưới 5", "0"]);
        assert_eq!(seen(3, 2, 0), ["dưới 5", "dưới 5", "dưới 5"]);
        assert_eq!(seen(4_000, 3_500, 3_000), ["4.000", "3.500", "3.000"]);
    }
}
