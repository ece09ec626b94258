//! A member: their standing, their status, and how they count.

use kernel::OrganisationId;
use serde::Serialize;
use std::collections::BTreeMap;

/// Probationary or official (dự bị, chính thức), as stored.
pub const STANDINGS: [(&str, &str); 2] = [("official", "Chính thức"), ("probationary", "Dự bị")];

/// How a member stands with their branch, as stored and as people say it.
pub const STATUSES: [(&str, &str); 9] = [
    ("active", "Đang sinh hoạt"),
    ("temporary", "Sinh hoạt tạm thời"),
    ("transferring", "Chờ chuyển sinh hoạt"),
    ("exempt", "Miễn sinh hoạt"),
    ("suspended", "Đình chỉ sinh hoạt"),
    ("transferred_out", "Đã chuyển đi"),
    ("left", "Ra khỏi Đảng"),
    ("removed", "Xóa tên"),
    ("deceased", "Từ trần"),
];

/// Whether a member with this status is on the roll: counted, and able to sign in.
#[must_use]
pub fn on_roll(status: &str) -> bool {
    matches!(status, "active" | "temporary" | "transferring" | "exempt" | "suspended")
}

/// The words for a stored standing or status.
#[must_use]
pub fn label(pairs: &[(&'static str, &'static str)], stored: &str) -> &'static str {
    pairs.iter().find(|(name, _)| *name == stored).map_or("", |(_, label)| label)
}

/// What one member adds to the figures of their branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The branch.
    pub organisation: OrganisationId,
    /// On the roll.
    pub member: bool,
    /// Owns a smartphone.
    pub smartphone: bool,
    /// Has an active account.
    pub activated: bool,
}

/// What changed in the figures, for the event that tells of it.
#[derive(Clone, Debug, Default)]
pub struct Deltas(BTreeMap<(OrganisationId, &'static str), i64>);

#[derive(Serialize)]
struct Delta {
    organisation: OrganisationId,
    measure: &'static str,
    amount: i64,
}

impl Deltas {
    /// Notes that somebody counted one way and now counts another.
    pub fn change(&mut self, before: Option<Counted>, after: Option<Counted>) {
        for (counted, sign) in [(before, -1), (after, 1)] {
            let Some(counted) = counted.filter(|c| c.member) else { continue };
            for (measure, applies) in [
                ("members", true),
                ("smartphones", counted.smartphone),
                ("activated", counted.activated),
            ] {
                if applies {
                    let key = (counted.organisation, measure);
                    let amount = self.0.entry(key).or_default();
                    *amount += sign;
                    if *amount == 0 {
                        self.0.remove(&key);
                    }
                }
            }
        }
    }

    /// Whether the figures are as they were.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the event carries them: a list under `deltas`.
    #[must_use]
    pub fn list(&self) -> impl Serialize + use<> {
        self.0
            .iter()
            .map(|(&(organisation, measure), &amount)| Delta { organisation, measure, amount })
            .collect::<Vec<_>>()
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Deltas, on_roll};
    use kernel::OrganisationId;
    use uuid::Uuid;

    #[test]
    fn a_move_takes_every_measure_along() {
        let (a, b) = (OrganisationId(Uuid::from_u128(1)), OrganisationId(Uuid::from_u128(2)));
        let here = Counted { organisation: a, member: true, smartphone: true, activated: false };
        let there = Counted { organisation: b, activated: true, ..here };
        let mut deltas = Deltas::default();
        deltas.change(Some(here), Some(there));
        assert_eq!(
            serde_json::to_string(&deltas.list()).unwrap(),
            format!(
                r#"[{{"organisation":"{a}","measure":"members","amount":-1}},{{"organisation":"{a}","measure":"smartphones","amount":-1}},{{"organisation":"{b}","measure":"activated","amount":1}},{{"organisation":"{b}","measure":"members","amount":1}},{{"organisation":"{b}","measure":"smartphones","amount":1}}]"#
            )
        );
    }

    #[test]
    fn no_change_leaves_nothing_and_leavers_do_not_count() {
        let here = Counted {
            organisation: OrganisationId(Uuid::nil()),
            member: true,
            smartphone: true,
            activated: true,
        };
        let mut deltas = Deltas::default();
        deltas.change(Some(here), Some(here));
        assert!(deltas.is_empty());
        deltas.change(Some(here), Some(Counted { member: false, ..here }));
        assert!(!deltas.is_empty());
        assert!(on_roll("exempt") && !on_roll("deceased"));
    }
}
