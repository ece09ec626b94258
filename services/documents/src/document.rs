//! What a document is to whom: who may see it, whose reading of it is counted
//! where, and how its number is written. Pure.

use kernel::{Actor, DocumentId, Error, MemberId, OrgPath, Result, Role};

/// Somebody who looks for documents, and from where they look.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Whose receipts count.
    pub member: MemberId,
    /// The place of their branch: what is published above it is meant for them.
    pub path: OrgPath,
    /// Units for which they publish, all below included.
    pub publishes: Vec<String>,
    /// Units that they inspect: what is published there is known to them, with
    /// its figures, but its files are not for them.
    pub inspects: Vec<String>,
}

impl Reader {
    /// The reader behind a request.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub fn of(ctx: &web::Ctx) -> Result<Self> {
        let actor = ctx.actor()?;
        Ok(Self {
            member: actor.member,
            path: actor.path.clone(),
            publishes: ctx.scopes_for("document.publish"),
            inspects: granted(actor, Role::Auditor),
        })
    }

    /// The units whose documents they know of beside their own, as SQL takes them.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        [&self.publishes[..], &self.inspects[..]].concat()
    }

    /// Whether a document published at `place` is meant for the reader: it goes
    /// to the organisation and all below it, hence *down* to the branch.
    #[must_use]
    pub fn addressed(&self, place: &OrgPath) -> bool {
        place.covers(&self.path)
    }

    /// Whether the reader may open what is published at `place`: it is meant for
    /// them, or it is published within what they publish for.
    #[must_use]
    pub fn reads(&self, place: &OrgPath) -> bool {
        self.addressed(place) || self.publishes.iter().any(|scope| place.0.starts_with(scope))
    }

    /// Whether the reader may know of what is published at `place`.
    #[must_use]
    pub fn sees(&self, place: &OrgPath) -> bool {
        self.reads(place) || self.inspects.iter().any(|scope| place.0.starts_with(scope))
    }

    /// The places whose documents are meant for the reader: the branch's own
    /// and every one above it, as SQL takes them.
    #[must_use]
    pub fn places_above(&self) -> Vec<String> {
        let path = &self.path.0;
        path.match_indices('.').map(|(dot, _)| path[..=dot].to_owned()).collect()
    }
}

/// Where a role was given to somebody by hand.
#[must_use]
pub fn granted(actor: &Actor, role: Role) -> Vec<String> {
    actor
        .grants
        .iter()
        .filter(|grant| grant.role == role)
        .map(|grant| grant.scope.0.clone())
        .collect()
}

/// The topmost places that both belong to somebody's scopes and receive a
/// document published at `place`; none lies within another.
#[must_use]
pub fn audience(place: &OrgPath, scopes: &[String]) -> Vec<String> {
    let mut shared: Vec<String> = scopes
        .iter()
        .filter_map(|scope| {
            if scope.starts_with(&place.0) {
                Some(scope.clone())
            } else {
                place.0.starts_with(scope).then(|| place.0.clone())
            }
        })
        .collect();
    shared.sort();
    // Sorted, a place stands right before all that lies within it.
    shared.dedup_by(|later, earlier| later.starts_with(earlier.as_str()));
    shared
}

/// Brings a number to the form of `06-NQ/TU`: two digits below 10, the kind's
/// abbreviation, the issuer's.
///
/// # Errors
/// A sentence that says how to write it.
pub fn number(text: &str) -> Result<String, &'static str> {
    const SHAPE: &str = "Ghi số và ký hiệu theo dạng 06-NQ/TU: số, gạch nối, loại văn bản, gạch chéo, cơ quan ban hành.";
    let text = kernel::viet::normalise(text).replace(['–', '—', '‐', '‑'], "-");
    let text =
        ["Số:", "Số", "số:", "số"].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(&text);
    let text: String = text.split_whitespace().collect();
    let (digits, rest) = text.split_once('-').ok_or(SHAPE)?;
    let (kind, issuer) = rest.split_once('/').ok_or(SHAPE)?;
    let numeric = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !numeric
        || !(1..=6).contains(&kind.chars().count())
        || !kind.chars().all(char::is_alphabetic)
        || !(1..=30).contains(&issuer.chars().count())
        || !issuer.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '/')
        || !issuer.starts_with(char::is_alphabetic)
        || !issuer.ends_with(char::is_alphanumeric)
    {
        return Err(SHAPE);
    }
    match digits.trim_start_matches('0').len() {
        0 => Err("Số của văn bản bắt đầu từ 01."),
        1 if digits.len() != 2 => Err("Số nhỏ hơn 10 viết bằng hai chữ số, ví dụ 06-NQ/TU."),
        length if length > 1 && length != digits.len() => {
            Err("Số từ 10 trở lên không viết số 0 ở đầu.")
        }
        _ => Ok(text),
    }
}

