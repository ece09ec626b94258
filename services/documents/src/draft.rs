//! What an editor enters to publish a document, and the rules for it. Pure.

use crate::{document, secret};
use kernel::{Errors, viet};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

const TITLE: usize = 400;
const SUMMARY: usize = 3000;
const NAME: usize = 200;

/// The form as it was sent. The file itself comes as part `file`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = DocumentFields)]
pub struct Fields {
    /// Code of the organisation it is published to; all below it read it too.
    pub organisation: String,
    /// One of the 25 kinds, such as `nghi_quyet`.
    pub kind: String,
    /// Number, such as `06-NQ/TU`.
    pub number: String,
    /// Title.
    pub title: String,
    /// A few sentences on what it says; may be empty.
    pub summary: String,
    /// Who issued it; empty for the organisation it is published to.
    pub issuer: String,
    /// When it was issued, `dd/mm/yyyy`.
    pub issued_on: String,
    /// The day by which it must be read, `dd/mm/yyyy`; empty when it need not be.
    pub must_read_by: String,
    /// `true`: the officer attests that it holds no state secret.
    pub attested: String,
    /// The officer who attests it.
    pub attested_by: String,
    /// The PDF. In answers, its name as sent.
    #[schema(format = Binary)]
    pub file: String,
}

/// Everything that is right about a document before its file and its
/// organisation are known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// One of `platform.document_kind`.
    pub kind: String,
    /// In the form of `06-NQ/TU`.
    pub number: String,
    /// Title.
    pub title: String,
    /// May be empty.
    pub summary: String,
    /// Who issued it; `None` for the organisation it is published to.
    pub issuer: Option<String>,
    /// Not in the future.
    pub issued_on: Date,
    /// Not in the past.
    pub must_read_by: Option<Date>,
    /// The officer who attests that it holds no state secret.
    pub attested_by: String,
}

impl Draft {
    /// Reads the form. Notes what needs mending in the form's order and
    /// answers `None` when there is anything.
    pub fn read(
        fields: &Fields,
        kinds: &[(String, String)],
        today: Date,
        errors: &mut Errors,
    ) -> Option<Self> {
        let before = errors.0.len();
        if !kinds.iter().any(|(kind, _)| *kind == fields.kind) {
            errors.add("kind", "Hãy chọn loại văn bản.");
        }
        let number = document::number(&fields.number).map_err(|why| errors.add("number", why));
        let title =
            text(fields.title.as_str(), TITLE, "title", "Hãy ghi trích yếu của văn bản.", errors);
        if viet::normalise(&fields.summary).chars().count() > SUMMARY {
            errors.add("summary", format!("Tóm tắt dài quá {SUMMARY} ký tự; hãy rút gọn."));
        }
        for (field, value) in [("title", &fields.title), ("summary", &fields.summary)] {
            if let Some(level) = secret::in_text(value) {
                errors.add(field, format!("Ở đây có ghi «{level}». {}", secret::WHAT_TO_DO));
            }
        }
        if fields.issuer.chars().count() > NAME {
            errors.add("issuer", format!("Tên cơ quan dài quá {NAME} ký tự; hãy rút gọn."));
        }
        let issued_on = day(&fields.issued_on, "issued_on", "Ngày ban hành", errors);
        if issued_on.is_some_and(|day| day > today) {
            errors.add("issued_on", "Ngày ban hành ở tương lai. Hãy ghi đúng ngày trên văn bản.");
        }
        let must_read_by = match fields.must_read_by.trim() {
            "" => None,
            written => day(written, "must_read_by", "Hạn đọc", errors),
        };
        if must_read_by.is_some_and(|day| day < today) {
            errors
                .add("must_read_by", "Hạn đọc đã qua. Hãy chọn từ hôm nay trở đi, hoặc để trống.");
        }
        if fields.attested != "true" {
            errors.add(
                "attested",
                "Chỉ đăng được khi có người xác nhận văn bản không chứa bí mật nhà nước.",
            );
        }
        let attested_by = text(
            &fields.attested_by,
            NAME,
            "attested_by",
            "Hãy ghi họ tên, chức vụ của người xác nhận.",
            errors,
        );
        if errors.0.len() > before {
            return None;
        }
        let issuer = viet::normalise(&fields.issuer);
        Some(Self {
            kind: fields.kind.clone(),
            number: number.ok()?,
            title,
            summary: viet::normalise(&fields.summary),
            issuer: (!issuer.is_empty()).then_some(issuer),
            issued_on: issued_on?,
            must_read_by,
            attested_by,
        })
    }
}

