//! The reference scenario: Quảng Ngãi on 30 March 2024.
//!
//! Published are: 17 committees directly under the province, of which the 3 of
//! the armed forces are not counted; 55,795 members in the other 14, of whom
//! 51.5 thousand (92.3 %) had installed the app; Mộ Đức and Đức Phổ above 98 %;
//! Trà Bồng 86.8 %, Lý Sơn 83.9 %, Sơn Hà 73.6 % and Sơn Tây 71.5 %, the only
//! ones under 90 %. Everything else here is **synthetic**, made so that those
//! figures hold: the size of each committee, what the others reached, the
//! branches, the days.

use time::macros::date;
use time::{Date, Duration};

/// The day of the published figures, and the last of [`Committee::activated_on`].
pub const AS_OF: Date = date!(2024 - 03 - 30);

/// The first day on which anyone activates.
pub const STARTED_ON: Date = date!(2023 - 08 - 01);

/// A committee directly under the province.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committee {
    /// `mo-duc`.
    pub slug: &'static str,
    /// As in a table: `Mộ Đức`.
    pub short_name: &'static str,
    /// In full: `Đảng bộ huyện Mộ Đức`.
    pub name: &'static str,
    /// One of the three that targets leave out.
    pub armed_forces: bool,
    /// Members, probationary ones included.
    pub members: u32,
    /// Members who had activated by [`AS_OF`].
    pub activated: u32,
    /// Branches; 30 to 45 members each.
    pub branches: u32,
}

/// The 17 committees: the 14 counted ones, then the 3 of the armed forces.
pub const COMMITTEES: [Committee; 17] = [
    counted(
        "thanh-pho-quang-ngai",
        "Thành phố Quảng Ngãi",
        "Đảng bộ thành phố Quảng Ngãi",
        8703,
        8059,
        226,
    ),
    counted("binh-son", "Bình Sơn", "Đảng bộ huyện Bình Sơn", 6318, 5852, 172),
    counted("son-tinh", "Sơn Tịnh", "Đảng bộ huyện Sơn Tịnh", 3974, 3744, 109),
    counted("tu-nghia", "Tư Nghĩa", "Đảng bộ huyện Tư Nghĩa", 4726, 4479, 126),
    counted("nghia-hanh", "Nghĩa Hành", "Đảng bộ huyện Nghĩa Hành", 3618, 3423, 98),
    counted("mo-duc", "Mộ Đức", "Đảng bộ huyện Mộ Đức", 4871, 4793, 131),
    counted("duc-pho", "Đức Phổ", "Đảng bộ thị xã Đức Phổ", 4763, 4677, 129),
    counted("ba-to", "Ba Tơ", "Đảng bộ huyện Ba Tơ", 3294, 3007, 101),
    counted("minh-long", "Minh Long", "Đảng bộ huyện Minh Long", 1243, 1129, 38),
    counted("son-ha", "Sơn Hà", "Đảng bộ huyện Sơn Hà", 2693, 1982, 83),
    counted("son-tay", "Sơn Tây", "Đảng bộ huyện Sơn Tây", 1376, 984, 45),
    counted("tra-bong", "Trà Bồng", "Đảng bộ huyện Trà Bồng", 2817, 2445, 88),
    counted("ly-son", "Lý Sơn", "Đảng bộ huyện Lý Sơn", 987, 828, 26),
    counted(
        "khoi-co-quan-va-doanh-nghiep",
        "Khối Cơ quan và Doanh nghiệp",
        "Đảng bộ Khối Cơ quan và Doanh nghiệp tỉnh",
        6412,
        6096,
        158,
    ),
    armed("quan-su-tinh", "Quân sự tỉnh", "Đảng bộ Quân sự tỉnh", 1386, 0, 39),
    armed("cong-an-tinh", "Công an tỉnh", "Đảng bộ Công an tỉnh", 2148, 37, 61),
    armed(
        "bo-doi-bien-phong-tinh",
        "Bộ đội Biên phòng tỉnh",
        "Đảng bộ Bộ đội Biên phòng tỉnh",
        912,
        0,
        26,
    ),
];

const fn counted(
    slug: &'static str,
    short_name: &'static str,
    name: &'static str,
    members: u32,
    activated: u32,
    branches: u32,
) -> Committee {
    Committee { slug, short_name, name, armed_forces: false, members, activated, branches }
}

const fn armed(
    slug: &'static str,
    short_name: &'static str,
    name: &'static str,
    members: u32,
    activated: u32,
    branches: u32,
) -> Committee {
    Committee { slug, short_name, name, armed_forces: true, members, activated, branches }
}

/// The first day of each month of the rollout, its days, and how many of a
/// thousand activations were made by its end: slow, then fast, then slow.
const PACE: [(Date, u64, u64); 8] = [
    (date!(2023 - 08 - 01), 31, 40),
    (date!(2023 - 09 - 01), 30, 120),
    (date!(2023 - 10 - 01), 31, 270),
    (date!(2023 - 11 - 01), 30, 450),
    (date!(2023 - 12 - 01), 31, 640),
    (date!(2024 - 01 - 01), 31, 790),
    (date!(2024 - 02 - 01), 29, 890),
    (date!(2024 - 03 - 01), 30, 1000),
];

