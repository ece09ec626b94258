//! The stylesheet and scripts, compiled in, with a name that changes when they do.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;
use tenancy::registry::Tenant;

static FILES: &[(&str, &str, &[u8])] = &[
    ("app.css", "text/css; charset=utf-8", include_bytes!("../assets/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../assets/app.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    ("htmx.min.js", "text/javascript; charset=utf-8", include_bytes!("../assets/htmx.min.js")),
];

/// Part of every asset's address, so that browsers may keep it for good.
#[must_use]
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for (_, _, bytes) in FILES {
            hash.update(bytes);
        }
        hash.finalize()
            .iter()
            .take(6)
            .fold(String::new(), |hex, byte| hex + format!("{byte:02x}").as_str())
    });
    &VERSION
}

/// The file behind `/assets/<name>`, or nothing.
#[must_use]
pub fn file(name: &str) -> Option<Response> {
    let (_, content_type, bytes) = FILES.iter().find(|(known, _, _)| *known == name)?;
    Some(answer(content_type, (*bytes).into()))
}

/// The tenant's own colours.
#[must_use]
pub fn theme(tenant: &Tenant) -> Response {
    let css = format!(":root{{--accent:{};--accent-ink:{}}}", tenant.accent, ink(&tenant.accent));
    answer("text/css; charset=utf-8", css.into())
}

fn answer(content_type: &'static str, body: axum::body::Body) -> Response {
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}

/// White or black, whichever reads better on the colour (WCAG relative luminance).
fn ink(accent: &str) -> &'static str {
    let channel = |at: usize| {
        let value =
            accent.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let share = f64::from(value) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    if luminance > 0.179 { "#000" } else { "#fff" }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ink_contrasts() {
        assert_eq!(super::ink("#b3261e"), "#fff");
        assert_eq!(super::ink("#ffd54f"), "#000");
    }
}
