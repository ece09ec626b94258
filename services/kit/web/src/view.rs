//! Views: one value, two faces.

use crate::{App, Face, Failure, Flash, RequestContext, SessionChange, assets};
use askama::Template;
use axum::{
    body::Body,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kernel::{Error, Role};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::{future::Future, sync::Arc};

tokio::task_local! {
    static CURRENT: Current;
}

/// The request that is being answered, for whatever renders inside it.
pub(crate) struct Current {
    pub(crate) app: App,
    pub(crate) context: Arc<RequestContext>,
    pub(crate) path: String,
    /// Whether the path can be opened again: it was asked for with GET.
    pub(crate) opens: bool,
}

/// Something that is both a page and a JSON document.
pub trait Page: Template + Serialize + Send + 'static {
    /// For the browser's tab and the page's place in history.
    fn title(&self) -> String;
    /// Whether the page is for desks rather than phones.
    fn wide(&self) -> bool {
        false
    }
    /// Whether parts of the page follow the server by themselves.
    fn live(&self) -> bool {
        false
    }
}

/// A page to show.
pub struct View<P>(pub P);

impl<P: Page> IntoResponse for View<P> {
    fn into_response(self) -> Response {
        match current(|now| now.context.face) {
            Some(Face::Html) => match html(&self.0) {
                Ok(page) => Html(page).into_response(),
                Err(response) => *response,
            },
            _ => axum::Json(self.0).into_response(),
        }
    }
}

/// Something that has been done: a page to go to, or the outcome as JSON.
pub struct Done<T> {
    location: String,
    flash: Option<String>,
    status: StatusCode,
    session: Option<SessionChange>,
    outcome: T,
}

impl<T: Serialize> Done<T> {
    /// Done; people go on at `location`, programs read `outcome`.
    pub fn new(location: impl Into<String>, outcome: T) -> Self {
        Self {
            location: location.into(),
            flash: None,
            status: StatusCode::OK,
            session: None,
            outcome,
        }
    }

    /// Something new is at `location`: programs get 201.
    pub fn created(location: impl Into<String>, outcome: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::new(location, outcome) }
    }

    /// A sentence that the next page shows.
    #[must_use]
    pub fn flash(mut self, sentence: impl Into<String>) -> Self {
        self.flash = Some(sentence.into());
        self
    }

    /// The browser's session starts or ends with this.
    #[must_use]
    pub fn session(mut self, change: SessionChange) -> Self {
        self.session = Some(change);
        self
    }
}

impl<T: Serialize> IntoResponse for Done<T> {
    fn into_response(self) -> Response {
        let Ok(location) = HeaderValue::from_str(&self.location) else {
            return Failure::from(Error::internal("a location that is no header")).into_response();
        };
        let mut response = match current(|now| now.context.face) {
            Some(Face::Html) => StatusCode::SEE_OTHER.into_response(),
            _ => (self.status, axum::Json(self.outcome)).into_response(),
        };
        response.headers_mut().insert(header::LOCATION, location);
        if let Some(sentence) = self.flash {
            response.extensions_mut().insert(Flash(sentence));
        }
        if let Some(change) = self.session {
            response.extensions_mut().insert(change);
        }
        response
    }
}

