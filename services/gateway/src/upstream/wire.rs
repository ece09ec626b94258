//! What travels beside a request and its answer between processes.
//!
//! To the service: [`CONTEXT`], the request's context with the time that is
//! left, signed together with method and path, so that it fits no other
//! request, and good for [`LIFE`] only. Back: what an answer carries for the
//! gateway's cookies. All of it is under names that begin with [`PREFIX`],
//! which neither people's requests nor answers to them ever keep.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use kernel::Error;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tenancy::MasterKey;
use time::OffsetDateTime;
use web::{Device, Flash, SessionChange};

/// What all of these names begin with.
const PREFIX: &str = "x-sotay-";
/// See the module.
pub(super) const CONTEXT: HeaderName = HeaderName::from_static("x-sotay-context");
/// Asks whether a request would be taken: no service has this path, and the
/// signature is over a context of nobody.
pub(super) const GREETING: &str = "/healthz";
/// Answers a request whose context does not hold, and nothing else.
pub(super) const ASTRAY: StatusCode = StatusCode::MISDIRECTED_REQUEST;
const SESSION: HeaderName = HeaderName::from_static("x-sotay-session");
const FLASH: HeaderName = HeaderName::from_static("x-sotay-flash");
const DEVICE: HeaderName = HeaderName::from_static("x-sotay-device");
/// How old a context may be, which is also how far the clocks of two machines
/// may be apart.
const LIFE: time::Duration = time::Duration::seconds(30);

/// What concerns one connection only (RFC 9110, section 7.6.1), or only the
/// gateway: who somebody is has been answered before.
const HERE_ONLY: [HeaderName; 11] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
    header::COOKIE,
    header::AUTHORIZATION,
    // Answers are compressed once, at the socket they leave by.
    header::ACCEPT_ENCODING,
];

#[derive(Serialize)]
struct Sealed<'a, C> {
    context: &'a C,
    /// Milliseconds of the Unix epoch.
    issued: i128,
    /// Milliseconds that are left.
    left: u64,
}

#[derive(Deserialize)]
struct Opened<C> {
    context: C,
    issued: i128,
    left: u64,
}

