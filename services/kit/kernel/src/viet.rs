//! Vietnamese text, numbers, dates and telephone numbers: reading them as
//! people write them, and writing them as people read them. Pure functions.
//!
//! | function | stored or shown? | what it is for |
//! | --- | --- | --- |
//! | [`normalise`] | stored | the one form in which a name or title enters the database |
//! | [`fold`] | stored | search without diacritics |
//! | [`sort_key`], [`name_sort_key`] | stored | Vietnamese order under `COLLATE "C"` |
//! | [`normalise_phone`] | stored | one form for each telephone number |
//! | [`mask_phone`], `format_*` | shown | |

use std::fmt;

use time::{Date, Month, OffsetDateTime, UtcOffset};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The time zone of every date and time that people read: `Asia/Ho_Chi_Minh`,
/// which has been UTC+07:00 without daylight saving since 1975.
pub const HO_CHI_MINH: UtcOffset = time::macros::offset!(+7);

// ---------------------------------------------------------------------------
// Text

/// Brings a one-line text (name, title, code) to the form that is stored.
///
/// - Unicode NFC, so that `ê` + combining acute equals `ế`;
/// - every run of white space, no-break space included, becomes one space, and
///   none is left at either end;
/// - invisible characters (zero-width, soft hyphen, direction marks, control
///   characters) are removed;
/// - `Ð` (Icelandic eth) and `Ɖ` (African d), which old converters leave in
///   place of the identical-looking Vietnamese `Đ`, become `Đ`.
///
/// Idempotent. Not for texts of several lines: line breaks become spaces.
#[must_use]
pub fn normalise(text: &str) -> String {
    let visible: String = text.chars().filter(|&c| !is_invisible(c)).map(mend_letter).collect();
    let mut out = String::with_capacity(visible.len());
    for word in visible.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.nfc());
    }
    out
}

/// Characters that take no room and would make two equal-looking texts differ.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' |
        '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
    ) || (c.is_control() && !c.is_whitespace())
}

/// Letters that look like `Đ`/`đ` and are never meant in Vietnamese.
fn mend_letter(c: char) -> char {
    match c {
        '\u{00D0}' | '\u{0189}' => 'Đ',
        '\u{00F0}' | '\u{0256}' => 'đ',
        other => other,
    }
}

/// The search key of a text: [`normalise`]d, lower case, without diacritics,
/// `đ` as `d`.
///
/// Because no tone is left, the two ways of placing it (`hoà`, `hòa`) have the
/// same key. Punctuation stays; typographic apostrophes become `'`.
#[must_use]
pub fn fold(text: &str) -> String {
    normalise(text)
        .nfkd()
        .filter(|&c| !is_combining_mark(c))
        .flat_map(char::to_lowercase)
        // Lower-casing can itself yield a mark (`İ`).
        .filter(|&c| !is_combining_mark(c))
        .map(|c| match c {
            'đ' => 'd',
            'ƀ' => 'b', // Ba Na, Ê Đê
            '\u{2018}' | '\u{2019}' | '\u{02BC}' => '\'',
            other => other,
        })
        .collect()
}

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

/// The given name of a full name: its last word, empty if there is none.
#[must_use]
pub fn given_name(full_name: &str) -> &str {
    full_name.split_whitespace().next_back().unwrap_or("")
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

// ---------------------------------------------------------------------------
// Telephone numbers

/// Why a text is not a Vietnamese telephone number. Carries nothing of the
/// number, so it may be logged. Its `Display` is Vietnamese and says how to mend
/// the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneError {
    /// Nothing was given.
    Empty,
    /// It holds something other than digits and the usual separators.
    Character,
    /// It has this many digits, country code left out, zero restored.
    Length(usize),
    /// It does not start like a mobile (03, 05, 07, 08, 09) or landline (02).
    Prefix,
    /// A mobile number of eleven digits (01…), abolished in 2018.
    OldMobile,
}

