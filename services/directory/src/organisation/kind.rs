//! What an organisation is, and what it may stand under. Pure.

use std::{fmt, str::FromStr};

/// The type of a node of the tree. Levels are never fixed: a type only says
/// what it cannot stand under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The Central Committee's own node; the root of the national tenant.
    Central,
    /// A province, city or bloc directly under the Central Committee.
    UnderCentral,
    /// A committee directly above the grass roots.
    AboveGrassRoots,
    /// A grass-roots committee: commune, ward, agency, enterprise.
    GrassRoots,
    /// A part of a grass-roots committee.
    Part,
    /// A branch that is itself a grass-roots organisation.
    GrassRootsBranch,
    /// A branch under a committee.
    Branch,
    /// A group inside a branch.
    Group,
}

impl Kind {
    /// Every type, from the top down.
    pub const ALL: [Kind; 8] = [
        Kind::Central,
        Kind::UnderCentral,
        Kind::AboveGrassRoots,
        Kind::GrassRoots,
        Kind::Part,
        Kind::GrassRootsBranch,
        Kind::Branch,
        Kind::Group,
    ];

    /// The name in SQL, JSON and roster files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Central => "trung_uong",
            Kind::UnderCentral => "dang_bo_truc_thuoc_trung_uong",
            Kind::AboveGrassRoots => "dang_bo_cap_tren_truc_tiep",
            Kind::GrassRoots => "dang_bo_co_so",
            Kind::Part => "dang_bo_bo_phan",
            Kind::GrassRootsBranch => "chi_bo_co_so",
            Kind::Branch => "chi_bo_truc_thuoc",
            Kind::Group => "to_dang",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Kind::Central => "Trung ương",
            Kind::UnderCentral => "Đảng bộ trực thuộc Trung ương",
            Kind::AboveGrassRoots => "Đảng bộ cấp trên trực tiếp cơ sở",
            Kind::GrassRoots => "Đảng bộ cơ sở",
            Kind::Part => "Đảng bộ bộ phận",
            Kind::GrassRootsBranch => "Chi bộ cơ sở",
            Kind::Branch => "Chi bộ trực thuộc",
            Kind::Group => "Tổ đảng",
        }
    }

    /// Whether it is a branch of either type.
    #[must_use]
    pub fn is_branch(self) -> bool {
        matches!(self, Kind::GrassRootsBranch | Kind::Branch)
    }

    /// Whether members have their home in organisations of this type.
    #[must_use]
    pub fn has_members(self) -> bool {
        self.is_branch() || self == Kind::Group
    }

    /// Whether it may stand directly under the other: always somewhere below
    /// it in the order of types, levels left out as need be, and groups only
    /// inside a branch.
    #[must_use]
    pub fn may_stand_under(self, parent: Kind) -> bool {
        if self == Kind::Group { parent.is_branch() } else { parent.height() > self.height() }
    }

    fn height(self) -> u8 {
        match self {
            Kind::Central => 6,
            Kind::UnderCentral => 5,
            Kind::AboveGrassRoots => 4,
            Kind::GrassRoots => 3,
            Kind::Part => 2,
            Kind::GrassRootsBranch | Kind::Branch => 1,
            Kind::Group => 0,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// The text names no type of organisation.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hãy chọn loại tổ chức.")
    }
}

impl std::error::Error for UnknownKind {}

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, UnknownKind};

    #[test]
    fn levels_may_be_left_out_but_not_turned_over() {
        assert!(Kind::GrassRoots.may_stand_under(Kind::UnderCentral), "a commune since 2025");
        assert!(Kind::GrassRoots.may_stand_under(Kind::AboveGrassRoots), "a commune before 2025");
        assert!(Kind::Branch.may_stand_under(Kind::Part));
        assert!(Kind::GrassRootsBranch.may_stand_under(Kind::UnderCentral));
        assert!(!Kind::AboveGrassRoots.may_stand_under(Kind::GrassRoots));
        assert!(!Kind::Branch.may_stand_under(Kind::GrassRootsBranch));
        assert!(!Kind::Part.may_stand_under(Kind::Branch));
        for kind in Kind::ALL {
            assert!(!Kind::Central.may_stand_under(kind), "nothing stands above the centre");
            assert!(!kind.may_stand_under(kind) && !kind.may_stand_under(Kind::Group));
        }
    }

    #[test]
    fn groups_stand_inside_branches_only() {
        assert!(Kind::Group.may_stand_under(Kind::Branch));
        assert!(!Kind::Group.may_stand_under(Kind::GrassRoots));
    }

    #[test]
    fn names_round_trip_and_members_live_in_branches() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("huyen_uy".parse::<Kind>(), Err(UnknownKind));
        assert!(Kind::Group.has_members() && !Kind::GrassRoots.has_members());
    }
}
