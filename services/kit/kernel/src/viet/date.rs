//! Dates and times.

use super::text::normalise;
use serde::{Serialize, Serializer};
use std::fmt;
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// The time zone of every date and time that people read: `Asia/Ho_Chi_Minh`,
/// which has been UTC+07:00 without daylight saving since 1975.
pub const HO_CHI_MINH: UtcOffset = time::macros::offset!(+7);

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

/// A day on a page and in an answer: `03/02/1990` for people, `1990-02-03` for
/// programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_date(self.0))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A moment as people read it, in the time of [`HO_CHI_MINH`]:
/// `03/02/1990 19:30`.
#[must_use]
pub fn format_datetime(moment: OffsetDateTime) -> String {
    let local = moment.checked_to_offset(HO_CHI_MINH).unwrap_or(moment);
    format!("{} {:02}:{:02}", format_date(local.date()), local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::{DateError, Day, format_date, format_datetime, parse_date};
    use time::macros::{date, datetime};

    #[test]
    fn a_day_has_two_faces() {
        let day = Day(date!(2025 - 07 - 01));
        let json = serde_json::to_string(&day).unwrap();
        assert_eq!((day.to_string().as_str(), json.as_str()), ("01/07/2025", "\"2025-07-01\""));
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
}
