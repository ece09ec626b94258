//! What is known of a member, read from a form. The rules are those of a
//! roster row, as far as a form has the same fields.

use crate::member::{STANDINGS, STATUSES};
use kernel::{Errors, viet};
use serde::{Deserialize, Serialize};
use time::{Date, Month, macros::date};
use utoipa::ToSchema;

/// Longest name and number, in characters.
const NAME: usize = 100;
const NUMBER: usize = 40;
/// Nobody is admitted younger (Article 1 of the Party's statutes).
const AGE: i32 = 18;
/// The day the Party was founded: nobody was admitted earlier.
const FOUNDED: Date = date!(1930 - 02 - 03);
/// Nobody on a roster was born earlier.
const OLDEST: Date = date!(1900 - 01 - 01);

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(super) struct MemberForm {
    /// Code of the branch.
    pub organisation: String,
    /// Full name.
    pub full_name: String,
    /// `dd/mm/yyyy`, may be empty.
    pub birth_date: String,
    /// `male`, `female` or empty.
    pub sex: String,
    /// Date of admission, may be empty.
    pub admitted_on: String,
    /// Date of official membership, may be empty.
    pub official_on: String,
    /// Card number, may be empty.
    pub card_number: String,
    /// File number (số lý lịch), may be empty.
    pub file_number: String,
    /// Telephone number, may be empty.
    pub phone: String,
    /// `official` or `probationary`.
    pub standing: String,
    /// See the roster's column `status`.
    pub status: String,
    /// `true` when the member owns a smartphone.
    pub has_smartphone: String,
}

/// A member's record, apart from their branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Full name, as it is stored.
    pub full_name: String,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// `male` or `female`.
    pub sex: Option<String>,
    /// Date of admission.
    pub admitted_on: Option<Date>,
    /// Date of official membership.
    pub official_on: Option<Date>,
    /// Card number; free text.
    pub card_number: Option<String>,
    /// File number (số lý lịch).
    pub file_number: Option<String>,
    /// Telephone number, as [`viet::normalise_phone`] writes it.
    pub phone: Option<String>,
    /// One of [`STANDINGS`].
    pub standing: String,
    /// One of [`STATUSES`].
    pub status: String,
    /// Owns a smartphone.
    pub has_smartphone: bool,
}

impl MemberForm {
    /// The form of a member who is there.
    pub(super) fn of(record: &Record, organisation: String) -> Self {
        let day = |date: Option<Date>| date.map(viet::format_date).unwrap_or_default();
        Self {
            organisation,
            full_name: record.full_name.clone(),
            birth_date: day(record.birth_date),
            sex: record.sex.clone().unwrap_or_default(),
            admitted_on: day(record.admitted_on),
            official_on: day(record.official_on),
            card_number: record.card_number.clone().unwrap_or_default(),
            file_number: record.file_number.clone().unwrap_or_default(),
            phone: record.phone.clone().unwrap_or_default(),
            standing: record.standing.clone(),
            status: record.status.clone(),
            has_smartphone: if record.has_smartphone { "true".into() } else { String::new() },
        }
    }

    /// Reads the form; whether the branch is there is asked elsewhere.
    pub(super) fn read(&self, today: Date, errors: &mut Errors) -> Record {
        let full_name = viet::normalise(&self.full_name);
        if viet::normalise(&self.organisation).is_empty() {
            errors.add("organisation", "Hãy ghi mã chi bộ.");
        }
        if full_name.is_empty()
            || full_name.chars().any(char::is_numeric)
            || full_name.chars().count() > NAME
        {
            errors.add("full_name", "Hãy ghi đủ họ, chữ đệm và tên, không ghi chữ số.");
        }
        let birth_date = day("birth_date", "Ngày sinh", &self.birth_date, OLDEST, today, errors);
        let sex = choice(&self.sex, &["male", "female"]);
        if sex.is_none() && !self.sex.is_empty() {
            errors.add("sex", "Hãy chọn nam hoặc nữ.");
        }
        let admitted_on =
            day("admitted_on", "Ngày vào Đảng", &self.admitted_on, FOUNDED, today, errors);
        if let (Some(born), Some(admitted)) = (birth_date, admitted_on)
            && admitted < birthday(born, AGE)
        {
            errors.add(
                "admitted_on",
                format!("Theo ngày sinh thì ngày vào Đảng này chưa đủ {AGE} tuổi."),
            );
        }
        let official_on =
            day("official_on", "Ngày chính thức", &self.official_on, FOUNDED, today, errors);
        if let (Some(admitted), Some(official)) = (admitted_on, official_on)
            && official < admitted
        {
            errors.add("official_on", "Ngày chính thức không thể trước ngày vào Đảng.");
        }
        let card_number = number("card_number", &self.card_number, errors);
        let file_number = number("file_number", &self.file_number, errors);
        if card_number.is_none()
            && file_number.is_none()
            && errors.of("card_number").or(errors.of("file_number")).is_none()
        {
            errors.add("card_number", "Hãy ghi ít nhất một trong hai: số thẻ đảng, số lý lịch.");
        }
        let phone = match viet::normalise_phone(&self.phone) {
            Ok(phone) => Some(phone),
            Err(viet::PhoneError::Empty) => None,
            Err(error) => {
                errors.add("phone", format!("Số điện thoại chưa đúng: {error}."));
                None
            }
        };
        let standing = choice(&self.standing, &STANDINGS.map(|(name, _)| name));
        if standing.is_none() {
            errors.add("standing", "Hãy chọn chính thức hoặc dự bị.");
        }
        let status = choice(&self.status, &STATUSES.map(|(name, _)| name));
        if status.is_none() {
            errors.add("status", "Hãy chọn tình trạng sinh hoạt.");
        }
        Record {
            full_name,
            birth_date,
            sex,
            admitted_on,
            official_on,
            card_number,
            file_number,
            phone,
            standing: standing.unwrap_or_default(),
            status: status.unwrap_or_default(),
            has_smartphone: self.has_smartphone == "true",
        }
    }
}

