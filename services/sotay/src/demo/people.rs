//! Synthetic members for demos and load tests.
//!
//! **No one here exists.** Names are drawn at random from lists of common ones
//! (well-known leaders' names are left out); numbers follow schemes that no
//! authority issues:
//!
//! - telephone numbers start with 050, 051, 053, 054 or 057. They have the form
//!   of a mobile number, and to our knowledge no operator has been given these
//!   blocks (unverified: never send anything to them);
//! - file numbers start with `SL-`;
//! - card numbers start with the two digits of the demo tenant.
//!
//! The same seed, tenant and day give the same people on every machine, and the
//! `n`-th person does not depend on how many others were asked for. File, card
//! and telephone numbers are unique within a tenant and between tenants by
//! construction: each is a permutation of the person's index inside a range of
//! the tenant's own.

mod chance;
mod names;

use chance::SplitMix64;
use names::full_name;
use time::{Date, Duration, Month};

/// How many people one tenant can have: more than Thanh Hóa, the largest
/// published membership (230,000).
pub const CAPACITY: u32 = 500_000;

/// How many tenants can have people: numbers 0 to 99.
pub const TENANTS: u8 = 100;

/// The day on which people are as old as they are, unless [`People::as_of`]
/// says otherwise: that of the reference scenario.
pub const DEFAULT_AS_OF: Date = time::macros::date!(2024 - 03 - 30);

/// The first three digits of telephone numbers, 10 million numbers each.
const PHONE_BLOCKS: [&str; 5] = ["050", "051", "053", "054", "057"];

/// Sex as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
}

impl Sex {
    /// `nam`, `nữ`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Male => "nam",
            Self::Female => "nữ",
        }
    }
}

/// Official or probationary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Chính thức.
    Official,
    /// Dự bị: admitted less than 12 months ago.
    Probationary,
}

impl Standing {
    /// `chính thức`, `dự bị`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Official => "chính thức",
            Self::Probationary => "dự bị",
        }
    }
}

/// Where a member stands in the life of the branch. Only the statuses of those
/// who still belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Đang sinh hoạt.
    Active,
    /// Sinh hoạt tạm thời: attends elsewhere for a while, counted here.
    TemporarilyElsewhere,
    /// Chờ chuyển.
    AwaitingTransfer,
    /// Miễn sinh hoạt: old or ill.
    Exempt,
    /// Đình chỉ.
    Suspended,
}

impl Status {
    /// As in the roster: `đang sinh hoạt`, `miễn sinh hoạt`, …
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Active => "đang sinh hoạt",
            Self::TemporarilyElsewhere => "sinh hoạt tạm thời",
            Self::AwaitingTransfer => "chờ chuyển",
            Self::Exempt => "miễn sinh hoạt",
            Self::Suspended => "đình chỉ",
        }
    }
}

/// One synthetic member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Which person of the tenant this is, from 0.
    pub index: u32,
    /// Family, middle and given name, NFC.
    pub full_name: String,
    /// Agrees with the name.
    pub sex: Sex,
    /// At least 18 years before the day in question.
    pub born_on: Date,
    /// Ngày vào Đảng; at the age of 18 or later.
    pub admitted_on: Date,
    /// Ngày chính thức: 12 months after admission; none while probationary.
    pub official_on: Option<Date>,
    /// Eight digits, in some rosters written `12.345678`; unique as digits.
    /// None while probationary.
    pub card_number: Option<String>,
    /// `SL-07-123456`; unique.
    pub file_number: String,
    /// Ten digits; unique.
    pub phone: String,
    /// Official or probationary.
    pub standing: Standing,
    /// Mostly [`Status::Active`].
    pub status: Status,
    /// Rarer with age.
    pub has_smartphone: bool,
}

/// The synthetic members of one tenant, one after the other.
///
/// ```text
/// let people: Vec<Person> = People::new(7).take(1000).collect();
/// ```
#[derive(Debug, Clone)]
pub struct People {
    seed: u64,
    tenant: u8,
    as_of: Date,
    next: u32,
}

