//! Finds the parts of a workbook: which worksheet comes first among the
//! visible ones, and where its strings and styles are.

use super::ReadError;
use super::package::{MAX_PART, Package, Part};
use super::xml::{Token, Xml};

/// Everything but rows and strings is small.
const MAX_META: u64 = 64 << 20;

/// A list has a handful of worksheets.
const MAX_ENTRIES: usize = 10_000;

pub(super) struct Workbook {
    pub(super) sheet: Part,
    pub(super) strings: Option<Part>,
    pub(super) styles: Option<Part>,
    /// Dates count from 1904, not from 1900.
    pub(super) since_1904: bool,
}

/// A line of a relationships part.
struct Relation {
    id: String,
    /// The last word of its type: the rest differs between editions.
    kind: String,
    target: String,
}

impl Workbook {
    pub(super) fn open(package: &mut Package) -> Result<Self, ReadError> {
        let roots = relations(package, "")?;
        let path = roots
            .into_iter()
            .find(|relation| relation.kind == "officeDocument")
            .map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.target);
        let Some(part) = package.part(&path, MAX_META)? else {
            return Err(if package.has("[Content_Types].xml") {
                ReadError::damaged(path)
            } else {
                // Some other kind of zip, such as an OpenDocument sheet.
                ReadError::NotATable
            });
        };
        if !is_xml_workbook(&path) {
            return Err(ReadError::NotATable);
        }
        let (visible, since_1904) = sheets(part)?;
        let relations = relations(package, &path)?;
        let sheet = visible
            .iter()
            .filter_map(|id| relations.iter().find(|relation| relation.id == *id))
            .find(|relation| relation.kind == "worksheet")
            .ok_or(ReadError::NoSheet)?;
        let mut by_kind = |kind: &str, limit| {
            let relation = relations.iter().find(|relation| relation.kind == kind);
            relation.map_or(Ok(None), |relation| package.part(&relation.target, limit))
        };
        let strings = by_kind("sharedStrings", MAX_PART)?;
        let styles = by_kind("styles", MAX_META)?;
        let sheet = package
            .part(&sheet.target, MAX_PART)?
            .ok_or_else(|| ReadError::damaged(sheet.target.clone()))?;
        Ok(Self { sheet, strings, styles, since_1904 })
    }
}

/// The binary edition (.xlsb), a text document and a slide show share the
/// container but hold no XML workbook.
fn is_xml_workbook(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit('.').next().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"))
        && !name.starts_with("document")
        && !name.starts_with("presentation")
}

/// The relationship ids of the visible sheets in their order, and the calendar.
fn sheets(part: Part) -> Result<(Vec<String>, bool), ReadError> {
    let mut visible = Vec::new();
    let mut since_1904 = false;
    let mut xml = Xml::new(part);
    loop {
        match xml.next()? {
            Token::Open(tag) | Token::Empty(tag) => match tag.name {
                "workbookPr" => tag.attributes(|name, value| {
                    if name == "date1904" {
                        since_1904 = matches!(value, "1" | "true" | "on");
                    }
                })?,
                "sheet" => {
                    let (mut id, mut hidden) = (String::new(), false);
                    tag.attributes(|name, value| match name {
                        "id" => value.clone_into(&mut id),
                        "state" => hidden = value != "visible",
                        _ => {}
                    })?;
                    if !hidden && visible.len() < MAX_ENTRIES {
                        visible.push(id);
                    }
                }
                _ => {}
            },
            Token::End => return Ok((visible, since_1904)),
            _ => {}
        }
    }
}

/// The relationships of a part, with their targets as names in the package.
fn relations(package: &mut Package, owner: &str) -> Result<Vec<Relation>, ReadError> {
    let (folder, name) = owner.rsplit_once('/').unwrap_or(("", owner));
    let path = resolve(folder, &format!("_rels/{name}.rels"));
    let Some(part) = package.part(&path, MAX_META)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut xml = Xml::new(part);
    loop {
        match xml.next()? {
            Token::Open(tag) | Token::Empty(tag) if tag.name == "Relationship" => {
                let (mut id, mut kind, mut target) = (String::new(), String::new(), String::new());
                tag.attributes(|name, value| match name {
                    "Id" => value.clone_into(&mut id),
                    "Type" => value.rsplit('/').next().unwrap_or(value).clone_into(&mut kind),
                    "Target" => target = resolve(folder, value),
                    _ => {}
                })?;
                if found.len() < MAX_ENTRIES {
                    found.push(Relation { id, kind, target });
                }
            }
            Token::End => return Ok(found),
            _ => {}
        }
    }
}

/// A target is relative to the folder of its owner, or starts with `/`.
fn resolve(folder: &str, target: &str) -> String {
    let mut segments: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').filter(|segment| !segment.is_empty()).collect(),
    };
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn targets() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(resolve("xl/a", "../b/./c.xml"), "xl/b/c.xml");
        assert_eq!(resolve("", "_rels/.rels"), "_rels/.rels");
    }
}