/// The identifier in an address.
///
/// # Errors
/// [`Error::NotFound`] when it is none.
pub fn id(text: &str) -> Result<DocumentId> {
    text.parse().map_err(|_| Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::{Reader, audience, number};
    use kernel::OrgPath;

    fn path(text: &str) -> OrgPath {
        OrgPath(text.into())
    }

    fn reader(branch: &str, publishes: &[&str]) -> Reader {
        Reader {
            member: uuid::Uuid::nil().into(),
            path: path(branch),
            publishes: publishes.iter().map(ToString::to_string).collect(),
            inspects: Vec::new(),
        }
    }

    #[test]
    fn documents_go_down_and_never_sideways() {
        let member = reader("1.4.27.", &[]);
        for above in ["1.", "1.4.", "1.4.27."] {
            assert!(member.sees(&path(above)) && member.addressed(&path(above)), "{above}");
        }
        for elsewhere in ["1.40.", "1.4.2.", "1.4.28.", "1.4.27.9.", "2."] {
            assert!(!member.sees(&path(elsewhere)), "{elsewhere}");
        }
    }

    #[test]
    fn who_answers_for_a_unit_sees_what_is_published_within_it() {
        let editor = reader("1.4.27.", &["1.5."]);
        assert!(editor.sees(&path("1.5.")) && editor.reads(&path("1.5.8.")));
        assert!(!editor.addressed(&path("1.5.8.")));
        assert!(!editor.sees(&path("1.6.")) && !editor.sees(&path("1.50.")));
    }

    #[test]
    fn who_inspects_a_unit_knows_of_its_documents_and_does_not_open_them() {
        let auditor = Reader { inspects: vec!["1.5.".into()], ..reader("1.4.27.", &[]) };
        assert!(auditor.sees(&path("1.5.8.")) && !auditor.reads(&path("1.5.8.")));
        assert!(auditor.reads(&path("1.4.")));
    }

    #[test]
    fn places_above_are_the_path_cut_at_each_dot() {
        assert_eq!(reader("1.4.27.", &[]).places_above(), ["1.", "1.4.", "1.4.27."]);
    }

    #[test]
    fn an_audience_is_where_scope_and_document_meet() {
        let meet = |place: &str, scopes: &[&str]| {
            audience(&path(place), &scopes.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(meet("1.", &["1.4."]), ["1.4."]);
        assert_eq!(meet("1.4.", &["1."]), ["1.4."]);
        assert_eq!(meet("1.", &["1.4.", "1.4.27.", "1.40.", "1.5."]), ["1.4.", "1.40.", "1.5."]);
        assert_eq!(meet("1.4.", &["1.5.", "2."]), [""; 0]);
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (written, stored) in [
            ("06-NQ/TU", "06-NQ/TU"),
            ("Số 06 - NQ/TU", "06-NQ/TU"),
            ("Số: 121–KH/TU", "121-KH/TU"),
            ("2162-CV/TU", "2162-CV/TU"),
            ("339-QĐ/TW", "339-QĐ/TW"),
            ("05-CTr/CB", "05-CTr/CB"),
            ("12-KH/BCĐ35", "12-KH/BCĐ35"),
            ("10-QĐ/UBKT-TU", "10-QĐ/UBKT-TU"),
        ] {
            assert_eq!(number(written).as_deref(), Ok(stored), "{written}");
        }
    }

    #[test]
    fn numbers_that_are_none_say_why() {
        for bad in [
            "",
            "06",
            "NQ/TU",
            "06-NQ",
            "06/NQ-TU",
            "06-/TU",
            "06-NQ/",
            "a6-NQ/TU",
            "06-N1/TU",
            "06-NQ/TU-",
            "123456-NQ/TU",
        ] {
            assert!(number(bad).unwrap_err().contains("06-NQ/TU"), "{bad}");
        }
        assert!(number("6-NQ/TU").unwrap_err().contains("hai chữ số"));
        assert!(number("006-NQ/TU").unwrap_err().contains("hai chữ số"));
        assert!(number("010-NQ/TU").unwrap_err().contains("số 0"));
        assert!(number("00-NQ/TU").unwrap_err().contains("01"));
    }
}
