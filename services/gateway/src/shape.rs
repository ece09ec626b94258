//! Requests that no honest client sends, however well they parse.

use axum::extract::Request;
use http::{Method, StatusCode, Version, header};

/// What is wrong with the shape of a request: two readers of it could disagree
/// about what it asks for, or of whom.
pub(crate) fn flaw(request: &Request) -> Option<StatusCode> {
    // A tunnel we are not, and an echo would show cookies to scripts.
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    let headers = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    // RFC 9112 section 3.2: exactly one, also beside an absolute address.
    if hosts.next().is_some() || (host.is_none() && request.version() == Version::HTTP_11) {
        return Some(StatusCode::BAD_REQUEST);
    }
    let (authority, host) = (request.uri().authority(), host.map(http::HeaderValue::as_bytes));
    if let (Some(authority), Some(host)) = (authority, host)
        && !authority.as_str().as_bytes().eq_ignore_ascii_case(host)
    {
        return Some(StatusCode::BAD_REQUEST);
    }
    // Nothing here inflates what comes in, so nothing can be a bomb.
    let encoded = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    encoded.then_some(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

#[cfg(test)]
mod tests {
    use super::flaw;
    use axum::{body::Body, extract::Request};
    use http::StatusCode;

    fn found(request: http::request::Builder) -> Option<u16> {
        flaw(&Request::from(request.body(Body::empty()).unwrap())).as_ref().map(StatusCode::as_u16)
    }

    #[test]
    fn a_request_names_one_host_once() {
        let at = |uri: &str| Request::builder().uri(uri);
        assert_eq!(found(at("/").header("host", "a.vn")), None);
        assert_eq!(found(at("http://a.vn/x").header("host", "A.vn")), None);
        assert_eq!(found(at("http://a.vn/x").version(http::Version::HTTP_2)), None);
        assert_eq!(found(at("/")), Some(400));
        assert_eq!(found(at("/").header("host", "a.vn").header("host", "a.vn")), Some(400));
        assert_eq!(found(at("http://a.vn/x").header("host", "b.vn")), Some(400));
    }

    #[test]
    fn tunnels_echoes_and_packed_bodies_are_refused() {
        let by = |method: &str| Request::builder().method(method).uri("/").header("host", "a.vn");
        assert_eq!(found(by("TRACE")), Some(405));
        assert_eq!(found(by("CONNECT")), Some(405));
        assert_eq!(found(by("POST").header("content-encoding", "gzip")), Some(415));
        assert_eq!(found(by("POST").header("content-encoding", "identity")), None);
    }
}
