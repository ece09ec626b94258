//! What every answer carries for the browser's own defences.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Nothing inline, nothing from elsewhere, in nobody's frame.
static PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);
/// Browsers show a PDF in a page of their own making, which styles itself.
static FILES: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'unsafe-inline'; object-src 'self'; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The same with every answer. Made once: a name and a value are checked letter by
/// letter when they are made.
static FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=()"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Sets the browser's defences, whatever the service said of them. How long an
/// answer may be kept is the service's to say.
pub(crate) fn dress(headers: &mut HeaderMap, request_id: &str, secure: bool) {
    let is_file = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/pdf");
    headers.reserve(FIXED.len() + 4);
    headers.insert(header::CONTENT_SECURITY_POLICY, if is_file { &FILES } else { &PAGES }.clone());
    for (name, value) in &FIXED {
        headers.insert(name, value.clone());
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
        headers.insert(REQUEST_ID, id);
    }
}
