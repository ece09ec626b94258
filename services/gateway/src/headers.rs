//! What every answer carries for the browser's own defences.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Nothing inline, nothing from elsewhere, in nobody's frame.
const PAGES: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// Browsers show a PDF in a page of their own making, which styles itself.
const FILES: &str = "default-src 'self'; style-src 'unsafe-inline'; object-src 'self'; \
    form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Sets the browser's defences, whatever the service said of them. How long an
/// answer may be kept is the service's to say.
pub(crate) fn dress(headers: &mut HeaderMap, request_id: &str, secure: bool) {
    let is_file = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/pdf");
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, if is_file { FILES } else { PAGES }),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    headers.reserve(fixed.len() + 3);
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Most answers are about one person.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
}