impl People {
    /// The people of tenant 0.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, tenant: 0, as_of: DEFAULT_AS_OF, next: 0 }
    }

    /// The people of a tenant, whose numbers no other tenant has, whatever the
    /// seeds. `None` from [`TENANTS`] on.
    #[must_use]
    pub fn for_tenant(seed: u64, tenant: u8) -> Option<Self> {
        (tenant < TENANTS).then(|| Self { tenant, ..Self::new(seed) })
    }

    /// The same names and numbers, but of the same ages on another day. Years
    /// 1970 to 2200; other days change nothing.
    #[must_use]
    pub fn as_of(mut self, day: Date) -> Self {
        if (1970..=2200).contains(&day.year()) {
            self.as_of = day;
        }
        self
    }

    /// The person of that index, whoever has been asked for before; `None` from
    /// [`CAPACITY`] on.
    #[must_use]
    pub fn member(&self, index: u32) -> Option<Person> {
        if index >= CAPACITY {
            return None;
        }
        let mut random = SplitMix64(self.seed ^ (u64::from(self.tenant) << 32 | u64::from(index)));
        // One step more, so that neighbouring indices share no state.
        random.0 = random.next();

        let sex = if random.chance(340) { Sex::Female } else { Sex::Male };
        let probationary = random.chance(30);
        let age = if probationary { random.between(20, 36) } else { official_age(&mut random) };
        let full_name = full_name(&mut random, sex, age);
        let born_on = self.as_of - Duration::days(i64::from(age * 1461 / 4 + random.below(365)));
        let (admitted_on, official_on) = self.membership(&mut random, born_on, probationary);

        let number = self.number(index);
        let card_number = official_on.map(|_| {
            let dot = if random.chance(300) { "." } else { "" };
            format!("{:02}{dot}{:06}", self.tenant, number.card)
        });
        Some(Person {
            index,
            full_name,
            sex,
            born_on,
            admitted_on,
            official_on,
            card_number,
            file_number: format!("SL-{:02}-{:06}", self.tenant, number.file),
            phone: self.phone(number.phone),
            standing: if official_on.is_some() {
                Standing::Official
            } else {
                Standing::Probationary
            },
            status: status(&mut random, age, probationary),
            has_smartphone: random.chance(smartphone_per_mille(age)),
        })
    }

    /// The days of admission and of official membership.
    fn membership(
        &self,
        random: &mut SplitMix64,
        born: Date,
        probationary: bool,
    ) -> (Date, Option<Date>) {
        if probationary {
            // Less than 12 months ago, so still on probation.
            return (self.as_of - Duration::days(i64::from(random.between(1, 360))), None);
        }
        // Mostly in the twenties, sometimes as late as sixty, never later than
        // a year and a day ago. Two draws make a slope.
        let eldest = if random.chance(120) { 60 } else { 38 };
        let (one, other) =
            (random.between(18 * 366, eldest * 365), random.between(18 * 366, eldest * 365));
        let lately =
            u32::try_from((self.as_of - born).whole_days()).unwrap_or(0).saturating_sub(367);
        let mut at_age = one.min(other);
        if at_age > lately {
            at_age = random.between(18 * 366, lately.max(18 * 366 + 1));
        }
        let admitted = solemn_day(random, born, born + Duration::days(i64::from(at_age)));
        (admitted, Some(a_year_after(admitted)))
    }

    /// The three permutations: multiplication by a number without a factor in
    /// common with [`CAPACITY`] (2⁵·5⁶), and a shift by the seed.
    fn number(&self, index: u32) -> Numbers {
        let shift = SplitMix64(self.seed).next() % u64::from(CAPACITY);
        let permute = |factor: u64, salt: u64| {
            (u64::from(index) * factor + shift + salt) % u64::from(CAPACITY)
        };
        Numbers {
            card: permute(309_017, 0),
            file: permute(190_983, 104_729),
            phone: permute(381_967, 224_737),
        }
    }

    /// The telephone number in the tenant's half a million: 20 tenants a block.
    fn phone(&self, number: u64) -> String {
        let block = PHONE_BLOCKS[usize::from(self.tenant / 20)];
        let within = u64::from(self.tenant % 20) * u64::from(CAPACITY) + number;
        format!("{block}{within:07}")
    }
}

impl Iterator for People {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        let person = self.member(self.next)?;
        self.next += 1;
        Some(person)
    }
}

struct Numbers {
    card: u64,
    file: u64,
    phone: u64,
}

