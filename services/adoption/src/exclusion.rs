//! Exclusions: units that are left out of the adjusted figures for a time.

use kernel::{Error, Errors, OrganisationId, viet};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use time::Date;
use utoipa::ToSchema;

/// Longest note and longest name of an approver, in characters.
const LONGEST: usize = 500;

/// Why a unit is excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Units of the armed forces, which do not use the platform.
    ArmedForces,
    /// Anything else; the note says what.
    Other,
}

impl Reason {
    /// Every reason, in the order of the form.
    pub const ALL: [Reason; 2] = [Reason::ArmedForces, Reason::Other];

    /// The name in SQL and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::ArmedForces => "armed_forces",
            Reason::Other => "other",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Reason::ArmedForces => "Lực lượng vũ trang",
            Reason::Other => "Lý do khác",
        }
    }
}

impl FromStr for Reason {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Reason::ALL
            .into_iter()
            .find(|reason| reason.name() == name)
            .ok_or_else(|| format!("no reason «{name}»"))
    }
}

/// What is entered.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ExclusionForm {
    /// The unit's identifier.
    pub organisation: String,
    /// `armed_forces` or `other`.
    pub reason: String,
    /// Needed for `other`.
    pub note: String,
    /// The first day: `dd/mm/yyyy` or `yyyy-mm-dd`.
    pub excluded_from: String,
    /// The day from which it counts again; may stay empty.
    pub excluded_to: String,
    /// Who decided it, and by which document.
    pub approved_by: String,
}

/// An exclusion to be entered in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExclusion {
    /// The unit, excluded with all below it.
    pub organisation: OrganisationId,
    /// Why.
    pub reason: Reason,
    /// More about why; needed for [`Reason::Other`].
    pub note: String,
    /// The first day on which it holds.
    pub excluded_from: Date,
    /// The first day on which it no longer holds.
    pub excluded_to: Option<Date>,
    /// Who decided it, and by which document.
    pub approved_by: String,
}

impl NewExclusion {
    /// Reads what was entered.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field that needs mending.
    pub fn parse(form: &ExclusionForm) -> Result<Self, Error> {
        let mut errors = Errors::default();
        let organisation = form.organisation.parse().ok();
        if organisation.is_none() {
            errors.add("organisation", "Hãy chọn đơn vị được loại trừ.");
        }
        let reason = form.reason.parse().ok();
        if reason.is_none() {
            errors.add("reason", "Hãy chọn lý do loại trừ.");
        }
        let note = viet::normalise(&form.note);
        check_note(reason, &note, &mut errors);
        let excluded_from = date(&form.excluded_from, "excluded_from", &mut errors);
        let excluded_to = if form.excluded_to.trim().is_empty() {
            None
        } else {
            date(&form.excluded_to, "excluded_to", &mut errors)
        };
        check_period(excluded_from, excluded_to, &mut errors);
        let approved_by = viet::normalise(&form.approved_by);
        check_approval(&approved_by, &mut errors);
        match (organisation, reason, excluded_from) {
            (Some(organisation), Some(reason), Some(excluded_from)) => errors.or(Self {
                organisation,
                reason,
                note,
                excluded_from,
                excluded_to,
                approved_by,
            }),
            _ => Err(Error::Invalid(errors)),
        }
    }

    /// Checks the rules of an exclusion that was not read from a form.
    ///
    /// # Errors
    /// As for [`NewExclusion::parse`].
    pub fn check(&self) -> Result<(), Error> {
        let mut errors = Errors::default();
        check_note(Some(self.reason), &self.note, &mut errors);
        check_period(Some(self.excluded_from), self.excluded_to, &mut errors);
        check_approval(&self.approved_by, &mut errors);
        errors.or(())
    }
}

fn check_note(reason: Option<Reason>, note: &str, errors: &mut Errors) {
    if reason == Some(Reason::Other) && note.is_empty() {
        errors.add("note", "Hãy ghi rõ lý do, vì đã chọn «Lý do khác».");
    } else if note.chars().count() > LONGEST {
        errors.add("note", format!("Ghi chú dài quá {LONGEST} ký tự. Hãy ghi gọn lại."));
    }
}

fn check_period(from: Option<Date>, to: Option<Date>, errors: &mut Errors) {
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        errors.add("excluded_to", "Ngày tính lại phải sau ngày bắt đầu loại trừ.");
    }
}

fn check_approval(approved_by: &str, errors: &mut Errors) {
    if approved_by.is_empty() {
        errors.add("approved_by", "Hãy ghi cơ quan hoặc người phê duyệt, kèm số văn bản nếu có.");
    } else if approved_by.chars().count() > LONGEST {
        errors.add("approved_by", format!("Mục này dài quá {LONGEST} ký tự. Hãy ghi gọn lại."));
    }
}

/// The reason and the note in one line.
pub(crate) fn in_words(reason: Reason, note: &str) -> String {
    match (reason, note) {
        (reason, "") => reason.label().into(),
        (Reason::Other, note) => note.into(),
        (reason, note) => format!("{} ({note})", reason.label()),
    }
}

/// A date of a form, or a note of what is wrong with it.
pub(crate) fn date(text: &str, field: &str, errors: &mut Errors) -> Option<Date> {
    viet::parse_date(text).map_err(|error| errors.add(field, error.to_string())).ok()
}

#[cfg(test)]
mod tests {
    use super::{ExclusionForm, NewExclusion, Reason};
    use kernel::Error;
    use time::macros::date;

    fn form() -> ExclusionForm {
        ExclusionForm {
            organisation: "0198c1f2-7d3e-7a11-9c4b-6f1a2b3c4d5e".into(),
            reason: "armed_forces".into(),
            note: String::new(),
            excluded_from: "1/1/2024".into(),
            excluded_to: String::new(),
            approved_by: "Ban  Thường vụ Tỉnh ủy".into(),
        }
    }

    fn fields(form: &ExclusionForm) -> Vec<String> {
        match NewExclusion::parse(form) {
            Err(Error::Invalid(errors)) => errors.0.into_iter().map(|e| e.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_form_is_read() {
        let read = NewExclusion::parse(&form()).unwrap();
        assert_eq!(read.reason, Reason::ArmedForces);
        assert_eq!((read.excluded_from, read.excluded_to), (date!(2024 - 01 - 01), None));
        assert_eq!(read.approved_by, "Ban Thường vụ Tỉnh ủy");
        assert!(read.check().is_ok());
    }

    #[test]
    fn every_field_that_needs_mending_is_named() {
        assert_eq!(
            fields(&ExclusionForm::default()),
            ["organisation", "reason", "excluded_from", "approved_by"]
        );
        assert_eq!(fields(&ExclusionForm { reason: "other".into(), ..form() }), ["note"]);
        assert_eq!(
            fields(&ExclusionForm { excluded_to: "01/01/2024".into(), ..form() }),
            ["excluded_to"]
        );
        assert_eq!(
            fields(&ExclusionForm { excluded_to: "31/2/2024".into(), ..form() }),
            ["excluded_to"]
        );
        assert_eq!(fields(&ExclusionForm { note: "x".repeat(501), ..form() }), ["note"]);
    }

    #[test]
    fn reasons_round_trip() {
        for reason in Reason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
    }
}