fn text(value: &str, most: usize, field: &str, missing: &str, errors: &mut Errors) -> String {
    let value = viet::normalise(value);
    if value.is_empty() {
        errors.add(field, missing);
    } else if value.chars().count() > most {
        errors.add(field, format!("Dài quá {most} ký tự; hãy rút gọn."));
    }
    value
}

fn day(written: &str, field: &str, label: &str, errors: &mut Errors) -> Option<Date> {
    viet::parse_date(written).map_err(|why| errors.add(field, format!("{label}: {why}."))).ok()
}

#[cfg(test)]
mod tests {
    use super::{Draft, Fields};
    use kernel::Errors;
    use time::macros::date;

    fn filled() -> Fields {
        Fields {
            organisation: "35.001".into(),
            kind: "nghi_quyet".into(),
            number: "Số 06-NQ/TU".into(),
            title: "Nghị quyết về  chuyển đổi số".into(),
            issued_on: "01/11/2026".into(),
            must_read_by: "30/11/2026".into(),
            attested: "true".into(),
            attested_by: "Nguyễn Văn Ánh, Chánh Văn phòng".into(),
            ..Fields::default()
        }
    }

    fn read(fields: &Fields) -> (Option<Draft>, Errors) {
        let mut errors = Errors::default();
        let kinds = [("nghi_quyet".to_owned(), "Nghị quyết".to_owned())];
        (Draft::read(fields, &kinds, date!(2026 - 11 - 03), &mut errors), errors)
    }

    #[test]
    fn a_filled_form_becomes_a_draft() {
        let (draft, errors) = read(&filled());
        let draft = draft.unwrap();
        assert_eq!(errors, Errors::default());
        assert_eq!(
            (draft.number.as_str(), draft.title.as_str()),
            ("06-NQ/TU", "Nghị quyết về chuyển đổi số")
        );
        assert_eq!(
            (draft.issued_on, draft.must_read_by),
            (date!(2026 - 11 - 01), Some(date!(2026 - 11 - 30)))
        );
        assert_eq!(draft.issuer, None);
        let (draft, _) = read(&Fields { must_read_by: String::new(), ..filled() });
        assert_eq!(draft.unwrap().must_read_by, None);
    }

    #[test]
    fn an_empty_form_says_all_that_it_needs_in_its_order() {
        let (draft, errors) = read(&Fields::default());
        assert_eq!(draft, None);
        let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["kind", "number", "title", "issued_on", "attested", "attested_by"]);
    }

    #[test]
    fn days_must_make_sense() {
        let says = |fields: Fields, field: &str| read(&fields).1.of(field).map(ToOwned::to_owned);
        assert!(
            says(Fields { issued_on: "04/11/2026".into(), ..filled() }, "issued_on")
                .unwrap()
                .contains("tương lai")
        );
        assert!(
            says(Fields { issued_on: "31/02/2026".into(), ..filled() }, "issued_on")
                .unwrap()
                .contains("không có ngày")
        );
        assert!(
            says(Fields { must_read_by: "02/11/2026".into(), ..filled() }, "must_read_by")
                .unwrap()
                .contains("đã qua")
        );
        assert_eq!(
            says(Fields { must_read_by: "03/11/2026".into(), ..filled() }, "must_read_by"),
            None
        );
    }

    #[test]
    fn nothing_goes_without_an_attestation_or_with_a_marking() {
        assert!(read(&Fields { attested: String::new(), ..filled() }).1.of("attested").is_some());
        assert!(
            read(&Fields { attested_by: " ".into(), ..filled() }).1.of("attested_by").is_some()
        );
        assert!(read(&Fields { title: "TỐI MẬT".into(), ..filled() }).1.of("title").is_some());
        assert!(
            read(&Fields { title: "Về bảo vệ bí mật nhà nước".into(), ..filled() }).0.is_some()
        );
    }
}
