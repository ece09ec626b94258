//! Shares and counts.

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
    use super::{format_count, format_percent, percent_tenths};

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
