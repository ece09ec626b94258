//! The text of a cell, collected from the events inside it.

use quick_xml::events::Event;

use super::super::MAX_CELL;
use super::ReadError;

/// A character can be written as seven (`_x0041_`). What is longer than this
/// is too long however it is counted, so collecting stops.
const MAX_RAW: usize = 8 * MAX_CELL;

/// Appends what `event` adds to the text.
pub(super) fn collect(event: &Event<'_>, text: &mut String) -> Result<(), ReadError> {
    if text.len() > MAX_RAW {
        return Ok(());
    }
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(reference) => {
            let unknown = || ReadError::damaged(format!("&{};", &**reference));
            let character = match &**reference {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => reference.resolve_char_ref().ok().flatten().ok_or_else(unknown)?,
            };
            text.push(character);
        }
        _ => {}
    }
    Ok(())
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
    use super::unescape;

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
}
