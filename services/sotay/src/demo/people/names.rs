//! The names of people who do not exist, from the lists of `demo/names.txt`.

use super::{Sex, chance::SplitMix64};
use std::sync::LazyLock;

/// Names and how often they occur among each other.
type Weighted = Vec<(String, u32)>;

/// The lists of `demo/names.txt`.
pub(super) struct Names {
    family: Weighted,
    male: Taste,
    female: Taste,
    /// Full names never given.
    pub(super) known: Vec<&'static str>,
}

/// What one sex was and is called, apart from the family name.
struct Taste {
    older: MiddleAndGiven,
    younger: MiddleAndGiven,
}

struct MiddleAndGiven {
    middle: Weighted,
    given: Weighted,
}

pub(super) static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let given_and_middle = |sex: &str, age: &str| MiddleAndGiven {
        middle: weighted(&format!("{sex}-middle-{age}")),
        given: weighted(&format!("{sex}-given-{age}")),
    };
    let taste = |sex| Taste {
        older: given_and_middle(sex, "older"),
        younger: given_and_middle(sex, "younger"),
    };
    Names {
        family: weighted("family"),
        male: taste("male"),
        female: taste("female"),
        known: section("known").collect(),
    }
});

/// The lines of a section of `demo/names.txt`.
fn section(title: &str) -> impl Iterator<Item = &'static str> {
    include_str!("../../../demo/names.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .skip_while(move |line| line.strip_prefix('[') != Some(&format!("{title}]")))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
}

/// A section of names and weights: `Nguyễn 340  Trần 110`.
fn weighted(title: &str) -> Weighted {
    let words: Vec<&str> = section(title).flat_map(str::split_whitespace).collect();
    words
        .as_chunks()
        .0
        .iter()
        .filter_map(|[name, weight]| {
            let name = if *name == "-" { String::new() } else { name.replace('_', " ") };
            Some((name, weight.parse().ok()?))
        })
        .collect()
}

pub(super) fn full_name(random: &mut SplitMix64, sex: Sex, age: u32) -> String {
    // The turn of taste about 1975 is gradual.
    let older = random.between(38, 62) < age;
    let names = &*NAMES;
    let taste = match sex {
        Sex::Male => &names.male,
        Sex::Female => &names.female,
    };
    let taste = if older { &taste.older } else { &taste.younger };
    loop {
        let family = random.pick(&names.family);
        let (middle, given) = (random.pick(&taste.middle), random.pick(&taste.given));
        let name = if middle.is_empty() {
            format!("{family} {given}")
        } else {
            format!("{family} {middle} {given}")
        };
        // `Lê Thị Thu Thu`, `Mai Văn Mai`.
        let repeats =
            family == given || middle.split(' ').any(|word| word == given || word == family);
        if !repeats && !names.known.contains(&name.as_str()) {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn every_list_of_names_is_read() {
        assert_eq!((NAMES.family.len(), NAMES.known.len()), (36, 39));
        for taste in [&NAMES.male, &NAMES.female] {
            for names in [&taste.older, &taste.younger] {
                assert!(names.middle.len() > 10 && names.given.len() > 30);
                assert!(names.middle.iter().chain(&names.given).all(|(_, weight)| *weight > 0));
            }
        }
    }
}
