//! The four cookies: session, visitor, device, flash.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header};

/// 90 days, as long as a session.
const SESSION_AGE: u32 = 90 * 24 * 3600;

/// 400 days, the longest that browsers keep a cookie.
const DEVICE_AGE: u32 = 400 * 24 * 3600;

/// The session's cookie; bound to the very host when it came over TLS.
pub(crate) fn session_name(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { "session" }
}

/// The visitor's cookie, from which forms before sign-in get their token.
pub(crate) fn visitor_name(secure: bool) -> &'static str {
    if secure { "__Host-visitor" } else { "visitor" }
}

/// The cookie of a sentence for the next page; bound to the host likewise, so
/// that a neighbouring host cannot put words into this one's mouth.
fn flash_name(secure: bool) -> &'static str {
    if secure { "__Host-flash" } else { "flash" }
}

/// A cookie of the request. `None` also when it comes twice with different
/// values: somebody on a neighbouring host may have planted one.
pub(crate) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
}

/// The sentence left for this page.
pub(crate) fn flash(headers: &HeaderMap, secure: bool) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(get(headers, flash_name(secure))?).ok()?;
    String::from_utf8(bytes).ok().filter(|text| text.chars().count() <= 300)
}

/// Keeps the session, or forgets it.
pub(crate) fn set_session(headers: &mut HeaderMap, token: Option<&str>, secure: bool) {
    set(
        headers,
        session_name(secure),
        token.unwrap_or_default(),
        token.map_or(0, |_| SESSION_AGE),
        secure,
    );
}

/// What was given to this device to keep, bound as the session is.
pub(crate) fn device(headers: &HeaderMap, secure: bool) -> Option<String> {
    get(headers, device_name(secure)).filter(|text| text.len() <= 300).map(ToOwned::to_owned)
}

/// Gives a device something to keep.
pub(crate) fn set_device(headers: &mut HeaderMap, value: &str, secure: bool) {
    set(headers, device_name(secure), value, DEVICE_AGE, secure);
}

fn device_name(secure: bool) -> &'static str {
    if secure { "__Host-device" } else { "device" }
}

/// Remembers a visitor until the browser closes.
pub(crate) fn set_visitor(headers: &mut HeaderMap, value: &str, secure: bool) {
    let secure_word = if secure { "; Secure" } else { "" };
    append(
        headers,
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure_word}", visitor_name(secure)),
    );
}

/// Leaves a sentence for the next page, or takes it away.
pub(crate) fn set_flash(headers: &mut HeaderMap, text: Option<&str>, secure: bool) {
    let value = text.map(|text| URL_SAFE_NO_PAD.encode(text)).unwrap_or_default();
    set(headers, flash_name(secure), &value, text.map_or(0, |_| 60), secure);
}

fn set(headers: &mut HeaderMap, name: &str, value: &str, age: u32, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    append(
        headers,
        format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"),
    );
}

fn append(headers: &mut HeaderMap, cookie: String) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::get;
    use http::HeaderMap;

    #[test]
    fn a_cookie_that_comes_twice_differently_counts_for_nothing() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", "a=1; session=x; b=2".parse().unwrap());
        assert_eq!(get(&headers, "session"), Some("x"));
        headers.append("cookie", "session=x".parse().unwrap());
        assert_eq!(get(&headers, "session"), Some("x"));
        headers.append("cookie", "session=y".parse().unwrap());
        assert_eq!(get(&headers, "session"), None);
    }
}
