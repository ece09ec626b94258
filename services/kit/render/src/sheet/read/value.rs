//! The number in a cell, as text.

use time::macros::date;
use time::{Date, Duration};

use super::styles::Shape;

/// What Excel takes for the year 9999's last day, in its older system.
const MAX_SERIAL: f64 = 2_958_466.0;
const SECONDS: f64 = 86_400.0;

/// Shows the number `raw` in a `shape`; text that is no number stays as it is.
/// `since_1904` is the calendar of workbooks made on old Macs.
pub(super) fn show(raw: &str, shape: Shape, since_1904: bool) -> String {
    let raw = raw.trim();
    match shape {
        Shape::Plain => number(raw),
        Shape::Date => date_of(raw, since_1904).unwrap_or_else(|| number(raw)),
        Shape::Digits(width) => match number(raw) {
            text if text.bytes().all(|b| b.is_ascii_digit()) => format!("{text:0>width$}"),
            text => text,
        },
    }
}

/// Without an exponent, without `.0`, and without the noise past the fifteen
/// digits that Excel keeps.
fn number(raw: &str) -> String {
    if !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit()) {
        return raw.to_owned();
    }
    match raw.parse::<f64>() {
        Ok(0.0) => "0".to_owned(),
        Ok(value) if value.is_finite() && value.fract() == 0.0 => value.to_string(),
        Ok(value) if value.is_finite() => {
            format!("{value:.14e}").parse::<f64>().unwrap_or(value).to_string()
        }
        _ => raw.to_owned(),
    }
}

/// `dd/mm/yyyy`, or the time alone where there is no day.
fn date_of(raw: &str, since_1904: bool) -> Option<String> {
    let serial = raw.parse::<f64>().ok().filter(|serial| (0.0..MAX_SERIAL).contains(serial))?;
    // 45000.99999999 is midnight, written by a program that adds fractions.
    #[expect(clippy::cast_possible_truncation, reason = "MAX_SERIAL days of seconds fit easily")]
    let seconds = (serial * SECONDS).round() as i64;
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    if day == 0 && second > 0 && !since_1904 {
        return Some(time_of(second));
    }
    let first = match day {
        _ if since_1904 => date!(1904 - 01 - 01),
        // Excel shows day 0, and the leap day that 1900 did not have.
        0 => return Some("00/01/1900".to_owned()),
        60 => return Some("29/02/1900".to_owned()),
        1..60 => date!(1899 - 12 - 31),
        _ => date!(1899 - 12 - 30),
    };
    first.checked_add(Duration::days(day)).map(written)
}

fn time_of(second: i64) -> String {
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    if seconds == 0 {
        format!("{hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    }
}

fn written(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), u8::from(date.month()), date.year())
}

/// A cell of type `d` holds `2024-05-06T00:00:00`.
pub(super) fn iso_date(raw: &str) -> String {
    let digits =
        |range| raw.get(range).filter(|text: &&str| text.bytes().all(|b| b.is_ascii_digit()));
    match (digits(0..4), digits(5..7), digits(8..10)) {
        (Some(year), Some(month), Some(day))
            if raw[4..].starts_with('-') && raw[7..].starts_with('-') =>
        {
            format!("{day}/{month}/{year}")
        }
        _ => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_see_them() {
        for (raw, shown) in [
            ("12", "12"),
            ("-3", "-3"),
            ("12.0", "12"),
            ("-0", "0"),
            ("912345678", "912345678"),
            ("84912345678", "84912345678"),
            ("1.23456789012E11", "123456789012"),
            ("51099000123", "51099000123"),
            ("0.30000000000000004", "0.3"),
            ("17.899999999999999", "17.9"),
            ("1.5E-3", "0.0015"),
            ("NaN", "NaN"),
            ("abc", "abc"),
            ("", ""),
        ] {
            assert_eq!(show(raw, Shape::Plain, false), shown, "{raw}");
        }
        assert_eq!(show("912345678", Shape::Digits(10), false), "0912345678");
        assert_eq!(show("51099000123", Shape::Digits(2), false), "51099000123");
        assert_eq!(show("1.5", Shape::Digits(4), false), "1.5");
    }

    #[test]
    fn dates_in_both_calendars() {
        for (raw, shown) in [
            ("1", "01/01/1900"),
            ("59", "28/02/1900"),
            ("60", "29/02/1900"),
            ("61", "01/03/1900"),
            ("10990", "01/02/1930"),
            ("45000.75", "15/03/2023"),
            ("45000.9999999999", "16/03/2023"),
            ("2958465", "31/12/9999"),
            ("2958466", "2958466"),
            ("0.5", "12:00"),
            ("0.50001", "12:00:01"),
            ("-1", "-1"),
            ("x", "x"),
        ] {
            assert_eq!(show(raw, Shape::Date, false), shown, "{raw}");
        }
        assert_eq!(show("0", Shape::Date, true), "01/01/1904");
        assert_eq!(show("43538", Shape::Date, true), "15/03/2023");
        assert_eq!(show("2958465", Shape::Date, true), "2958465");
        assert_eq!(iso_date("2024-05-06T07:08:09.000"), "06/05/2024");
        assert_eq!(iso_date("24-05-06"), "24-05-06");
        assert_eq!(iso_date("ngày đảng"), "ngày đảng");
    }
}
