//! From a host name to a tenant.

use axum::extract::Request;
use http::header;

/// The host that was asked for, lower case and without port. `None` when there
/// is none or it is not a host name.
pub(crate) fn asked_for(request: &Request) -> Option<String> {
    Some(plain(authority(request)?)?.to_ascii_lowercase())
}

/// The authority as asked for, port included; for links back to this site.
pub(crate) fn authority(request: &Request) -> Option<&str> {
    // HTTP/2 carries it in the URI; HTTP/1.1 in exactly one Host header.
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?;
    if hosts.next().is_some() {
        return None;
    }
    host.to_str().ok()
}

fn plain(authority: &str) -> Option<&str> {
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port),
        None => (authority, "0"),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let named = !host.is_empty()
        && host.len() <= 253
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && !host.split('.').any(str::is_empty);
    let numbered = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (named && numbered).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::asked_for;
    use axum::{body::Body, extract::Request};

    fn host(value: &str) -> Option<String> {
        let request =
            Request::builder().uri("/").header("host", value).body(Body::empty()).unwrap();
        asked_for(&request)
    }

    #[test]
    fn port_case_and_trailing_dot_do_not_matter() {
        for same in [
            "thanh-hoa.localhost",
            "Thanh-Hoa.LOCALHOST",
            "thanh-hoa.localhost:8080",
            "thanh-hoa.localhost.:1",
        ] {
            assert_eq!(host(same).as_deref(), Some("thanh-hoa.localhost"), "{same}");
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        for odd in [
            "",
            "a b",
            "a..b",
            "[::1]:80",
            "a:b",
            "a:",
            "a:65536",
            "a:+80",
            "x/y",
            "user@host",
            "hoá.vn",
        ] {
            assert_eq!(host(odd), None, "{odd}");
        }
        let twice = Request::builder()
            .uri("/")
            .header("host", "a.b")
            .header("host", "c.d")
            .body(Body::empty())
            .unwrap();
        assert_eq!(asked_for(&twice), None);
    }
}