/// Half of admissions fall on a day that branches like to choose, if that keeps
/// the age of 18 and comes no later than drawn.
fn solemn_day(random: &mut SplitMix64, born: Date, drawn: Date) -> Date {
    const DAYS: [(Month, u8); 5] = [
        (Month::February, 3),
        (Month::May, 19),
        (Month::September, 2),
        (Month::November, 7),
        (Month::December, 22),
    ];
    if random.chance(500) {
        return drawn;
    }
    let (month, day) = DAYS[random.below_usize(DAYS.len())];
    match Date::from_calendar_date(drawn.year(), month, day) {
        Ok(solemn) if solemn <= drawn && solemn - born >= Duration::days(18 * 366) => solemn,
        _ => drawn,
    }
}

/// Twelve months later; of 29 February, 28 February.
fn a_year_after(day: Date) -> Date {
    day.replace_year(day.year() + 1).unwrap_or(day + Duration::days(365))
}

/// Completed years of an official member.
fn official_age(random: &mut SplitMix64) -> u32 {
    match random.below(100) {
        0..13 => random.between(21, 31),
        13..38 => random.between(31, 41),
        38..60 => random.between(41, 51),
        60..76 => random.between(51, 61),
        76..90 => random.between(61, 71),
        90..97 => random.between(71, 81),
        _ => random.between(81, 93),
    }
}

fn status(random: &mut SplitMix64, age: u32, probationary: bool) -> Status {
    let exempt = match age {
        _ if probationary => 0,
        ..60 => 2,
        60..70 => 15,
        70..80 => 120,
        _ => 550,
    };
    if random.chance(exempt) {
        return Status::Exempt;
    }
    match random.below(1000) {
        0..15 => Status::TemporarilyElsewhere,
        15..20 => Status::AwaitingTransfer,
        20 if !probationary => Status::Suspended,
        _ => Status::Active,
    }
}

fn smartphone_per_mille(age: u32) -> u32 {
    match age {
        ..40 => 998,
        40..60 => 988,
        60..70 => 950,
        70..80 => 840,
        _ => 550,
    }
}

#[cfg(test)]
mod tests {
    use super::names::NAMES;
    use super::*;
    use std::collections::HashSet;

    const MANY: u32 = 20_000;

    fn crowd() -> Vec<Person> {
        People::new(1).take(MANY as usize).collect()
    }

    fn years(from: Date, to: Date) -> i32 {
        to.year()
            - from.year()
            - i32::from((to.month() as u8, to.day()) < (from.month() as u8, from.day()))
    }

    /// How many of a thousand.
    fn share(people: &[Person], which: impl Fn(&Person) -> bool) -> usize {
        people.iter().filter(|person| which(person)).count() * 1000 / people.len()
    }

    #[test]
    fn the_same_seed_gives_the_same_people() {
        assert!(People::new(9).take(500).eq(People::new(9).take(500)));
        assert!(!People::new(9).take(500).eq(People::new(10).take(500)));
        let people = People::new(9);
        assert_eq!(people.member(321), people.clone().nth(321));
    }

    /// Fails when the generator changes: demos and screenshots then change too.
    #[test]
    fn people_stay_the_same_between_releases() {
        let names: Vec<String> = People::new(1).take(3).map(|person| person.full_name).collect();
        assert_eq!(names, ["Đặng Quốc Cường", "Nguyễn Hoàng Cường", "Võ Tấn Thắng"]);
    }

    #[test]
    fn numbers_are_unique_in_a_tenant_and_between_tenants() {
        let (mut phones, mut files, mut cards) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut carded = 0;
        for tenant in [0, 1, 19, 20, 99] {
            // Different seeds make no difference.
            for person in People::for_tenant(u64::from(tenant), tenant).unwrap().take(20_000) {
                assert!(phones.insert(person.phone));
                assert!(files.insert(person.file_number));
                if let Some(card) = person.card_number {
                    assert!(cards.insert(card.replace('.', "")));
                    carded += 1;
                }
            }
        }
        assert_eq!((phones.len(), files.len(), cards.len()), (100_000, 100_000, carded));
    }