/// Bytes to save or show as they are.
pub struct Download {
    /// The media type.
    pub content_type: &'static str,
    /// The name to save it under.
    pub file_name: String,
    /// Shown in the browser rather than saved.
    pub inline: bool,
    /// Length in bytes, when known.
    pub length: Option<u64>,
    /// The bytes.
    pub body: Body,
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        // RFC 6266: the plain name for old clients, the real one percent-encoded.
        let plain: String = kernel::viet::fold(&self.file_name)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' })
            .collect();
        let encoded = percent_encoded(&self.file_name);
        let kind = if self.inline { "inline" } else { "attachment" };
        let disposition = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
        let mut response = Response::new(self.body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Ok(value) = HeaderValue::from_str(&disposition) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        if let Some(length) = self.length {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }
}

/// The token for a form of the page that is being rendered:
/// `{{ ui::csrf(web::csrf()) }}`.
#[must_use]
pub fn csrf() -> String {
    current(|now| now.context.csrf.token().to_owned()).unwrap_or_default()
}

/// Runs something inside a request that goes no further.
pub async fn scoped<F: Future>(
    app: App,
    context: Arc<RequestContext>,
    path: String,
    inner: F,
) -> F::Output {
    within(Current { app, context, path, opens: false }, inner).await
}

/// Runs something inside a request.
pub(crate) async fn within<F: Future>(now: Current, inner: F) -> F::Output {
    CURRENT.scope(now, inner).await
}

pub(crate) fn current<T>(look: impl FnOnce(&Current) -> T) -> Option<T> {
    CURRENT.try_with(look).ok()
}

/// The gate before every handler.
pub(crate) fn admitted(operation: &str) -> Result<(), Error> {
    current(|now| {
        let actor = now.context.actor.as_ref();
        if now.app.policy.admits(actor, operation) {
            Ok(())
        } else if actor.is_none() {
            Err(Error::Unauthenticated)
        } else {
            Err(Error::Forbidden("Vai trò của đồng chí không gồm việc này.".into()))
        }
    })
    .unwrap_or_else(|| Err(Error::internal("a request came past the gateway")))
}

/// A page inside the layout.
pub(crate) fn html<P: Page>(page: &P) -> Result<String, Box<Response>> {
    current(|now| {
        let body = page.render()?;
        now.shell(&page.title(), &body, page.wide(), page.live())
    })
    .unwrap_or(Err(askama::Error::Fmt))
    .map_err(|error| Box::new(Failure::from(Error::from(error)).into_response()))
}

/// Where somebody who is not signed in goes, to come back afterwards.
pub(crate) fn sign_in() -> Response {
    let path = current(|now| now.opens.then(|| now.path.clone())).flatten();
    let location = sign_in_at(path.as_deref());
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What was sent to `path` is lost: only what can be opened leads back.
fn sign_in_at(path: Option<&str>) -> String {
    match path {
        None | Some("/") => "/sign-in".into(),
        Some(path) => format!("/sign-in?next={}", percent_encoded(path)),
    }
}

/// A text as one part of an address.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    const KEPT: AsciiSet =
        NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    utf8_percent_encode(text, &KEPT).to_string()
}

struct NavItem<'a> {
    href: &'a str,
    label: &'a str,
    current: bool,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Shell<'a> {
    lang_title: &'a str,
    site: &'a str,
    short: &'a str,
    signed_in: bool,
    person: &'a str,
    nav: &'a [NavItem<'a>],
    csrf: &'a str,
    flash: Option<&'a str>,
    body: &'a str,
    wide: bool,
    live: bool,
    theme_version: &'a str,
}

impl Current {
    pub(crate) fn shell(
        &self,
        title: &str,
        body: &str,
        wide: bool,
        live: bool,
    ) -> Result<String, askama::Error> {
        let actor = self.context.actor.as_ref();
        let Some(tenant) = self.app.tenants.get(&self.context.tenant) else {
            return Err(askama::Error::Fmt);
        };
        let path = self.path.split('?').next().unwrap_or_default();
        let here = |href: &str| {
            path == href
                || (href != "/" && path.starts_with(href) && path[href.len()..].starts_with('/'))
        };
        let nav: Vec<NavItem> = if actor.is_some() {
            self.app
                .nav
                .iter()
                // What anyone may do needs no place in a member's navigation.
                .filter(|entry| {
                    !self.app.policy.allows(Role::Anyone, entry.operation)
                        && self.app.policy.admits(actor, entry.operation)
                })
                .map(|entry| NavItem {
                    href: entry.href,
                    label: entry.label,
                    current: here(entry.href),
                })
                .collect()
        } else {
            Vec::new()
        };
        Shell {
            lang_title: title,
            site: &tenant.name,
            short: &tenant.short_name,
            signed_in: actor.is_some(),
            person: actor.map_or("", |actor| actor.name.as_str()),
            nav: &nav,
            csrf: self.context.csrf.token(),
            flash: self.context.flash.as_deref(),
            body,
            wide,
            live,
            theme_version: &assets::theme_version(&tenant),
        }
        .render()
    }
}

#[cfg(test)]
mod tests {
    use super::sign_in_at;

    #[test]
    fn signing_in_leads_back_to_what_can_be_opened() {
        assert_eq!(sign_in_at(Some("/documents?q=a")), "/sign-in?next=/documents%3Fq%3Da");
        assert_eq!(sign_in_at(Some("/")), "/sign-in");
        assert_eq!(sign_in_at(None), "/sign-in");
    }
}
