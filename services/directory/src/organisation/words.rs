//! Small texts: days in forms, addresses. Pure.

use kernel::{Errors, viet};
use time::Date;

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
    use super::{address, read_day};
    use kernel::Errors;
    use time::macros::date;

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
    fn a_form_names_its_day() {
        let mut errors = Errors::default();
        assert_eq!(read_day("on", "1/7/2025", &mut errors), Some(date!(2025 - 07 - 01)));
        assert_eq!((read_day("on", "", &mut errors), errors.0.len()), (None, 1));
    }
}
