//! The organisations that demo tenants are built from.
//!
//! Two files, embedded in the binary:
//!
//! - `demo/units-2025.csv`: four provinces and their communes as they have been
//!   since 1 July 2025. Real names and official codes, public facts.
//! - `demo/khoi-cac-co-quan-trung-uong-2023.csv`: the 61 committees of the
//!   Central Agencies bloc in the four phases of its rollout (2 + 16 + 20 + 23,
//!   September to December 2023). The number of committees per phase is a fact;
//!   their names are neutral stand-ins, and that each phase took one month is
//!   our reading.

use time::{Date, Month};

const UNITS_2025: &str = include_str!("../../demo/units-2025.csv");
const CENTRAL_AGENCIES: &str = include_str!("../../demo/khoi-cac-co-quan-trung-uong-2023.csv");

/// The slug of the tenant that [`central_agencies`] belongs to.
pub const CENTRAL_AGENCIES_SLUG: &str = "khoi-cac-co-quan-trung-uong";

/// What an administrative unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// Tỉnh.
    Province,
    /// Thành phố trực thuộc trung ương.
    CentralCity,
    /// Xã.
    Commune,
    /// Phường.
    Ward,
    /// Đặc khu.
    SpecialZone,
}

impl UnitKind {
    /// Whether it is at the level of a province, with communes under it.
    #[must_use]
    pub fn is_province(self) -> bool {
        matches!(self, Self::Province | Self::CentralCity)
    }

    /// The word that precedes its name within a sentence: `xã`, `thành phố`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Province => "tỉnh",
            Self::CentralCity => "thành phố",
            Self::Commune => "xã",
            Self::Ward => "phường",
            Self::SpecialZone => "đặc khu",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "tỉnh" => Self::Province,
            "thành phố trung ương" => Self::CentralCity,
            "xã" => Self::Commune,
            "phường" => Self::Ward,
            "đặc khu" => Self::SpecialZone,
            _ => return None,
        })
    }
}

/// A province or a commune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdministrativeUnit {
    /// The slug of its province, itself included: `quang-ngai`.
    pub province_slug: &'static str,
    /// Its official number; see [`Self::official_code`].
    pub code: u32,
    /// What it is.
    pub kind: UnitKind,
    /// Its name without the word for its kind: `Tịnh Khê`, `Hà Nội`.
    pub name: String,
}

impl AdministrativeUnit {
    /// The official code with its leading zeros: two digits for a province,
    /// five for a commune.
    #[must_use]
    pub fn official_code(&self) -> String {
        if self.kind.is_province() {
            format!("{:02}", self.code)
        } else {
            format!("{:05}", self.code)
        }
    }

    /// The name of its Party organisation: `Đảng bộ xã Tịnh Khê`, `Đảng bộ
    /// thành phố Hà Nội`.
    #[must_use]
    pub fn party_organisation(&self) -> String {
        format!("Đảng bộ {} {}", self.kind.word(), self.name)
    }

    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.splitn(4, ',');
        let province_slug = fields.next()?;
        let code = fields.next()?.parse().ok()?;
        let kind = UnitKind::parse(fields.next()?)?;
        let full_name = fields.next()?;
        // The file writes `Xã Tịnh Khê`, `Thành phố Hà Nội`, but `Quảng Ngãi`.
        let capitalised = match kind {
            UnitKind::Province => "",
            UnitKind::CentralCity => "Thành phố ",
            UnitKind::Commune => "Xã ",
            UnitKind::Ward => "Phường ",
            UnitKind::SpecialZone => "Đặc khu ",
        };
        let name = full_name.strip_prefix(capitalised)?.to_owned();
        Some(Self { province_slug, code, kind, name })
    }
}

/// Every unit: each province, followed by its communes in the order of their
/// codes.
pub fn administrative_units() -> impl Iterator<Item = AdministrativeUnit> {
    UNITS_2025.lines().skip(1).filter_map(AdministrativeUnit::parse)
}

/// The communes of the province of that slug; none if this data does not hold it.
pub fn communes(slug: &str) -> impl Iterator<Item = AdministrativeUnit> {
    administrative_units()
        .filter(move |unit| !unit.kind.is_province() && unit.province_slug == slug)
}

