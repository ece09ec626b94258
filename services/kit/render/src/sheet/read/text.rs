//! The text of a cell, collected from the tokens inside it.

use super::super::MAX_CELL;
use super::ReadError;
use super::xml::Token;

/// A character can be written as seven (`_x0041_`). What is longer than this
/// is too long however it is counted, so collecting stops.
const MAX_RAW: usize = 8 * MAX_CELL;

/// Appends what `token` adds to the text.
pub(super) fn collect(token: &Token<'_>, text: &mut String) -> Result<(), ReadError> {
    match token {
        _ if text.len() > MAX_RAW => {}
        Token::Text(piece) => decode(piece, text)?,
        Token::Literal(piece) => push_lines(piece, text),
        _ => {}
    }
    Ok(())
}

/// Appends text as written in XML, resolving its references.
pub(super) fn decode(raw: &str, text: &mut String) -> Result<(), ReadError> {
    let mut rest = raw;
    while let Some((before, from)) = rest.split_once('&') {
        push_lines(before, text);
        let unknown = || ReadError::damaged("reference");
        let (name, after) = from.split_once(';').ok_or_else(unknown)?;
        text.push(reference(name).ok_or_else(unknown)?);
        rest = after;
    }
    push_lines(rest, text);
    Ok(())
}

/// XML has one line end, however the file was written; a carriage return that
/// is meant is a reference.
fn push_lines(piece: &str, text: &mut String) {
    let mut lines = piece.split('\r');
    text.push_str(lines.next().unwrap_or_default());
    for line in lines {
        text.push('\n');
        text.push_str(line.strip_prefix('\n').unwrap_or(line));
    }
}

fn reference(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    char::from_u32(match number.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => number.parse().ok()?,
    })
}

pub(super) fn too_long(text: &str) -> bool {
    text.len() > MAX_CELL && text.chars().count() > MAX_CELL
}

/// Undoes `_xHHHH_`, by which a workbook writes characters that XML cannot
/// hold, and itself where it stands in the text (as `_x005F_x...`).
pub(super) fn unescape(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find("_x") {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some(character) = escape(rest) {
            out.push(character);
            rest = &rest[7..];
        } else {
            out.push_str("_x");
            rest = &rest[2..];
        }
    }
    out.push_str(rest);
    *text = out;
}

fn escape(text: &str) -> Option<char> {
    let digits = text.get(2..6)?;
    if text.as_bytes().get(6) != Some(&b'_') || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{decode, unescape};

    #[test]
    fn escapes() {
        for (raw, plain) in [
            ("a_x000D_\nb", "a\r\nb"),
            ("_x005F_x0041_", "_x0041_"),
            ("ma_xa_", "ma_xa_"),
            ("_x00", "_x00"),
            ("_x00đ_", "_x00đ_"),
            ("_x_x0041_", "_xA"),
            ("_xD800_", "_xD800_"),
        ] {
            let mut text = raw.to_owned();
            unescape(&mut text);
            assert_eq!(text, plain);
        }
    }

    #[test]
    fn references_and_line_ends() {
        let mut text = String::new();
        decode("a&#7897;&#x1EC7;&amp;lt;\r\nb\rc&#13;\n\n", &mut text).unwrap();
        assert_eq!(text, "aộệ&lt;\nb\nc\r\n\n");
        for raw in ["&", "&;", "&#;", "&#x110000;", "&nope;", "a&amp"] {
            assert!(decode(raw, &mut String::new()).is_err(), "{raw}");
        }
    }
}