impl fmt::Display for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("chưa có số điện thoại"),
            Self::Character => f.write_str(
                "số điện thoại chỉ gồm chữ số; mỗi ô chỉ ghi một số, không ghi thêm chữ",
            ),
            Self::Length(count) => write!(
                f,
                "số điện thoại có {count} chữ số; số di động có 10 chữ số, số cố định có 11 chữ số"
            ),
            Self::Prefix => f.write_str(
                "đầu số không đúng; số di động bắt đầu bằng 03, 05, 07, 08 hoặc 09, số cố định bằng 02",
            ),
            Self::OldMobile => f.write_str(
                "số di động 11 chữ số đã được đổi sang 10 chữ số từ năm 2018; hãy ghi số mới",
            ),
        }
    }
}

impl std::error::Error for PhoneError {}

/// Brings a telephone number to the form that is stored: `0912345678` for a
/// mobile (10 digits), `02553123456` for a landline (11 digits).
///
/// Spaces, dots, dashes and brackets are skipped; `+84`, `84`, `0084` and
/// `+84 (0)` become `0`; a number whose leading zero a spreadsheet has eaten
/// gets it back.
///
/// # Errors
/// [`PhoneError`] says what is wrong with the number.
pub fn normalise_phone(text: &str) -> Result<String, PhoneError> {
    let text = normalise(text);
    let mut digits = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if at == 0 => {}
            ' ' | '.' | '-' | '(' | ')' | '\u{2010}'..='\u{2015}' => {}
            _ => return Err(PhoneError::Character),
        }
    }
    if digits.is_empty() {
        return Err(PhoneError::Empty);
    }

    let number = national(&digits);
    match (&number.as_bytes()[..2], number.len()) {
        (b"03" | b"05" | b"07" | b"08" | b"09", 10) | (b"02", 11) => Ok(number),
        (b"01", 11) => Err(PhoneError::OldMobile),
        (b"02" | b"03" | b"05" | b"07" | b"08" | b"09", count) => Err(PhoneError::Length(count)),
        (_, 10 | 11) => Err(PhoneError::Prefix),
        (_, count) => Err(PhoneError::Length(count)),
    }
}

/// The number as dialled inside the country: `0`, then the rest. At least two
/// digits.
fn national(digits: &str) -> String {
    // By length, because 84… is also how 084… looks once its zero is eaten.
    let rest = digits
        .strip_prefix("0084")
        .or_else(|| digits.strip_prefix("84").filter(|rest| rest.len() >= 9))
        .unwrap_or(digits);
    let rest = rest.strip_prefix('0').unwrap_or(rest);
    if rest.is_empty() { "00".to_owned() } else { format!("0{rest}") }
}

/// A telephone number with only its first two and last three digits:
/// `09•• ••• 678`, `02•• •••• 678`. Of anything that is not a telephone number
/// nothing is shown: `••••`.
#[must_use]
pub fn mask_phone(phone: &str) -> String {
    let Ok(number) = normalise_phone(phone) else {
        return "••••".to_owned();
    };
    let middle = if number.len() == 11 { "••••" } else { "•••" };
    format!("{}•• {middle} {}", &number[..2], &number[number.len() - 3..])
}

// ---------------------------------------------------------------------------
// Dates

/// Why a text is not a date. Its `Display` is Vietnamese.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateError {
    /// Neither day/month/year nor year-month-day.
    Format,
    /// Written well, but the calendar has no such day.
    NoSuchDay,
}

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "hãy ghi ngày theo dạng ngày/tháng/năm, ví dụ 03/02/1990",
            Self::NoSuchDay => "lịch không có ngày này",
        })
    }
}

impl std::error::Error for DateError {}

/// Reads `03/02/1990`, `3/2/1990` (also with dots or dashes) as day, month,
/// year, and `1990-02-03` as year, month, day. The year has four digits.
///
/// # Errors
/// [`DateError`] if it is not written so, or if there is no such day.
pub fn parse_date(text: &str) -> Result<Date, DateError> {
    let text = normalise(text);
    let separator = ['/', '-', '.']
        .into_iter()
        .find(|&separator| text.contains(separator))
        .ok_or(DateError::Format)?;
    let parts: Vec<&str> = text.split(separator).map(str::trim).collect();
    let [first, second, third] = parts[..] else {
        return Err(DateError::Format);
    };
    let (year, month, day) = if first.len() == 4 && separator == '-' {
        (first, second, third)
    } else {
        (third, second, first)
    };
    if year.len() != 4 {
        return Err(DateError::Format);
    }
    let year = digits(year, 4)?;
    let month = u8::try_from(digits(month, 2)?).map_err(|_| DateError::Format)?;
    let day = u8::try_from(digits(day, 2)?).map_err(|_| DateError::Format)?;
    let month = Month::try_from(month).map_err(|_| DateError::NoSuchDay)?;
    Date::from_calendar_date(i32::from(year), month, day).map_err(|_| DateError::NoSuchDay)
}

