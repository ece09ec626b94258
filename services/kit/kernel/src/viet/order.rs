//! Vietnamese order, as keys that are compared byte by byte.

use super::text::normalise;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The key of a text for Vietnamese order: printable ASCII, to be compared byte
/// by byte (in the database: a `text` column with `COLLATE "C"`).
///
/// Texts are compared word by word, as Vietnamese dictionaries do; words first
/// by their letters, then by their tone. Case is ignored. The key of a word is
/// its letters, then its tone:
///
/// - **letters**: `a ă â b c d đ e ê f g h i j k l m n o ô ơ p q r s t u ư v w
///   x y z`, where `ă` is written `a{`, `â` `a|`, `đ` `d{`, `ê` `e{`, `ô` `o{`,
///   `ơ` `o|`, `ư` `u{`. Nothing that can follow a letter is as high as `{`, so
///   all words in `a…` precede all words in `ă…`. Other marks are ignored.
/// - **numbers**: a run of digits counts as a number (`Chi bộ 2` precedes
///   `Chi bộ 10`): how many digits there are, then the digits. Numbers precede
///   letters.
/// - **tone**: `*` ngang, `+` huyền, `,` hỏi, `-` ngã, `.` sắc, `/` nặng. These
///   six precede the digits, so a word precedes the longer words that begin
///   with it. Where in the word the tone was placed makes no difference.
///
/// Everything else separates words, except apostrophes, which are ignored
/// (`H'Nia` is one word).
///
/// ```text
/// Tổ dân phố 2  →  to{,da|n*pho{.12*
/// ```
#[must_use]
pub fn sort_key(text: &str) -> String {
    let mut key = Key::default();
    for c in normalise(text).nfkd().flat_map(char::to_lowercase) {
        key.push(c);
    }
    key.finish()
}

/// The key of a person's name for Vietnamese order: by given name (the last
/// word), then by the rest from the left, each as in [`sort_key`], with a space
/// between the two.
///
/// `Nguyễn Văn Ánh` has `anh. nguye{n-va{n*`: it stands after every `… Anh` and
/// before every `… Ân`.
#[must_use]
pub fn name_sort_key(full_name: &str) -> String {
    let name = normalise(full_name);
    match name.rsplit_once(' ') {
        Some((rest, given)) => format!("{} {}", sort_key(given), sort_key(rest)),
        None => sort_key(&name),
    }
}

/// Builds a [`sort_key`] from decomposed lower-case characters.
#[derive(Default)]
struct Key {
    out: String,
    /// Digits of the number being read.
    digits: String,
    /// Tones of the word being read; well-formed words have at most one.
    tones: String,
    in_word: bool,
}

impl Key {
    fn push(&mut self, c: char) {
        if c.is_ascii_digit() {
            self.in_word = true;
            self.digits.push(c);
            return;
        }
        match c {
            'a'..='z' => self.letter(c, ""),
            'đ' => self.letter('d', "{"),
            'ƀ' => self.letter('b', ""),
            '\u{0302}' if self.out.ends_with(['e', 'o']) || self.out.ends_with('a') => {
                self.quality(if self.out.ends_with('a') { "|" } else { "{" });
            }
            '\u{0306}' if self.out.ends_with('a') => self.quality("{"),
            '\u{031B}' if self.out.ends_with('o') => self.quality("|"),
            '\u{031B}' if self.out.ends_with('u') => self.quality("{"),
            '\u{0300}' => self.tone('+'),
            '\u{0309}' => self.tone(','),
            '\u{0303}' => self.tone('-'),
            '\u{0301}' => self.tone('.'),
            '\u{0323}' => self.tone('/'),
            '\'' | '\u{2018}' | '\u{2019}' | '\u{02BC}' => {}
            c if is_combining_mark(c) => {}
            _ => self.end_word(),
        }
    }

    fn letter(&mut self, base: char, quality: &str) {
        self.end_number();
        self.in_word = true;
        self.out.push(base);
        self.out.push_str(quality);
    }

    /// A mark that makes another letter of the one just written.
    fn quality(&mut self, suffix: &str) {
        if self.in_word && self.digits.is_empty() {
            self.out.push_str(suffix);
        }
    }

    fn tone(&mut self, tone: char) {
        if self.in_word {
            self.tones.push(tone);
        }
    }

    fn end_number(&mut self) {
        if self.digits.is_empty() {
            return;
        }
        let value = match self.digits.trim_start_matches('0') {
            "" => "0",
            value => value,
        };
        // One digit says how many follow; from nine on, three more say it.
        match value.len() {
            count @ ..=8 => self.out.push_str(&count.to_string()),
            count => {
                let digits_of_count = (1000 + count.min(999)).to_string();
                self.out.push('9');
                self.out.push_str(&digits_of_count[1..]);
            }
        }
        self.out.push_str(value);
        self.digits.clear();
    }

    fn end_word(&mut self) {
        self.end_number();
        if self.in_word {
            if self.tones.is_empty() {
                self.tones.push('*');
            }
            self.out.push_str(&self.tones);
        }
        self.tones.clear();
        self.in_word = false;
    }

