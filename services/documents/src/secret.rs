//! The markings of state secrets. Law 117/2025/QH15 keeps what is marked MẬT,
//! TỐI MẬT or TUYỆT MẬT off every system that is reached over the Internet, so
//! a file that shows such a marking is turned away before anything is stored.
//!
//! The word «mật» is common (bảo mật, mật thiết, bí mật nhà nước); a marking is
//! told by how it stands: alone on its line, after «Độ mật:», or in capitals
//! outside a compound. Pure.

/// What to tell somebody who sends such a file.
pub const WHAT_TO_DO: &str = "Tài liệu bí mật nhà nước không bao giờ được đưa lên hệ thống này; chưa có gì được lưu lại. \
    Xin xóa tệp khỏi thiết bị có nối mạng và làm theo quy trình quản lý tài liệu mật của cơ quan.";

/// Words that make a compound with a «mật» after them. «Không mật», «giải mật»
/// say that there is no secret; «độ mật» is the name of the field.
const BEFORE: [&str; 14] = [
    "bí",
    "bảo",
    "cơ",
    "cẩn",
    "thân",
    "giải",
    "không",
    "độ",
    "nội",
    "đường",
    "túi",
    "sỏi",
    "gan",
    "mía",
];
/// Words that make a compound with a «mật» before them.
const AFTER: [&str; 16] = [
    "thiết", "khẩu", "mã", "thám", "thư", "vụ", "nghị", "ong", "độ", "lệnh", "danh", "hiệu", "ước",
    "đàm", "tông", "mía",
];

/// The first marking in a text, whose lines are those of the page.
#[must_use]
pub fn in_text(text: &str) -> Option<&'static str> {
    text.lines().find_map(|line| {
        let words = words(line);
        (0..words.len()).find_map(|at| {
            let Found { level, first, compound } = found(&words, at)?;
            let capital = words[first].starts_with(char::is_uppercase);
            let alone = first == 0 && at + 1 == words.len() && capital;
            let labelled =
                first >= 2 && lower(&words[first - 2]) == "độ" && lower(&words[first - 1]) == "mật";
            let shouted = words[first..=at].iter().all(|word| word.chars().all(char::is_uppercase));
            (alone || labelled || (shouted && !compound)).then_some(level)
        })
    })
}

/// The first marking in a file's name, with or without diacritics.
#[must_use]
pub fn in_file_name(name: &str) -> Option<&'static str> {
    let words = words(name);
    let marked = (0..words.len()).find_map(|at| {
        let Found { level, compound, .. } = found(&words, at)?;
        (!compound).then_some(level)
    });
    // Without diacritics «mat» is mostly «mặt» (mặt trận, có mặt): alone it
    // counts only in brackets. A name that has its diacritics is judged by them.
    marked.or_else(|| if name.is_ascii() { in_plain_name(name) } else { None })
}

fn in_plain_name(name: &str) -> Option<&'static str> {
    let bracketed = name.to_ascii_lowercase().replace(['(', '['], " ( ");
    let words: Vec<&str> = bracketed
        .split(|c: char| !c.is_ascii_alphabetic() && c != '(')
        .filter(|word| !word.is_empty())
        .collect();
    let plain = format!(" {} ", words.join(" "));
    [
        (" toi mat ", "TỐI MẬT"),
        (" toimat ", "TỐI MẬT"),
        (" tuyet mat ", "TUYỆT MẬT"),
        (" tuyetmat ", "TUYỆT MẬT"),
        (" ( mat ", "MẬT"),
    ]
    .into_iter()
    .find_map(|(text, level)| plain.contains(text).then_some(level))
}

struct Found {
    level: &'static str,
    /// The first word of the marking.
    first: usize,
    compound: bool,
}

