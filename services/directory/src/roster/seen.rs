//! Which numbers a file has named so far.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasherDefault, DefaultHasher, Hash as _, Hasher as _},
};
use uuid::Uuid;

/// Remembers on which row a number first stood. It is the one thing of an
/// import that grows with the file: 16 bytes a number (and as much again in
/// spare room at worst), so some 15 MB for 230,000 rows with two numbers each.
///
/// Numbers are kept as 64-bit hashes under a key of the import. With half a
/// million of them the chance that any two differing ones meet is about one in
/// a hundred million; then a good row would be reported as a repetition.
pub(super) struct Seen {
    key: Uuid,
    rows: HashMap<u64, u32, BuildHasherDefault<DefaultHasher>>,
}

/// What kind of number it is.
#[derive(Clone, Copy, Hash)]
pub(super) enum Number {
    Card,
    File,
}

impl Seen {
    pub(super) fn new(key: Uuid) -> Self {
        Self { key, rows: HashMap::default() }
    }

    /// Says that a number stands on a row. Answers the earlier row on which it
    /// stood already; a row may claim its own number again.
    pub(super) fn claim(&mut self, kind: Number, number: &str, row: u64) -> Option<u64> {
        // Spreadsheets end at row 1,048,576, and the reader there too.
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        let mut hasher = DefaultHasher::new();
        (self.key.as_bytes(), kind, number).hash(&mut hasher);
        match self.rows.entry(hasher.finish()) {
            Entry::Occupied(first) => {
                Some(*first.get()).filter(|&first| first != row).map(u64::from)
            }
            Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Seen};
    use uuid::Uuid;

    #[test]
    fn the_first_row_keeps_the_number() {
        let mut seen = Seen::new(Uuid::nil());
        assert_eq!(seen.claim(Number::Card, "1", 2), None);
        assert_eq!(seen.claim(Number::File, "1", 3), None, "another kind of number");
        assert_eq!(seen.claim(Number::Card, "1", 4), Some(2));
        assert_eq!(seen.claim(Number::Card, "1", 5), Some(2), "still the first");
        assert_eq!(seen.claim(Number::Card, "1", 2), None, "a batch may be tried again");
    }
}