/// A number of one to `most` ASCII digits and nothing else (no sign).
fn digits(text: &str, most: usize) -> Result<u16, DateError> {
    if text.is_empty() || text.len() > most || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateError::Format);
    }
    text.parse().map_err(|_| DateError::Format)
}

/// A date as people read it: `03/02/1990`.
#[must_use]
pub fn format_date(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), u8::from(date.month()), date.year())
}

/// A moment as people read it, in the time of [`HO_CHI_MINH`]:
/// `03/02/1990 19:30`.
#[must_use]
pub fn format_datetime(moment: OffsetDateTime) -> String {
    let local = moment.checked_to_offset(HO_CHI_MINH).unwrap_or(moment);
    format!("{} {:02}:{:02}", format_date(local.date()), local.hour(), local.minute())
}

// ---------------------------------------------------------------------------
// Figures

/// `part` of `whole` in tenths of a percent, rounded half up with whole
/// numbers only: 51,500 of 55,795 is 923. `None` if there is no share, because
/// `whole` is not positive or `part` is negative.
#[must_use]
pub fn percent_tenths(part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 || part < 0 {
        return None;
    }
    let (part, whole) = (i128::from(part), i128::from(whole));
    i64::try_from((part * 2000 + whole) / (whole * 2)).ok()
}

/// `part` of `whole` as people read it: `92,3 %`, and `—` where
/// [`percent_tenths`] has none.
#[must_use]
pub fn format_percent(part: i64, whole: i64) -> String {
    percent_tenths(part, whole)
        .map_or_else(|| "—".to_owned(), |tenths| format!("{},{} %", tenths / 10, tenths % 10))
}

