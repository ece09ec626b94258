use super::super::fixture::Fixture;
use super::super::package::{MAX_PART, Package};
use super::{ReadError, Token, Xml};

/// The tokens of a document, one a line.
fn tokens(document: &[u8]) -> Result<Vec<String>, ReadError> {
    let file = Fixture::new().part("part.xml", document).file();
    let mut package = Package::open(file.reopen().unwrap())?;
    let mut xml = Xml::new(package.part("part.xml", MAX_PART)?.unwrap());
    let mut found = Vec::new();
    loop {
        let (kind, tag) = match xml.next()? {
            Token::Open(tag) => ("open", tag),
            Token::Empty(tag) => ("empty", tag),
            Token::Close(name) => {
                found.push(format!("close {name}"));
                continue;
            }
            Token::Text(text) => {
                found.push(format!("text {text}"));
                continue;
            }
            Token::Literal(text) => {
                found.push(format!("literal {text}"));
                continue;
            }
            Token::End => return Ok(found),
        };
        let mut line = format!("{kind} {}", tag.name);
        tag.attributes(|name, value| line.extend([" ", name, "=", value]))?;
        found.push(line);
    }
}

#[test]
fn every_kind_of_token() {
    let document = "\u{feff}<?xml version=\"1.0\" a='>'?><!-- <b> -- --><x:a x:b = \"c>d\" e='f\"&amp;'\n>\
        t&lt;<g/><h i=\"\" /><![CDATA[<j>]]]]><![CDATA[>]]></x:a >\n";
    let expected = [
        "text \u{feff}",
        "open a b=c>d e=f\"&",
        "text t&lt;",
        "empty g",
        "empty h i=",
        "literal <j>]]",
        "literal >",
        "close a",
        "text \n",
    ];
    assert_eq!(tokens(document.as_bytes()).unwrap(), expected);
}

#[test]
fn tokens_across_window_ends() {
    // The end of the window falls on every byte of the pattern in turn.
    let pattern = "<a b=\"c\"><!--d--><![CDATA[e]]>ộ</a>";
    let expected = ["open a b=c", "literal e", "text ộ", "close a"];
    for pad in 0..pattern.len() {
        let document = format!("<{}>{}</r>", "r".repeat(pad + 1), pattern.repeat(6000));
        let got = tokens(document.as_bytes()).unwrap();
        assert_eq!(got.len(), 6000 * 4 + 2);
        assert!(got[1..=24_000].chunks(4).all(|four| four == expected));
    }
}

#[test]
fn what_is_not_xml_is_refused() {
    for document in [
        "<a",
        "<a>",
        "<",
        "<!",
        "<!-- a",
        "<?a",
        "<![CDATA[a",
        "</a>",
        "<a></a></a>",
        "<a b></a>",
        "<a b=c/>",
        "<a b=\"c/>",
        "<!DOCTYPE a><a/>",
        "<a b=\"&c;\"/>",
        "<a b=\"&#xD800;\"/>",
        "<a b=\"&c\"/>",
    ] {
        assert!(
            matches!(tokens(document.as_bytes()), Err(ReadError::Damaged { .. })),
            "{document}"
        );
    }
    assert!(matches!(tokens(b"<a>\xFF</a>"), Err(ReadError::Damaged { .. })));
    assert!(matches!(tokens(b"\xFF\xFE<\0a\0/\0>\0"), Err(ReadError::Damaged { .. })));
}