    fn finish(mut self) -> String {
        self.end_word();
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::{name_sort_key, sort_key};
    use unicode_normalization::UnicodeNormalization as _;

    /// Texts in the order in which their keys must stand.
    fn assert_ascending(texts: &[&str], key: impl Fn(&str) -> String) {
        for pair in texts.windows(2) {
            let (left, right) = (key(pair[0]), key(pair[1]));
            assert!(left < right, "{} ({left}) must precede {} ({right})", pair[0], pair[1]);
        }
    }

    #[test]
    fn letters_stand_in_the_order_of_the_alphabet() {
        let alphabet: Vec<&str> =
            "a ă â b c d đ e ê f g h i j k l m n o ô ơ p q r s t u ư v w x y z"
                .split(' ')
                .collect();
        assert_ascending(&alphabet, sort_key);
        // The difference counts before anything that follows.
        assert_ascending(&["ay", "ăn", "ẩn", "ba", "dư", "đa", "eo", "ếch", "ga"], sort_key);
        assert_ascending(&["oi", "ôi", "ơi", "pa", "uy", "ưa", "va"], sort_key);
        assert_ascending(&["can", "căn", "cân"], sort_key);
    }

    #[test]
    fn tones_stand_in_their_order_after_the_letters() {
        assert_ascending(&["ma", "mà", "mả", "mã", "má", "mạ", "mai"], sort_key);
        for base in ["à ả ã á ạ", "ằ ẳ ẵ ắ ặ", "ề ể ễ ế ệ", "ờ ở ỡ ớ ợ", "ừ ử ữ ứ ự", "ỳ ỷ ỹ ý ỵ"]
        {
            assert_ascending(&base.split(' ').collect::<Vec<_>>(), sort_key);
        }
    }

    #[test]
    fn words_are_compared_one_by_one() {
        assert_ascending(&["ba", "ba ba", "ba hoa", "bà", "bà ba", "bác"], sort_key);
        assert_ascending(&["Đại", "Đại An", "Đại hội", "Đạm"], sort_key);
    }

    #[test]
    fn numbers_stand_by_value() {
        assert_ascending(
            &[
                "Chi bộ 1",
                "Chi bộ 2",
                "Chi bộ 10",
                "Chi bộ 10A",
                "Chi bộ 10B",
                "Chi bộ 123456789",
                "Chi bộ 1234567890",
                "Chi bộ A",
            ],
            sort_key,
        );
        assert_eq!(sort_key("Tổ 02"), sort_key("Tổ 2"));
        assert_eq!(sort_key("0"), "10*");
        assert_ascending(&["0", "1"], sort_key);
    }

    #[test]
    fn sort_key_looks_as_documented() {
        assert_eq!(sort_key("Tổ dân phố 2"), "to{,da|n*pho{.12*");
        assert_eq!(sort_key("Đường Ươm"), "d{u{o|ng+u{o|m*");
        assert_eq!(sort_key(""), "");
        assert_eq!(sort_key(" - "), "");
        assert_eq!(sort_key("H'Nia"), sort_key("HNia"));
        assert_eq!(sort_key("xã An-Phú"), sort_key("xã An Phú"));
        assert_eq!(sort_key("hoà"), sort_key("HÒA"));
        // Marks on what carries none in Vietnamese are ignored.
        assert_eq!(sort_key("Čŏ ñ"), "co*n-");
        assert_eq!(sort_key("1\u{302}"), "11*");
    }

    #[test]
    fn sort_key_is_printable_ascii_whatever_it_gets() {
        for text in ["Nguyễn Thị Ánh", "日本 Ω ß ﬁ İ ½", "a\u{301}\u{300}", "\u{301}\u{302}x", "😀"]
        {
            let key = sort_key(text);
            assert!(key.bytes().all(|b| b.is_ascii_graphic()), "{text}: {key}");
        }
    }

    #[test]
    fn sort_key_agrees_however_the_text_was_typed() {
        for text in ["Nguyễn", "ƯỢM", "ẩm", "đặng"] {
            let decomposed: String = text.nfd().collect();
            assert_eq!(sort_key(text), sort_key(&decomposed));
        }
    }

    #[test]
    fn names_stand_by_given_name_then_the_rest() {
        assert_ascending(
            &[
                "Trần Văn An",
                "Hoàng Thị Anh",
                "Vũ Đức Anh",
                "Lê Thị Ánh",
                "Nguyễn Văn Ánh",
                "Nguyễn Thị Ân",
                "Bùi Văn Bình",
                "Đỗ Văn Dũng",
                "Cao Thị Đào",
                "Y Êban",
                "Nguyễn Thị Yến",
            ],
            name_sort_key,
        );
        assert_ascending(&["Lê Lan", "Lê Thị Lan", "Lê Thu Lan", "Lễ Lan"], name_sort_key);
        assert_eq!(name_sort_key("Nguyễn Văn Ánh"), "anh. nguye{n-va{n*");
        assert_eq!(name_sort_key("  Ánh "), "anh.");
        assert_eq!(name_sort_key(""), "");
        assert_eq!(name_sort_key("nguyễn  văn ÁNH"), name_sort_key("Nguyễn Văn Ánh"));
    }
}
