//! The units of the tenant, by the codes that people write.

use crate::organisation::Kind;
use kernel::OrganisationId;
use std::collections::HashMap;
use time::Date;

/// A unit that a row may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    pub id: OrganisationId,
    pub code: String,
    pub name: String,
    /// As in `organisation.kind`.
    pub kind: String,
    pub dissolved_on: Option<Date>,
}

impl Branch {
    /// Whether members belong to units of this kind.
    pub(super) fn has_members(&self) -> bool {
        self.kind.parse::<Kind>().is_ok_and(Kind::has_members)
    }

    /// Whether it no longer is on that day.
    pub(super) fn is_dissolved(&self, on: Date) -> bool {
        self.dissolved_on.is_some_and(|dissolved| dissolved <= on)
    }
}

/// All units. Some hundred bytes each: a province has some ten thousand.
pub(super) struct Branches {
    all: Vec<Branch>,
    exact: HashMap<String, usize>,
    /// By letters and digits alone; none where two units would be meant.
    loose: HashMap<String, Option<usize>>,
}

impl Branches {
    pub(super) fn new(all: Vec<Branch>) -> Self {
        let mut exact = HashMap::with_capacity(all.len());
        let mut loose = HashMap::with_capacity(all.len());
        for (index, branch) in all.iter().enumerate() {
            exact.insert(branch.code.clone(), index);
            loose.entry(loosen(&branch.code)).and_modify(|one| *one = None).or_insert(Some(index));
        }
        Self { all, exact, loose }
    }

    /// The unit with a code, however it is grouped: `01.002.003` and `01 002
    /// 003` are one, and so is `1002003`, which a spreadsheet makes of it. A
    /// code that could then mean two units means neither.
    pub(super) fn find(&self, code: &str) -> Option<usize> {
        self.exact.get(code).copied().or_else(|| self.loose.get(&loosen(code)).copied().flatten())
    }

    /// The unit that [`Branches::find`] found.
    pub(super) fn get(&self, index: usize) -> &Branch {
        &self.all[index]
    }
}

fn loosen(code: &str) -> String {
    let plain: String =
        code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    plain.trim_start_matches('0').to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Branch, Branches};
    use kernel::OrganisationId;
    use time::macros::date;
    use uuid::Uuid;

    pub(in super::super) fn some() -> Branches {
        let unit = |id: u128, code: &str, name: &str, kind: &str| Branch {
            id: OrganisationId(Uuid::from_u128(id)),
            code: code.into(),
            name: name.into(),
            kind: kind.into(),
            dissolved_on: None,
        };
        let old = Branch {
            dissolved_on: Some(date!(2025 - 07 - 01)),
            ..unit(4, "01.009", "Chi bộ cũ", "chi_bo_co_so")
        };
        Branches::new(vec![
            unit(1, "01.000", "Đảng bộ xã Thử", "dang_bo_co_so"),
            unit(2, "01.001", "Chi bộ thôn Một", "chi_bo_truc_thuoc"),
            unit(3, "01.002", "Tổ đảng Hai", "to_dang"),
            old,
            unit(5, "0.77", "Chi bộ Năm", "chi_bo_co_so"),
            unit(6, "07.7", "Chi bộ Sáu", "chi_bo_co_so"),
        ])
    }

    #[test]
    fn codes_are_found_however_they_are_grouped_unless_two_could_be_meant() {
        let branches = some();
        let name = |code: &str| branches.find(code).map(|index| branches.get(index).name.as_str());
        for code in ["01.001", "01001", "01 001", "01-001", "1001"] {
            assert_eq!(name(code), Some("Chi bộ thôn Một"), "{code}");
        }
        assert_eq!(name("0.77"), Some("Chi bộ Năm"), "as written");
        assert_eq!(name("077"), None, "two units could be meant");
        assert_eq!(name("9"), None);
        assert_eq!(name(""), None);
    }
}
