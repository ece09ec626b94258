//! Telephone numbers.

use super::text::normalise;
use std::fmt;

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

#[cfg(test)]
mod tests {
    use super::{PhoneError, mask_phone, normalise_phone};

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
}
