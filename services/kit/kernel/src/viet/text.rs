//! One form for each text, and a form to search by.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

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

/// A `LIKE` pattern over folded text for each word of a search, ten at most:
/// all of them must occur, in any order.
#[must_use]
pub fn patterns(search: &str) -> Vec<String> {
    let escaped = |word: &str| word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    fold(search).split_whitespace().take(10).map(|word| format!("%{}%", escaped(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::{fold, normalise, patterns};

    #[test]
    fn a_search_is_folded_and_taken_literally() {
        assert_eq!(patterns("  Chuyển đổi SỐ "), ["%chuyen%", "%doi%", "%so%"]);
        assert_eq!(patterns(r"100% a_b \"), [r"%100\%%", r"%a\_b%", r"%\\%"]);
        assert_eq!(patterns(" "), [""; 0]);
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
}
