//! The stylesheet and scripts, compiled in, at addresses that change when they do.

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

/// The same for a tenant's colours, which change with its accent.
pub(crate) fn theme_version(tenant: &Tenant) -> String {
    format!("{}-{}", version(), tenant.accent.trim_start_matches('#'))
}

/// The file behind `/assets/<name>?<query>`, or nothing.
#[must_use]
pub fn file(name: &str, query: Option<&str>) -> Option<Response> {
    let (_, content_type, bytes) = FILES.iter().find(|(known, _, _)| *known == name)?;
    Some(answer(content_type, (*bytes).into(), names(query, version())))
}

/// The tenant's own colours, behind `/assets/theme.css?<query>`.
#[must_use]
pub fn theme(tenant: &Tenant, query: Option<&str>) -> Response {
    let css = format!(":root{{--accent:{};--accent-ink:{}}}", tenant.accent, ink(&tenant.accent));
    answer("text/css; charset=utf-8", css.into(), names(query, &theme_version(tenant)))
}

/// Whether an address names this very version.
fn names(query: Option<&str>, version: &str) -> bool {
    query.and_then(|query| query.strip_prefix("v=")) == Some(version)
}

/// `lasting`: what is behind this address never changes. A process of another
/// version may answer for one that is newer or older, and that is not kept.
fn answer(content_type: &'static str, body: axum::body::Body, lasting: bool) -> Response {
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let keep = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
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
    use super::{file, theme, theme_version, version};
    use axum::response::Response;
    use http::header;
    use kernel::TenantId;
    use tenancy::registry::{Tenant, TenantKind, TenantState};

    fn lasts(response: &Response) -> bool {
        let keep = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
        assert!(keep == "no-cache" || keep.ends_with("immutable"), "{keep}");
        keep.ends_with("immutable")
    }

    #[test]
    fn only_an_address_with_the_version_it_shows_is_kept() {
        let at = |query: &str| lasts(&file("app.css", Some(query)).unwrap());
        assert!(at(&format!("v={}", version())));
        for query in ["", "v=", "v=000000000000", version()] {
            assert!(!at(query), "{query}");
        }
        assert!(!lasts(&file("app.css", None).unwrap()));
    }

    #[test]
    fn another_accent_is_another_address() {
        let mut tenant = Tenant {
            id: TenantId::new("thanh-hoa").unwrap(),
            kind: TenantKind::Province,
            name: String::new(),
            short_name: String::new(),
            accent: "#b3261e".into(),
            hosts: Vec::new(),
            placement: String::new(),
            state: TenantState::Active,
            password_version: 0,
            schema_version: 0,
            role: "".into(),
        };
        let old = format!("v={}", theme_version(&tenant));
        assert!(old.ends_with("-b3261e"), "{old}");
        assert!(lasts(&theme(&tenant, Some(&old))) && !lasts(&theme(&tenant, None)));
        tenant.accent = "#0b5d8a".into();
        assert!(!lasts(&theme(&tenant, Some(&old))));
        assert!(!lasts(&theme(&tenant, Some(&format!("v={}", version())))));
    }

    #[test]
    fn ink_contrasts() {
        assert_eq!(super::ink("#b3261e"), "#fff");
        assert_eq!(super::ink("#ffd54f"), "#000");
    }
}