impl Committee {
    /// How many members each branch has, branch by branch. They differ by at
    /// most one and sum to [`Self::members`].
    pub fn branch_sizes(&self) -> impl Iterator<Item = u32> {
        let (each, left) = (self.members / self.branches, self.members % self.branches);
        (0..self.branches).map(move |branch| each + u32::from(branch < left))
    }

    /// The day on which the member who was the `index`-th to activate did so,
    /// counting from 0; `None` from [`Self::activated`] on. Days ascend with
    /// the index, from [`STARTED_ON`] to [`AS_OF`] at the latest.
    #[must_use]
    pub fn activated_on(&self, index: u32) -> Option<Date> {
        if index >= self.activated {
            return None;
        }
        let (index, all) = (u64::from(index) * 1000, u64::from(self.activated));
        let mut begun = 0;
        for (first, days, by_end) in PACE {
            if index < by_end * all {
                let day = (index - begun * all) * days / ((by_end - begun) * all);
                return Some(first + Duration::days(i64::try_from(day).ok()?));
            }
            begun = by_end;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The 14 that targets count.
    fn counted_committees() -> impl Iterator<Item = &'static Committee> {
        COMMITTEES.iter().filter(|committee| !committee.armed_forces)
    }

    /// Tenths of a percent, rounded half up.
    fn tenths(part: u32, whole: u32) -> u32 {
        (part * 2000 + whole) / (whole * 2)
    }

    fn reached(slug: &str) -> u32 {
        COMMITTEES.iter().find(|c| c.slug == slug).map(|c| tenths(c.activated, c.members)).unwrap()
    }

    #[test]
    fn the_published_totals_hold() {
        assert_eq!(COMMITTEES.len(), 17);
        assert_eq!(counted_committees().count(), 14);
        let members: u32 = counted_committees().map(|c| c.members).sum();
        let activated: u32 = counted_committees().map(|c| c.activated).sum();
        assert_eq!(members, 55_795);
        assert!((51_450..=51_549).contains(&activated), "{activated}");
        assert_eq!(tenths(activated, members), 923);
    }

    #[test]
    fn the_published_shares_hold() {
        assert!(reached("mo-duc") > 980);
        assert!(reached("duc-pho") > 980);
        assert_eq!(reached("tra-bong"), 868);
        assert_eq!(reached("ly-son"), 839);
        assert_eq!(reached("son-ha"), 736);
        assert_eq!(reached("son-tay"), 715);
        let named = ["mo-duc", "duc-pho", "tra-bong", "ly-son", "son-ha", "son-tay"];
        let others: Vec<_> = counted_committees().filter(|c| !named.contains(&c.slug)).collect();
        assert_eq!(others.len(), 8);
        for committee in others {
            assert!((900..980).contains(&reached(committee.slug)), "{}", committee.slug);
        }
    }

    #[test]
    fn the_armed_forces_hardly_take_part() {
        for committee in COMMITTEES.iter().filter(|c| c.armed_forces) {
            assert!(committee.members > 0);
            assert!(tenths(committee.activated, committee.members) < 50, "{}", committee.slug);
        }
    }

    #[test]
    fn committees_are_well_formed() {
        let slugs: HashSet<_> = COMMITTEES.iter().map(|c| c.slug).collect();
        let names: HashSet<_> = COMMITTEES.iter().map(|c| c.name).collect();
        assert_eq!((slugs.len(), names.len()), (17, 17));
        for committee in &COMMITTEES {
            assert!(committee.activated <= committee.members);
            assert!(committee.name.starts_with("Đảng bộ "));
            let (name, short) =
                (committee.name.to_lowercase(), committee.short_name.to_lowercase());
            assert!(name.trim_end_matches(" tỉnh").ends_with(short.trim_end_matches(" tỉnh")));
        }
    }

    #[test]
    fn branches_have_thirty_to_forty_five_members() {
        for committee in &COMMITTEES {
            assert_eq!(committee.branch_sizes().count(), committee.branches as usize);
            assert_eq!(committee.branch_sizes().sum::<u32>(), committee.members);
            assert!(committee.branch_sizes().all(|n| (30..=45).contains(&n)), "{}", committee.slug);
        }
    }

    #[test]
    fn activation_days_ascend_from_first_to_last() {
        for committee in &COMMITTEES {
            let days: Vec<Date> = (0..).map_while(|index| committee.activated_on(index)).collect();
            assert_eq!(days.len(), committee.activated as usize);
            assert!(days.is_sorted());
            assert!(days.iter().all(|day| (STARTED_ON..=AS_OF).contains(day)));
            assert_eq!(committee.activated_on(committee.activated), None);
            if !committee.armed_forces {
                assert_eq!(days.first(), Some(&STARTED_ON));
                assert_eq!(days.last(), Some(&AS_OF));
            }
        }
    }

    #[test]
    fn activation_keeps_the_pace() {
        let by = |day| -> u32 {
            let count = |c: &Committee| {
                (0..c.activated).filter(|&i| c.activated_on(i) <= Some(day)).count()
            };
            counted_committees().map(|c| u32::try_from(count(c)).unwrap()).sum()
        };
        let all = by(AS_OF);
        assert!((115..=125).contains(&(by(date!(2023 - 09 - 30)) * 1000 / all)));
        assert!((635..=645).contains(&(by(date!(2023 - 12 - 31)) * 1000 / all)));
    }
}