    #[test]
    fn numbers_permute_the_whole_capacity() {
        let people = People::for_tenant(5, 42).unwrap();
        let size = CAPACITY as usize;
        let mut seen = [vec![false; size], vec![false; size], vec![false; size]];
        for index in 0..CAPACITY {
            let number = people.number(index);
            for (seen, number) in seen.iter_mut().zip([number.card, number.file, number.phone]) {
                let at = usize::try_from(number).unwrap();
                assert!(!std::mem::replace(&mut seen[at], true));
            }
        }
        assert!(people.member(CAPACITY - 1).is_some());
        assert!(people.member(CAPACITY).is_none());
        assert!(People::for_tenant(5, TENANTS).is_none());
    }

    #[test]
    fn numbers_have_their_form() {
        for person in People::for_tenant(2, 63).unwrap().take(2000) {
            assert!(
                person.phone.len() == 10 && person.phone.starts_with("054"),
                "{}",
                person.phone
            );
            assert!(person.phone.bytes().all(|b| b.is_ascii_digit()));
            assert!(person.file_number.len() == 12 && person.file_number.starts_with("SL-63-"));
            assert_eq!(person.card_number.is_some(), person.official_on.is_some());
            if let Some(card) = person.card_number {
                let digits = card.replacen('.', "", 1);
                assert!(digits.len() == 8 && digits.starts_with("63"), "{card}");
                assert!(card.len() == 8 || card.as_bytes()[2] == b'.', "{card}");
            }
        }
    }

    #[test]
    fn dates_agree_with_each_other() {
        for as_of in [
            DEFAULT_AS_OF,
            time::macros::date!(2024 - 02 - 29),
            time::macros::date!(2026 - 01 - 01),
        ] {
            for person in People::new(4).as_of(as_of).take(MANY as usize) {
                assert!((20..=93).contains(&years(person.born_on, as_of)), "{person:?}");
                assert!(years(person.born_on, person.admitted_on) >= 18, "{person:?}");
                if let Some(day) = person.official_on {
                    assert_eq!(person.standing, Standing::Official);
                    assert_eq!(day, a_year_after(person.admitted_on));
                    assert!(day <= as_of, "{person:?}");
                } else {
                    assert_eq!(person.standing, Standing::Probationary);
                    assert!(person.admitted_on < as_of, "{person:?}");
                    assert!(a_year_after(person.admitted_on) > as_of, "{person:?}");
                }
            }
        }
    }

    #[test]
    fn names_are_well_formed_and_agree_with_the_sex() {
        for person in crowd() {
            let words: Vec<&str> = person.full_name.split(' ').collect();
            assert!((2..=4).contains(&words.len()), "{}", person.full_name);
            assert!(words.iter().all(|word| word.chars().next().is_some_and(char::is_uppercase)));
            assert_eq!(
                words.iter().collect::<HashSet<_>>().len(),
                words.len(),
                "{}",
                person.full_name
            );
            assert!(!NAMES.known.contains(&person.full_name.as_str()));
            match person.sex {
                Sex::Male => assert!(!words.contains(&"Thị"), "{}", person.full_name),
                Sex::Female => assert!(!words.contains(&"Văn"), "{}", person.full_name),
            }
        }
    }

    #[test]
    fn frequencies_are_sensible() {
        let people = crowd();
        assert!((300..380).contains(&share(&people, |p| p.full_name.starts_with("Nguyễn "))));
        assert!((310..370).contains(&share(&people, |p| p.sex == Sex::Female)));
        assert!((20..40).contains(&share(&people, |p| p.standing == Standing::Probationary)));
        assert!(share(&people, |p| p.status == Status::Active) > 920);
        assert!(share(&people, |p| p.status == Status::Suspended) < 5);
        let (old, young): (Vec<_>, Vec<_>) =
            people.into_iter().partition(|p| years(p.born_on, DEFAULT_AS_OF) >= 70);
        assert!(share(&old, |p| p.has_smartphone) < 850);
        assert!(share(&young, |p| p.has_smartphone) > 970);
    }

    #[test]
    fn another_day_leaves_names_and_numbers() {
        let now = People::new(6).as_of(time::macros::date!(2026 - 01 - 01));
        for (one, other) in People::new(6).zip(now).take(1000) {
            assert_eq!((one.full_name, one.phone), (other.full_name, other.phone));
            assert!(one.born_on < other.born_on);
        }
        assert_eq!(People::new(6).as_of(Date::MIN).as_of, DEFAULT_AS_OF);
    }
}