fn number(field: &str, entered: &str, errors: &mut Errors) -> Option<String> {
    let text = viet::normalise(entered);
    if text.chars().count() > NUMBER {
        errors.add(field, format!("Chỉ ghi số, không quá {NUMBER} ký tự."));
        return None;
    }
    // A lone dash stands for "none".
    Some(text).filter(|text| text.chars().any(char::is_alphanumeric))
}

fn choice(entered: &str, among: &[&str]) -> Option<String> {
    among.contains(&entered).then(|| entered.to_owned())
}

fn day(
    field: &str,
    label: &str,
    entered: &str,
    from: Date,
    today: Date,
    errors: &mut Errors,
) -> Option<Date> {
    if entered.trim().is_empty() {
        return None;
    }
    match viet::parse_date(entered) {
        Ok(date) if date > today => errors.add(field, format!("{label} chưa đến.")),
        Ok(date) if date < from => errors
            .add(field, format!("{label} sớm hơn {}; xin xem lại năm.", viet::format_date(from))),
        Ok(date) => return Some(date),
        Err(error) => errors.add(field, format!("{label}: {error}.")),
    }
    None
}

/// The day on which somebody reaches an age; who was born on 29 February does
/// so on 1 March.
fn birthday(born: Date, age: i32) -> Date {
    let year = born.year() + age;
    born.replace_year(year)
        .or_else(|_| Date::from_calendar_date(year, Month::March, 1))
        .unwrap_or(born)
}

#[cfg(test)]
mod tests {
    use super::MemberForm;
    use kernel::Errors;
    use time::macros::date;

    fn filled() -> MemberForm {
        MemberForm {
            organisation: "51.001".into(),
            full_name: "  Nguyễn  Văn Ánh ".into(),
            birth_date: "3/2/1960".into(),
            sex: "male".into(),
            admitted_on: "19/05/1985".into(),
            official_on: "19/05/1986".into(),
            card_number: String::new(),
            file_number: " 51 001 ".into(),
            phone: "0912 345 678".into(),
            standing: "official".into(),
            status: "active".into(),
            has_smartphone: "true".into(),
        }
    }

    #[test]
    fn a_form_is_read_as_people_fill_it_in() {
        let mut errors = Errors::default();
        let record = filled().read(date!(2026 - 11 - 20), &mut errors);
        assert_eq!(errors, Errors::default());
        assert_eq!(record.full_name, "Nguyễn Văn Ánh");
        assert_eq!(record.phone.as_deref(), Some("0912345678"));
        assert_eq!(
            (record.card_number.as_deref(), record.file_number.as_deref()),
            (None, Some("51 001"))
        );
        assert!(record.has_smartphone);
        let again = MemberForm::of(&record, "51.001".into());
        assert_eq!(again.read(date!(2026 - 11 - 20), &mut errors), record);
    }

    #[test]
    fn each_field_that_does_not_fit_is_named() {
        let wrong = |change: fn(&mut MemberForm)| {
            let mut form = filled();
            change(&mut form);
            let mut errors = Errors::default();
            form.read(date!(2026 - 11 - 20), &mut errors);
            errors.0.into_iter().map(|e| e.field).collect::<Vec<_>>()
        };
        assert_eq!(wrong(|f| f.full_name = "Anh 2".into()), ["full_name"]);
        assert_eq!(wrong(|f| f.birth_date = "2/1960".into()), ["birth_date"]);
        assert_eq!(wrong(|f| f.admitted_on = "2/2/1978".into()), ["admitted_on"], "not yet 18");
        assert_eq!(wrong(|f| f.admitted_on = "3/2/1978".into()), [""; 0]);
        assert_eq!(wrong(|f| f.file_number = "-".into()), ["card_number"], "neither number");
        assert_eq!(wrong(|f| f.card_number = "1".repeat(41)), ["card_number"]);
        assert_eq!(wrong(|f| f.official_on = "1/1/1985".into()), ["official_on"]);
        assert_eq!(wrong(|f| f.official_on = "1/1/2027".into()), ["official_on"]);
        assert_eq!(wrong(|f| f.phone = "1234".into()), ["phone"]);
        assert_eq!(wrong(|f| f.phone = String::new()), [""; 0]);
        assert_eq!(wrong(|f| f.sex = "x".into()), ["sex"]);
        assert_eq!(
            wrong(|f| *f = MemberForm::default()),
            ["organisation", "full_name", "card_number", "standing", "status"]
        );
    }
}