/// A committee of the Central Agencies bloc in the rollout of 2023.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhasedCommittee {
    /// 1 to 4.
    pub phase: u8,
    /// The last day of the phase.
    pub due_on: Date,
    /// `01` to `61`.
    pub code: &'static str,
    /// A neutral name: `Đảng bộ cơ quan 01`.
    pub name: &'static str,
}

impl PhasedCommittee {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.splitn(4, ',');
        let phase = fields.next()?.parse().ok()?;
        let mut date = fields.next()?.splitn(3, '-');
        let year = date.next()?.parse().ok()?;
        let month = Month::try_from(date.next()?.parse::<u8>().ok()?).ok()?;
        let due_on = Date::from_calendar_date(year, month, date.next()?.parse().ok()?).ok()?;
        Some(Self { phase, due_on, code: fields.next()?, name: fields.next()? })
    }
}

/// The committees of the Central Agencies bloc, by phase.
pub fn central_agencies() -> impl Iterator<Item = PhasedCommittee> {
    CENTRAL_AGENCIES.lines().skip(1).filter_map(PhasedCommittee::parse)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use time::macros::date;

    use super::*;

    /// In the order of the file.
    const PROVINCES: [&str; 4] = ["thanh-hoa", "quang-ngai", "ha-noi", "hung-yen"];

    fn province(slug: &str) -> Option<AdministrativeUnit> {
        administrative_units().find(|unit| unit.kind.is_province() && unit.province_slug == slug)
    }

    #[test]
    fn every_line_is_read() {
        assert_eq!(administrative_units().count(), UNITS_2025.lines().count() - 1);
        assert_eq!(central_agencies().count(), CENTRAL_AGENCIES.lines().count() - 1);
    }

    #[test]
    fn provinces_have_all_their_communes() {
        let counts = PROVINCES.map(|slug| communes(slug).count());
        assert_eq!(counts, [166, 96, 126, 104]);
        assert!(PROVINCES.iter().all(|slug| province(slug).is_some()));
        assert_eq!(administrative_units().filter(|u| u.kind.is_province()).count(), 4);
        assert_eq!(communes("atlantis").count(), 0);
    }

    #[test]
    fn codes_are_unique_at_each_level() {
        let codes: HashSet<String> = administrative_units().map(|u| u.official_code()).collect();
        assert_eq!(codes.len(), administrative_units().count());
    }

    #[test]
    fn party_organisations_are_named_after_their_unit() {
        let name = |slug| province(slug).map(|u| (u.official_code(), u.party_organisation()));
        assert_eq!(name("ha-noi"), Some(("01".into(), "Đảng bộ thành phố Hà Nội".into())));
        assert_eq!(name("quang-ngai"), Some(("51".into(), "Đảng bộ tỉnh Quảng Ngãi".into())));
        let find = |slug, code| {
            communes(slug)
                .find(|u| u.code == code)
                .map(|u| (u.official_code(), u.party_organisation()))
        };
        assert_eq!(find("ha-noi", 70), Some(("00070".into(), "Đảng bộ phường Hoàn Kiếm".into())));
        assert_eq!(find("quang-ngai", 21211), Some(("21211".into(), "Đảng bộ xã Tịnh Khê".into())));
        assert!(communes("quang-ngai").any(|u| u.party_organisation() == "Đảng bộ đặc khu Lý Sơn"));
    }

    #[test]
    fn the_bloc_rolls_out_in_four_phases() {
        let per_phase: Vec<usize> =
            (1..=4).map(|phase| central_agencies().filter(|c| c.phase == phase).count()).collect();
        assert_eq!(per_phase, [2, 16, 20, 23]);
        assert_eq!(central_agencies().map(|c| c.name).collect::<HashSet<_>>().len(), 61);
        assert!(central_agencies().all(|c| c.name == format!("Đảng bộ cơ quan {}", c.code)));
        assert_eq!(central_agencies().next().map(|c| c.due_on), Some(date!(2023 - 09 - 30)));
        assert_eq!(central_agencies().last().map(|c| c.due_on), Some(date!(2023 - 12 - 31)));
    }
}