/// The headers that may travel on.
pub(super) fn onward(headers: &HeaderMap) -> HeaderMap {
    let named = headers.get(header::CONNECTION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let listed = |name: &HeaderName| {
        named.split(',').any(|other| other.trim().eq_ignore_ascii_case(name.as_str()))
    };
    headers
        .iter()
        .filter(|(name, _)| {
            !HERE_ONLY.contains(name)
                && !name.as_str().starts_with(PREFIX)
                && !name.as_str().starts_with("proxy-")
                && !matches!(name.as_str(), "keep-alive" | "traceparent" | "tracestate")
                && !listed(name)
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Removes what only another process of ours may say.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let ours: Vec<_> =
        headers.keys().filter(|name| name.as_str().starts_with(PREFIX)).cloned().collect();
    for name in ours {
        headers.remove(name);
    }
}

/// Signs a context for one request.
pub(super) fn seal(
    key: &MasterKey,
    method: &Method,
    uri: &Uri,
    context: &impl Serialize,
    left: Duration,
    now: OffsetDateTime,
) -> Result<HeaderValue, Error> {
    let left = u64::try_from(left.as_millis())?;
    let issued = now.unix_timestamp_nanos() / 1_000_000;
    let payload = serde_json::to_vec(&Sealed { context, issued, left })?;
    let mut text = BASE64.encode(&payload);
    text.push('.');
    BASE64.encode_string(sign(key, method, uri, &payload), &mut text);
    let mut value = HeaderValue::try_from(text)?;
    // New with every request: kept by the peer's HPACK table, it would only push
    // out what comes again. Nor is it anything for a log.
    value.set_sensitive(true);
    Ok(value)
}

/// The context of a request and the time that is left, if the signature holds
/// for exactly this request and is fresh.
pub(super) fn open<C: DeserializeOwned>(
    key: &MasterKey,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    now: OffsetDateTime,
) -> Option<(C, Duration)> {
    let (payload, mac) = headers.get(CONTEXT)?.to_str().ok()?.split_once('.')?;
    let payload = BASE64.decode(payload).ok()?;
    let mac = BASE64.decode(mac).ok()?;
    if !bool::from(sign(key, method, uri, &payload)[..].ct_eq(&mac)) {
        return None;
    }
    let opened: Opened<C> = serde_json::from_slice(&payload).ok()?;
    let age = now.unix_timestamp_nanos() / 1_000_000 - opened.issued;
    let fresh = age.unsigned_abs() <= LIFE.whole_milliseconds().unsigned_abs();
    fresh.then(|| (opened.context, Duration::from_millis(opened.left)))
}

fn sign(key: &MasterKey, method: &Method, uri: &Uri, payload: &[u8]) -> [u8; 32] {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    key.derive("request-context", &[method.as_str().as_bytes(), path.as_bytes(), payload])
}

/// Writes what an answer carries for the gateway into its headers.
pub(super) fn pack<B>(response: &mut Response<B>) {
    strip(response.headers_mut());
    let session = match response.extensions_mut().remove::<SessionChange>() {
        Some(SessionChange::Started(token)) => Some(token),
        Some(SessionChange::Ended) => Some(String::new()),
        None => None,
    };
    let flash = response.extensions_mut().remove::<Flash>().map(|Flash(text)| text);
    let device = response.extensions_mut().remove::<Device>().map(|Device(text)| text);
    for (name, text) in [(SESSION, session), (FLASH, flash), (DEVICE, device)] {
        if let Some(Ok(value)) = text.map(|text| HeaderValue::try_from(BASE64.encode(text))) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// Takes it out again.
pub(super) fn unpack<B>(response: &mut Response<B>) {
    let text = |name: &HeaderName, headers: &HeaderMap| {
        String::from_utf8(BASE64.decode(headers.get(name)?).ok()?).ok()
    };
    let session = text(&SESSION, response.headers());
    let flash = text(&FLASH, response.headers());
    let device = text(&DEVICE, response.headers());
    strip(response.headers_mut());
    if let Some(token) = session {
        response.extensions_mut().insert(if token.is_empty() {
            SessionChange::Ended
        } else {
            SessionChange::Started(token)
        });
    }
    if let Some(text) = flash {
        response.extensions_mut().insert(Flash(text));
    }
    if let Some(text) = device {
        response.extensions_mut().insert(Device(text));
    }
}

#[cfg(test)]
mod tests {
    use super::{CONTEXT, LIFE, onward, open, pack, seal, unpack};
    use http::{HeaderMap, HeaderValue, Method, Response, Uri};
    use kernel::TenantId;
    use std::time::Duration;
    use tenancy::MasterKey;
    use time::{OffsetDateTime, macros::datetime};
    use web::{Csrf, Device, Face, Flash, RequestContext, SessionChange};

    const NOW: OffsetDateTime = datetime!(2026-11-03 14:00 UTC);

    fn sealed(key: &MasterKey, method: &Method, path: &'static str) -> HeaderMap {
        let context = RequestContext {
            tenant: TenantId::new("thanh-hoa").unwrap(),
            actor: None,
            face: Face::Html,
            csrf: Csrf::NotNeeded,
            id: "1".into(),
            peer: [192, 0, 2, 1].into(),
            origin: "https://thanh-hoa.localhost".into(),
            flash: Some("Đã lưu.".into()),
            device: Some("mark".into()),
        };
        let uri = Uri::from_static(path);
        let left = Duration::from_millis(1500);
        let value = seal(key, method, &uri, &context, left, NOW).unwrap();
        HeaderMap::from_iter([(CONTEXT, value)])
    }

    #[test]
    fn a_context_arrives_as_it_was_sent() {
        let key = MasterKey::new([1; 32]);
        let headers = sealed(&key, &Method::POST, "/documents?x=1");
        let uri = Uri::from_static("/documents?x=1");
        let (context, left) =
            open::<RequestContext>(&key, &Method::POST, &uri, &headers, NOW).unwrap();
        assert_eq!((&*context.tenant, left), ("thanh-hoa", Duration::from_millis(1500)));
        assert_eq!(context.flash.as_deref(), Some("Đã lưu."));
    }

    #[test]
    fn it_fits_no_other_request_no_other_key_and_no_other_hour() {
        let key = MasterKey::new([1; 32]);
        let headers = sealed(&key, &Method::POST, "/documents?x=1");
        let asks = |key: &MasterKey, method: Method, path: &'static str, now| {
            open::<RequestContext>(key, &method, &Uri::from_static(path), &headers, now).is_some()
        };
        let late = NOW + LIFE + time::Duration::SECOND;
        assert!(asks(&key, Method::POST, "/documents?x=1", NOW + LIFE));
        assert!(!asks(&key, Method::POST, "/documents?x=1", late));
        assert!(!asks(&key, Method::POST, "/documents?x=1", NOW - LIFE - time::Duration::SECOND));
        assert!(!asks(&key, Method::PUT, "/documents?x=1", NOW));
        assert!(!asks(&key, Method::POST, "/documents?x=2", NOW));
        assert!(!asks(&key, Method::POST, "/documents", NOW));
        assert!(!asks(&MasterKey::new([2; 32]), Method::POST, "/documents?x=1", NOW));
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let key = MasterKey::new([1; 32]);
        let headers = sealed(&key, &Method::GET, "/");
        let text = headers[CONTEXT].to_str().unwrap().to_owned();
        for at in (0..text.len()).step_by(7) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let headers =
                HeaderMap::from_iter([(CONTEXT, HeaderValue::from_bytes(&bytes).unwrap())]);
            let uri = Uri::from_static("/");
            let opened = open::<RequestContext>(&key, &Method::GET, &uri, &headers, NOW);
            assert!(opened.is_none(), "byte {at}");
        }
    }

    #[test]
    fn neither_ours_nor_the_connections_own_headers_travel() {
        let headers = HeaderMap::from_iter(
            [
                ("x-sotay-context", "forged"),
                ("cookie", "sid=1"),
                ("authorization", "Bearer 1"),
                ("connection", "close, x-hop"),
                ("x-hop", "1"),
                ("host", "a"),
                ("traceparent", "00-1-1-01"),
                ("range", "bytes=0-1"),
            ]
            .map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))),
        );
        let left = onward(&headers);
        assert_eq!(left.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(), ["range"]);
    }

    #[test]
    fn cookies_to_be_set_come_back() {
        let mut response = Response::new(());
        response.extensions_mut().insert(SessionChange::Started("token".into()));
        response.extensions_mut().insert(Flash("Đã điểm danh.".into()));
        response.extensions_mut().insert(Device("mark".into()));
        pack(&mut response);
        let mut arrived = Response::new(());
        *arrived.headers_mut() = response.headers().clone();
        unpack(&mut arrived);
        assert!(arrived.headers().is_empty());
        let session = arrived.extensions().get::<SessionChange>();
        assert!(matches!(session, Some(SessionChange::Started(token)) if token == "token"));
        assert_eq!(arrived.extensions().get::<Flash>().unwrap().0, "Đã điểm danh.");
        assert_eq!(arrived.extensions().get::<Device>().unwrap().0, "mark");
    }
}
