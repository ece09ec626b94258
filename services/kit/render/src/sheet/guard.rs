//! Formula injection through CSV: a spreadsheet program runs a cell that
//! begins with `=`, `+`, `-` or `@`, even when it is quoted. An apostrophe in
//! front makes it text there, at the price of being visible; our own reader
//! takes it off again, so that export, edit, import gives the same text.

use std::borrow::Cow;

/// Tab and carriage return count because programs skip them before looking.
const DANGER: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Text that would run, or that could be taken for something already guarded.
fn needs_guard(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(DANGER)
}

/// Makes `text` safe to stand in a CSV cell.
pub(super) fn guard(text: &str) -> Cow<'_, str> {
    if needs_guard(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that [`guard`] was given.
pub(super) fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if needs_guard(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_what_would_run() {
        for text in ["=1+1", "+84912345678", "-", "@SUM(A1)", "\t=1", "'=1"] {
            let guarded = guard(text);
            assert_eq!(guarded, format!("'{text}"));
            assert_eq!(unguard(&guarded), text);
        }
    }

    #[test]
    fn leaves_the_rest_alone() {
        for text in ["", "'", "Nguyễn Văn A", "0912", "'Ô", "a=b"] {
            assert_eq!(guard(text), text);
            assert_eq!(unguard(text), text);
        }
    }
}