/// A count as people read it, with a dot for each thousand: `55.795`.
#[must_use]
pub fn format_count(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if count < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    /// Texts in the order in which their keys must stand.
    fn assert_ascending(texts: &[&str], key: impl Fn(&str) -> String) {
        for pair in texts.windows(2) {
            let (left, right) = (key(pair[0]), key(pair[1]));
            assert!(left < right, "{} ({left}) must precede {} ({right})", pair[0], pair[1]);
        }
    }

    #[test]
    fn normalise_brings_equal_looking_texts_together() {
        // Decomposed, and the half-composed form of the old Windows code page.
        assert_eq!(normalise("Nguye\u{0302}\u{0303}n"), "Nguyễn");
        assert_eq!(normalise("Nguy\u{ea}\u{0303}n"), "Nguyễn");
        assert_eq!(normalise("vie\u{0323}\u{0302}t"), "việt");
        assert_eq!(normalise("  Lê\u{a0}\u{a0}Thị \t Lan\r\n"), "Lê Thị Lan");
        assert_eq!(normalise("\u{feff}Lê\u{200b} \u{200b}Lan\u{200f}"), "Lê Lan");
        assert_eq!(normalise("e\u{200b}\u{0302}"), "ê");
        assert_eq!(normalise("a\0b"), "ab");
        assert_eq!(normalise("\u{d0}inh \u{f0}ức"), "Đinh đức");
        assert_eq!(normalise(" \u{a0}\u{200b} "), "");
    }

    #[test]
    fn normalise_is_idempotent() {
        for text in ["  Đỗ  Thị\u{a0}Hoà ", "e\u{200b}\u{0302}\u{0301}", "", "H’Nia Ƀ"] {
            let once = normalise(text);
            assert_eq!(normalise(&once), once);
        }
    }

    #[test]
    fn fold_forgets_diacritics_and_case() {
        assert_eq!(fold("Nguyễn Văn ÁNH"), "nguyen van anh");
        assert_eq!(fold("ĐẶNG Đức Đạt"), "dang duc dat");
        assert_eq!(fold("ăâđêôơư ĂÂĐÊÔƠƯ"), "aadeoou aadeoou");
        assert_eq!(fold("Hoà"), fold("Hòa"));
        assert_eq!(fold("thuỷ"), fold("thủy"));
        assert_eq!(fold("khoẻ"), fold("Khỏe"));
        assert_eq!(fold("\u{d0}à"), "da");
        assert_eq!(fold("H’Nia"), "h'nia");
        assert_eq!(fold("Ƀlang Čư Ŭn"), "blang cu un");
        assert_eq!(fold("  06-NQ/TU "), "06-nq/tu");
        assert_eq!(fold("İ"), "i");
    }

    #[test]
    fn fold_of_every_vietnamese_vowel_is_ascii() {
        let vowels = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵđ";
        assert!(fold(vowels).is_ascii());
        assert!(fold(&vowels.to_uppercase()).is_ascii());
        assert_eq!(fold(vowels).len(), vowels.chars().count());
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

    #[test]
    fn given_name_is_the_last_word() {
        assert_eq!(given_name("Nguyễn Văn Ánh"), "Ánh");
        assert_eq!(given_name(" Lê  Lan "), "Lan");
        assert_eq!(given_name("Lan"), "Lan");
        assert_eq!(given_name("  "), "");
    }

    #[test]
    fn phones_are_read_as_people_write_them() {
        for text in [
            "0912345678",
            "0912 345 678",
            "0912.345.678",
            "0912-345-678",
            "(0912) 345 678",
            "0912\u{a0}345\u{a0}678\u{200b}",
            "+84912345678",
            "+84 912 345 678",
            "84912345678",
            "0084912345678",
            "+84 (0)912 345 678",
            "840912345678",
            "912345678",
        ] {
            assert_eq!(normalise_phone(text).as_deref(), Ok("0912345678"), "{text}");
        }
        for prefix in ["03", "05", "07", "08", "09"] {
            let number = format!("{prefix}12345678");
            assert_eq!(normalise_phone(&number).as_ref(), Ok(&number));
        }
        // 084… with its zero eaten is not a country code.
        assert_eq!(normalise_phone("849123456").as_deref(), Ok("0849123456"));
        assert_eq!(normalise_phone("84849123456").as_deref(), Ok("0849123456"));
        for text in ["0255 3123456", "02553123456", "2553123456", "+84 255 3123456"] {
            assert_eq!(normalise_phone(text).as_deref(), Ok("02553123456"), "{text}");
        }
    }

    #[test]
    fn phones_that_are_none_say_why() {
        assert_eq!(normalise_phone(""), Err(PhoneError::Empty));
        assert_eq!(normalise_phone(" - "), Err(PhoneError::Empty));
        assert_eq!(normalise_phone("không có"), Err(PhoneError::Character));
        assert_eq!(normalise_phone("0912345678/0987654321"), Err(PhoneError::Character));
        assert_eq!(normalise_phone("09+12345678"), Err(PhoneError::Character));
        assert_eq!(normalise_phone("091234567"), Err(PhoneError::Length(9)));
        assert_eq!(normalise_phone("09123456789"), Err(PhoneError::Length(11)));
        assert_eq!(normalise_phone("0"), Err(PhoneError::Length(2)));
        assert_eq!(normalise_phone("84"), Err(PhoneError::Length(3)));
        assert_eq!(normalise_phone("0084"), Err(PhoneError::Length(2)));
        assert_eq!(normalise_phone("0255312345"), Err(PhoneError::Length(10)));
        assert_eq!(normalise_phone("0412345678"), Err(PhoneError::Prefix));
        assert_eq!(normalise_phone("0612345678"), Err(PhoneError::Prefix));
        assert_eq!(normalise_phone("01621234567"), Err(PhoneError::OldMobile));
        assert_eq!(normalise_phone("+841621234567"), Err(PhoneError::OldMobile));
        assert!(PhoneError::Length(9).to_string().contains("9 chữ số"));
    }

    #[test]
    fn phones_are_masked() {
        assert_eq!(mask_phone("0912345678"), "09•• ••• 678");
        assert_eq!(mask_phone("+84 912 345 678"), "09•• ••• 678");
        assert_eq!(mask_phone("02553123456"), "02•• •••• 456");
        assert_eq!(mask_phone("12345"), "••••");
        assert_eq!(mask_phone(""), "••••");
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for text in
            ["03/02/1990", "3/2/1990", " 03 / 02 / 1990 ", "3-2-1990", "03.02.1990", "1990-02-03"]
        {
            assert_eq!(parse_date(text), Ok(date!(1990 - 02 - 03)), "{text}");
        }
        assert_eq!(parse_date("29/02/2024"), Ok(date!(2024 - 02 - 29)));
    }

    #[test]
    fn dates_that_are_none_say_why() {
        for text in [
            "",
            "1990",
            "3/2",
            "3/2/90",
            "3/2/1990/1",
            "tháng 2",
            "1/2-1990",
            "+3/2/1990",
            "003/2/1990",
            "3//1990",
            "1990/02/03",
            "3/2/19900",
            "٣/2/1990",
        ] {
            assert_eq!(parse_date(text), Err(DateError::Format), "{text}");
        }
        for text in
            ["29/02/2023", "31/04/2024", "00/01/2024", "01/13/2024", "1/0/2024", "2024-02-30"]
        {
            assert_eq!(parse_date(text), Err(DateError::NoSuchDay), "{text}");
        }
    }

    #[test]
    fn dates_and_times_are_written_for_readers() {
        assert_eq!(format_date(date!(1990 - 02 - 03)), "03/02/1990");
        assert_eq!(parse_date(&format_date(date!(2024 - 12 - 31))), Ok(date!(2024 - 12 - 31)));
        assert_eq!(format_datetime(datetime!(2024-03-30 12:30:59 UTC)), "30/03/2024 19:30");
        assert_eq!(format_datetime(datetime!(2023-12-31 17:00 UTC)), "01/01/2024 00:00");
        assert_eq!(format_datetime(datetime!(2024-03-30 12:30 +7)), "30/03/2024 12:30");
        // No panic at the end of the calendar.
        assert_eq!(format_datetime(datetime!(9999-12-31 23:00 UTC)), "31/12/9999 23:00");
    }

    #[test]
    fn shares_are_rounded_half_up() {
        assert_eq!(percent_tenths(51_500, 55_795), Some(923));
        assert_eq!(percent_tenths(1, 3), Some(333));
        assert_eq!(percent_tenths(2, 3), Some(667));
        assert_eq!(percent_tenths(1, 2000), Some(1)); // 0.05 % exactly: up
        assert_eq!(percent_tenths(4999, 10_000_000), Some(0));
        assert_eq!(percent_tenths(5000, 10_000_000), Some(1));
        assert_eq!(percent_tenths(1999, 2000), Some(1000)); // 99.95 %: up
        assert_eq!(percent_tenths(0, 7), Some(0));
        assert_eq!(percent_tenths(7, 7), Some(1000));
        assert_eq!(percent_tenths(3, 2), Some(1500));
        assert_eq!(percent_tenths(i64::MAX, i64::MAX), Some(1000));
        assert_eq!(percent_tenths(i64::MAX, 1), None); // does not fit
        assert_eq!(percent_tenths(1, 0), None);
        assert_eq!(percent_tenths(1, -1), None);
        assert_eq!(percent_tenths(-1, 1), None);
    }

    #[test]
    fn shares_and_counts_are_written_for_readers() {
        assert_eq!(format_percent(51_500, 55_795), "92,3 %");
        assert_eq!(format_percent(7, 7), "100,0 %");
        assert_eq!(format_percent(0, 7), "0,0 %");
        assert_eq!(format_percent(0, 0), "—");
        assert_eq!(format_count(0), "0");
        assert_eq!(format_count(999), "999");
        assert_eq!(format_count(1000), "1.000");
        assert_eq!(format_count(55_795), "55.795");
        assert_eq!(format_count(5_600_000), "5.600.000");
        assert_eq!(format_count(-1234), "-1.234");
        assert_eq!(format_count(i64::MIN), "-9.223.372.036.854.775.808");
    }
}
