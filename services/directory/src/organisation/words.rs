//! Small texts: days, search patterns, addresses. Pure.

use kernel::{Errors, viet};
use serde::{Serialize, Serializer};
use std::fmt;
use time::Date;

/// A day: `2025-07-01` for programs, `01/07/2025` for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub Date);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&viet::format_date(self.0))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A day that a form must name.
pub(crate) fn read_day(field: &str, text: &str, errors: &mut Errors) -> Option<Date> {
    match viet::parse_date(text) {
        Ok(date) => Some(date),
        Err(error) => {
            errors.add(field, format!("Ngày chưa đúng: {error}."));
            None
        }
    }
}

/// A LIKE pattern for each word of a search: all of them must occur.
pub(crate) fn patterns(search: &str) -> Vec<String> {
    let escaped = |word: &str| word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    viet::fold(search)
        .split_whitespace()
        .take(10)
        .map(|word| format!("%{}%", escaped(word)))
        .collect()
}

/// An address with the parameters that are not empty.
pub(crate) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(if out.contains('?') { '&' } else { '?' });
        out += name;
        out.push('=');
        out += &web::percent_encoded(value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Day, address, patterns, read_day};
    use kernel::Errors;
    use time::macros::date;

    #[test]
    fn a_search_is_folded_and_taken_literally() {
        assert_eq!(patterns("  Nguyễn  ÁNH "), ["%nguyen%", "%anh%"]);
        assert_eq!(patterns("50%_"), [r"%50\%\_%"]);
        assert_eq!(patterns(" "), [""; 0]);
    }

    #[test]
    fn addresses_leave_out_what_is_empty() {
        assert_eq!(address("/members", &[("q", ""), ("page", "2")]), "/members?page=2");
        assert_eq!(
            address("/members", &[("q", "Á & b"), ("unit", "1.2")]),
            "/members?q=%C3%81%20%26%20b&unit=1.2"
        );
        assert_eq!(address("/members", &[]), "/members");
    }

    #[test]
    fn a_day_has_two_faces() {
        let day = Day(date!(2025 - 07 - 01));
        assert_eq!(
            (day.to_string().as_str(), serde_json::to_string(&day).unwrap().as_str()),
            ("01/07/2025", "\"2025-07-01\"")
        );
        let mut errors = Errors::default();
        assert_eq!(read_day("on", "1/7/2025", &mut errors), Some(date!(2025 - 07 - 01)));
        assert_eq!((read_day("on", "", &mut errors), errors.0.len()), (None, 1));
    }
}
