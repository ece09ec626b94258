//! Times and texts as people write and read them.

use kernel::viet;
use time::{OffsetDateTime, Time};

/// A time of day as people write it: `19:30`, `7:05`, `19h30`, `19 giờ 30`, `19h`.
#[must_use]
pub fn parse_time(text: &str) -> Option<Time> {
    let text = viet::fold(text).replace("gio", "h").replace(['.', 'h'], ":").replace(' ', "");
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, most: usize| -> Option<u8> {
        let digits =
            !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse().ok() } else { None }
    };
    let minute = if minute.is_empty() { 0 } else { number(minute, 2)? };
    Time::from_hms(number(hour, 2)?, minute, 0).ok()
}

/// When a meeting starts, in words: `19:30, thứ năm 03/12/2026`.
#[must_use]
pub fn when(moment: OffsetDateTime) -> String {
    const DAYS: [&str; 7] =
        ["thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"];
    let local = moment.to_offset(viet::HO_CHI_MINH);
    let day = DAYS[usize::from(local.weekday().number_days_from_monday())];
    format!("{}, {day} {}", clock(moment), viet::format_date(local.date()))
}

/// The time of day alone: `19:30`.
#[must_use]
pub fn clock(moment: OffsetDateTime) -> String {
    let local = moment.to_offset(viet::HO_CHI_MINH);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// A text of several lines as it is stored: each line normalised, none empty
/// at either end.
#[must_use]
pub fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(viet::normalise).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{lines, parse_time, when};
    use time::macros::{datetime, time};

    #[test]
    fn times_are_read_as_people_write_them() {
        for text in ["19:30", " 19h30 ", "19 giờ 30", "19.30", "19H30"] {
            assert_eq!(parse_time(text), Some(time!(19:30)), "{text}");
        }
        assert_eq!(parse_time("7:05"), Some(time!(7:05)));
        assert_eq!(parse_time("8h"), Some(time!(8:00)));
        for text in ["", "19", "24:00", "19:60", "+1:20", "19:300", "tối", "1:2:3"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn moments_and_texts_are_written_for_readers() {
        assert_eq!(when(datetime!(2026-12-03 12:30 UTC)), "19:30, thứ năm 03/12/2026");
        assert_eq!(lines("\n  1.  Đánh giá \r\n2. Nhiệm vụ\n\n"), "1. Đánh giá\n2. Nhiệm vụ");
    }
}