/// What the word at `at` would mark, if it is «mật».
fn found(words: &[String], at: usize) -> Option<Found> {
    if lower(&words[at]) != "mật" {
        return None;
    }
    let before = at.checked_sub(1).map(|at| lower(&words[at])).unwrap_or_default();
    let after = words.get(at + 1).map(|word| lower(word)).unwrap_or_default();
    Some(match before.as_str() {
        "tối" => Found { level: "TỐI MẬT", first: at - 1, compound: false },
        "tuyệt" => Found { level: "TUYỆT MẬT", first: at - 1, compound: false },
        _ => Found {
            level: "MẬT",
            first: at,
            compound: BEFORE.contains(&before.as_str()) || AFTER.contains(&after.as_str()),
        },
    })
}

fn words(line: &str) -> Vec<String> {
    kernel::viet::normalise(line)
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

fn lower(word: &str) -> String {
    word.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{in_file_name, in_text};

    #[test]
    fn markings_are_found_however_they_stand() {
        for (text, level) in [
            ("MẬT", "MẬT"),
            ("  [ MẬT ]  ", "MẬT"),
            ("Mật.", "MẬT"),
            ("TỈNH ỦY\nTỐI MẬT\nSố 12-BC/TU", "TỐI MẬT"),
            ("Tối mật", "TỐI MẬT"),
            ("TUYỆT MẬT", "TUYỆT MẬT"),
            ("Bản số: 03   TUYỆT MẬT   Hà Nội, ngày 3 tháng 2", "TUYỆT MẬT"),
            ("ĐẢNG BỘ TỈNH   MẬT   ĐẢNG CỘNG SẢN VIỆT NAM", "MẬT"),
            ("Độ mật: Mật", "MẬT"),
            ("ĐỘ MẬT: MẬT", "MẬT"),
            ("Độ mật: tối mật", "TỐI MẬT"),
            ("MA\u{302}\u{323}T", "MẬT"),
        ] {
            assert_eq!(in_text(text), Some(level), "{text}");
        }
    }

    #[test]
    fn running_text_is_no_marking() {
        for text in [
            "",
            "quan hệ mật thiết với Nhân dân",
            "Mật khẩu không được cho người khác mượn.",
            "BẢO MẬT THÔNG TIN",
            "Luật Bảo vệ bí mật nhà nước",
            "QUY CHẾ BẢO VỆ BÍ MẬT NHÀ NƯỚC",
            "tài liệu thuộc độ Tối mật, Tuyệt mật thì không đưa lên mạng",
            "không được truyền đưa tài liệu\nmật",
            "VĂN BẢN KHÔNG MẬT",
            "GIẢI MẬT",
            "Độ mật: không",
            "ĐỘ MẬT: KHÔNG",
            "MẬT ĐỘ DÂN SỐ",
            "Có mặt 18 đồng chí",
            "MẶT TRẬN TỔ QUỐC",
        ] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }

    #[test]
    fn file_names_tell_too() {
        for (name, level) in [
            ("04-BC-TU MẬT.pdf", "MẬT"),
            ("Báo cáo (mật).pdf", "MẬT"),
            ("tài liệu mật.pdf", "MẬT"),
            ("Tối mật - kế hoạch.pdf", "TỐI MẬT"),
            ("TOI MAT_ke-hoach.pdf", "TỐI MẬT"),
            ("toi-mat.pdf", "TỐI MẬT"),
            ("TuyetMat.pdf", "TUYỆT MẬT"),
            ("bao cao (MAT).pdf", "MẬT"),
            ("[mat] bao cao.pdf", "MẬT"),
            ("[toi mat] bao cao.pdf", "TỐI MẬT"),
        ] {
            assert_eq!(in_file_name(name), Some(level), "{name}");
        }
        for name in [
            "06-nq-tu.pdf",
            "Quy chế bảo mật.pdf",
            "bao-ve-bi-mat-nha-nuoc.pdf",
            "BÁO CÁO MẶT TRẬN.pdf",
            "DANH SACH CO MAT.pdf",
            "mat-tran-to-quoc.pdf",
            "tôi mất thẻ.pdf",
            "quan hệ mật thiết.pdf",
        ] {
            assert_eq!(in_file_name(name), None, "{name}");
        }
    }
}
