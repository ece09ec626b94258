//! What a cell's number format makes of its number: a date, or digits with
//! zeros in front. Every other format shows the number itself.

use std::collections::HashMap;

use super::ReadError;
use super::package::Part;
use super::xml::{Token, Xml};

/// Excel's own limits are 65,490 cell formats and some 250 number formats.
const MAX_FORMATS: usize = 65_536;

/// No number that people write has more digits, and a hostile format may.
const MAX_DIGITS: usize = 32;

/// How the number in a cell is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shape {
    #[default]
    Plain,
    Date,
    /// A format such as `0000000000`, by which people give phone and card
    /// numbers their leading zero back: at least so many digits.
    Digits(usize),
}

/// The shape of each cell format, by its index.
#[derive(Default)]
pub(super) struct Styles(Vec<Shape>);

impl Styles {
    pub(super) fn read(part: Part) -> Result<Self, ReadError> {
        let mut custom = HashMap::new();
        let mut formats = Vec::new();
        let mut in_cell_formats = false;
        let mut xml = Xml::new(part);
        loop {
            match xml.next()? {
                Token::Open(tag) | Token::Empty(tag) => match tag.name {
                    "numFmt" => {
                        let (mut id, mut shape) = (None, Shape::Plain);
                        tag.attributes(|name, value| match name {
                            "numFmtId" => id = value.parse::<u32>().ok(),
                            "formatCode" => shape = shape_of(value),
                            _ => {}
                        })?;
                        if let Some(id) = id.filter(|_| custom.len() < MAX_FORMATS) {
                            custom.insert(id, shape);
                        }
                    }
                    "cellXfs" => in_cell_formats = true,
                    "xf" if in_cell_formats && formats.len() < MAX_FORMATS => {
                        let mut id = 0;
                        tag.attributes(|name, value| {
                            if name == "numFmtId" {
                                id = value.parse().unwrap_or(0);
                            }
                        })?;
                        formats.push(id);
                    }
                    _ => {}
                },
                Token::Close("cellXfs") => in_cell_formats = false,
                Token::End => break,
                _ => {}
            }
        }
        let shape = |id| custom.get(&id).copied().unwrap_or_else(|| built_in(id));
        Ok(Self(formats.into_iter().map(shape).collect()))
    }

    pub(super) fn shape(&self, style: usize) -> Shape {
        self.0.get(style).copied().unwrap_or_default()
    }
}

/// Formats known by number alone, from ECMA-376 part 1, 18.8.30; 27 to 36 and
/// 50 to 58 are dates in East Asian editions.
fn built_in(id: u32) -> Shape {
    match id {
        14..=22 | 27..=36 | 45..=47 | 50..=58 => Shape::Date,
        _ => Shape::Plain,
    }
}

/// Reads a format code such as `[$-42A]dd/mm/yyyy;@`: a date if a day, month
/// or year is left once everything literal is taken out.
fn shape_of(code: &str) -> Shape {
    if (2..=MAX_DIGITS).contains(&code.len()) && code.bytes().all(|b| b == b'0') {
        return Shape::Digits(code.len());
    }
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => skip_to(&mut characters, '"'),
            '[' => skip_to(&mut characters, ']'),
            // A literal, a blank as wide as a character, a character to fill with.
            '\\' | '_' | '*' => drop(characters.next()),
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' => return Shape::Date,
            // The further sections are for negative numbers, zero and text.
            ';' => break,
            _ => {}
        }
    }
    Shape::Plain
}

fn skip_to(characters: &mut std::str::Chars<'_>, end: char) {
    characters.find(|character| *character == end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_dates_from_numbers() {
        for code in [
            "dd/mm/yyyy",
            "[$-42A]dd\\/mm\\/yyyy;@",
            "yyyy",
            "\"Ngày\" d",
            "MMM-YY",
            "mm:ss",
            "[Red]d",
        ] {
            assert_eq!(shape_of(code), Shape::Date, "{code}");
        }
        for code in [
            "General",
            "0",
            "0.00%",
            "#,##0 \"đ/ym\"",
            "[Red]0",
            "0_d",
            "#,##0\\ \\d",
            "[h]",
            "@",
            "0;d",
            "0*m",
        ] {
            assert_eq!(shape_of(code), Shape::Plain, "{code}");
        }
        assert_eq!(shape_of("0000000000"), Shape::Digits(10));
        assert_eq!([14, 22, 30, 47].map(built_in), [Shape::Date; 4]);
        assert_eq!([0, 1, 9, 13, 23, 37, 44, 48, 49].map(built_in), [Shape::Plain; 9]);
    }
}
