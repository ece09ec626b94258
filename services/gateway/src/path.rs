//! Paths that may go further in.

/// Whether a path is plain: decodes to UTF-8 without control characters, and
/// walks neither up nor through empty segments.
pub(crate) fn is_plain(path: &str) -> bool {
    let Some(decoded) = decode(path) else { return false };
    decoded.starts_with('/')
        && !decoded.chars().any(|c| c.is_control() || c == '\\')
        && !decoded.split('/').any(|segment| segment == ".." || segment == ".")
        && !decoded.contains("//")
}

fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex = |b: u8| char::from(b).to_digit(16);
            let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn odd_paths_stop_at_the_door() {
        for good in ["/", "/documents/1", "/t%C3%A0i-li%E1%BB%87u"] {
            assert!(is_plain(good), "{good}");
        }
        for odd in ["/../etc", "/a/%2e%2e/b", "/a/./b", "/%ff", "/%", "/%0a", "//a", "/a%5cb", "*"]
        {
            assert!(!is_plain(odd), "{odd}");
        }
    }
}
