//! One request, from the socket to the upstream and back.

use crate::{
    Limits, Proxies,
    body::BODY_LIMIT,
    budget::{Budgets, reads},
    cookies,
    guard::Guard,
    headers, host,
    listen::Answer,
    pages, path,
    ready::Ready,
    shape,
    upstream::{self, Deadline},
};
use axum::{
    Router,
    body::HttpBody as _,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use directory::account::session::Sessions;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use kernel::{Actor, Error, TenantId};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tenancy::registry::{Tenant, TenantState};
use tower::ServiceExt as _;
use utoipa::openapi::OpenApi;
use uuid::Uuid;
use web::{App, Csrf, Device, Face, Flash, RequestContext, SessionChange, Visitor};

/// How long an operation may take to answer, counted without its upload.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an upload may take on a weak link.
const UPLOAD_PATIENCE: Duration = Duration::from_mins(15);

/// Under which names tenants are reached.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// `<slug>.<base>` is the tenant's address, for each base.
    pub bases: Vec<String>,
}

/// The gateway. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    app: App,
    router: Router,
    hosts: Arc<Hosts>,
    api: Arc<str>,
    guard: Arc<Guard>,
    ready: Ready,
    sessions: Sessions,
}

/// What the listener knows of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The other end.
    pub address: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Door {
    /// A gateway in front of services whose operations `api` describes, which
    /// answers probes with `ready`.
    ///
    /// # Errors
    /// When the description cannot be written as JSON, or names a budget that
    /// does not exist.
    pub fn new(
        app: App,
        router: Router,
        hosts: Hosts,
        api: &OpenApi,
        ready: Ready,
    ) -> Result<Self, Error> {
        let budgets = Arc::new(Budgets::of(api).map_err(Error::internal)?);
        let guard = Arc::new(Guard::new(&Limits::default(), Proxies::default(), budgets));
        let (api, hosts) = (api.to_json()?.into(), Arc::new(hosts));
        Ok(Self { app, router, hosts, api, guard, ready, sessions: Sessions::default() })
    }

    /// The same gateway with other limits, counting from nothing, behind other
    /// proxies.
    #[must_use]
    pub fn limited(mut self, limits: &Limits, proxies: Proxies) -> Self {
        self.guard = Arc::new(Guard::new(limits, proxies, self.guard.budgets.clone()));
        self
    }

    /// What the gateway does beside answering, for as long as the process runs.
    pub async fn keep(&self) {
        self.guard.keep().await;
    }

    async fn route(
        &mut self,
        request: Request,
        peer: Peer,
        id: &str,
    ) -> (Option<TenantId>, Response) {
        if let Some(status) = shape::flaw(&request) {
            return (None, pages::malformed(status));
        }
        match request.uri().path() {
            "/healthz" => return (None, "ok\n".into_response()),
            // Boxed: every request would make room for what a probe looks at.
            "/readyz" => return (None, Box::pin(self.ready.answer()).await),
            // The same for every site, and for the page that says there is none.
            path if reads(request.method()) => {
                let name = if path == "/favicon.ico" {
                    Some("icon.svg")
                } else {
                    path.strip_prefix("/assets/")
                };
                if let Some(response) =
                    name.and_then(|name| web::assets::file(name, request.uri().query()))
                {
                    return (None, response);
                }
            }
            _ => {}
        }
        let Some(tenant) = host::asked_for(&request).and_then(|host| self.tenant(&host)) else {
            return (None, pages::nothing_here());
        };
        let id_of = Some(tenant.id.clone());
        let response = match tenant.state {
            TenantState::Active if tenant.schema_version < newest() => {
                pages::upgrading(face(&request), id)
            }
            // Boxed: whoever awaits an answer need not make room for all of this.
            TenantState::Active => Box::pin(self.enter(request, &tenant, peer, id)).await,
            TenantState::Suspended => pages::suspended(face(&request), id),
            TenantState::Provisioning | TenantState::Retired => pages::nothing_here(),
        };
        (id_of, response)
    }

    async fn enter(&mut self, request: Request, tenant: &Tenant, peer: Peer, id: &str) -> Response {
        if reads(request.method()) {
            match request.uri().path() {
                "/assets/theme.css" => return web::assets::theme(tenant, request.uri().query()),
                "/api/openapi.json" => {
                    return ([(header::CONTENT_TYPE, "application/json")], self.api.to_string())
                        .into_response();
                }
                _ => {}
            }
        }
        let scheme = if peer.secure { "https" } else { "http" };
        let authority = host::authority(&request).unwrap_or_default().to_ascii_lowercase();
        let origin = format!("{scheme}://{authority}");
        let (mut parts, body) = request.into_parts();
        let api = take_api_prefix(&mut parts.uri);
        let face = if api || wants_json(&parts.headers) { Face::Json } else { Face::Html };
        let path = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let mut context = RequestContext {
            tenant: tenant.id.clone(),
            actor: None,
            face,
            csrf: Csrf::NotNeeded,
            id: id.to_owned(),
            peer: peer.address,
            origin,
            flash: (face == Face::Html)
                .then(|| cookies::flash(&parts.headers, peer.secure))
                .flatten(),
            device: (!api).then(|| cookies::device(&parts.headers, peer.secure)).flatten(),
        };
        let guard = self.guard.clone();
        let changes = changes(&parts.method);
        let token = Token::of(&parts.headers, api, peer.secure);
        let said = token.as_ref().map(|token| token.text.as_str());
        let entered = guard.enter(&tenant.id, peer.address, said, &parts.method, parts.uri.path());
        let visit = match entered {
            Ok(visit) => visit,
            Err(refusal) => return refusal.answer(face, changes, id),
        };
        let (body, _place) = match visit.place(body).await {
            Ok(ready) => ready,
            Err(refusal) => return refusal.answer(face, changes, id),
        };
        let had_visitor =
            cookies::get(&parts.headers, cookies::visitor_name(peer.secure)).map(ToOwned::to_owned);
        let visitor =
            had_visitor.clone().unwrap_or_else(|| self.app.world.id::<Uuid>().simple().to_string());
        let patience = if visit.is_upload() { UPLOAD_PATIENCE } else { PATIENCE };
        let deadline = tokio::time::Instant::now() + patience;
        let identified = self.identify(&mut context, token.as_ref(), &visitor, api);
        let Ok(outcome) = tokio::time::timeout_at(deadline, identified).await else {
            return pages::late(self.app.clone(), Arc::new(context), path).await;
        };
        if let Ok(()) | Err(Error::Unauthenticated) = outcome
            && let Err(refusal) = visit.of(context.actor.as_ref())
        {
            return refusal.answer(face, changes, id);
        }
        let shown_flash = context.flash.is_some();
        let needs_visitor = had_visitor.is_none()
            && matches!(context.csrf, Csrf::Token(_))
            && context.actor.is_none();
        let context = Arc::new(context);
        let checked =
            outcome.and_then(|()| check(&parts.method, &parts.headers, &parts.uri, &context, api));
        let body = match checked.and(body) {
            Ok(body) => body,
            Err(error) => return pages::refuse(self.app.clone(), context, path, error).await,
        };
        upstream::strip(&mut parts.headers);
        parts.extensions.insert(context.clone());
        let mut request = Request::from_parts(parts, body);
        request.extensions_mut().insert(Deadline(deadline));
        let answer = self.router.clone().oneshot(request);
        let mut response = match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => pages::late(self.app.clone(), context.clone(), path).await,
        };
        if !api {
            set_cookies(&mut response, &visitor, needs_visitor, shown_flash, peer.secure);
        }
        response
    }

    /// Who it is, and what forms must repeat.
    async fn identify(
        &self,
        context: &mut RequestContext,
        token: Option<&Token>,
        visitor: &str,
        api: bool,
    ) -> Result<(), Error> {
        if let Some(token) = token {
            context.actor = self.actor(context, &token.text).await?;
            if token.bearer {
                return context.actor.is_some().then_some(()).ok_or(Error::Unauthenticated);
            }
        }
        if api {
            return Ok(());
        }
        let key = self.app.tenants.key();
        context.csrf = match &context.actor {
            Some(actor) => Csrf::for_session(key, &context.tenant, actor.session),
            None => Csrf::for_visitor(key, &context.tenant, &Visitor(visitor.to_owned())),
        };
        Ok(())
    }

    async fn actor(&self, context: &RequestContext, token: &str) -> Result<Option<Actor>, Error> {
        let resolve = async || {
            let db = self.app.tenants.db(&context.tenant)?;
            self.sessions.resolve(&db, &self.app.world, token).await
        };
        match resolve().await {
            // Nobody is sent away because a migration has just outdated a statement.
            Err(error) if tenancy::is_stale(&error) => {
                self.app.tenants.renew(&context.tenant);
                resolve().await
            }
            actor => actor,
        }
    }

    fn tenant(&self, host: &str) -> Option<Arc<Tenant>> {
        let slug = self
            .hosts
            .bases
            .iter()
            .find_map(|base| host.strip_suffix(base.as_str())?.strip_suffix('.'));
        // A host of its own that somebody writes into their file takes nobody's
        // subdomain.
        slug.and_then(|slug| self.app.tenants.get(&TenantId::new(slug).ok()?))
            .filter(|tenant| tenant.state != TenantState::Retired)
            .or_else(|| self.app.tenants.by_host(host))
    }
}

impl Answer for Door {
    async fn answer(mut self, request: Request, peer: Peer) -> Response {
        let seen = telemetry::Request::begin(None);
        let peer = self.guard.proxies.see_through(peer, request.headers());
        let id = self.app.world.id::<Uuid>().simple().to_string();
        let method = request.method().clone();
        let (tenant, mut response) = seen.run(Box::pin(self.route(request, peer, &id))).await;
        if method == Method::HEAD {
            keep_head(&mut response);
        }
        headers::dress(response.headers_mut(), &id, peer.secure);
        seen.end(&telemetry::Answered {
            id: &id,
            method: &method,
            operation: response.extensions().get::<web::Operation>().map(|o| o.0),
            tenant: tenant.as_deref(),
            status: response.status().as_u16(),
        });
        response
    }
}

/// What is wrong with a request before any service looks at it.
fn check(
    method: &Method,
    headers: &HeaderMap,
    uri: &Uri,
    context: &RequestContext,
    api: bool,
) -> Result<(), Error> {
    if !path::is_plain(uri.path()) {
        return Err(Error::BadRequest("Địa chỉ này không hợp lệ. Hãy đi từ trang chủ.".into()));
    }
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(Error::TooLarge(
            "Tệp gửi lên vượt quá 100 MB, là mức lớn nhất hệ thống nhận.".into(),
        ));
    }
    // A second lock besides the token: browsers say where a request comes from.
    if changes(method) && !api && !matches!(context.csrf, Csrf::NotNeeded) {
        let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
        let origin = headers.get(header::ORIGIN).and_then(|v| v.to_str().ok());
        let foreign = match (site, origin) {
            (Some(site), _) => !matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => !origin.eq_ignore_ascii_case(&context.origin),
            (None, None) => false,
        };
        if foreign {
            return Err(Error::Forbidden("Yêu cầu này đến từ một trang khác nên không được thực hiện. Hãy làm từ chính trang của đơn vị.".into()));
        }
    }
    Ok(())
}

/// How a request says whose it is.
struct Token {
    text: String,
    bearer: bool,
}

impl Token {
    fn of(headers: &HeaderMap, api: bool, secure: bool) -> Option<Self> {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        if let Some(text) = bearer {
            return Some(Self { text: text.to_owned(), bearer: true });
        }
        // Programs say who they are; a browser's cookie does not speak for them.
        let cookie = (!api).then(|| cookies::get(headers, cookies::session_name(secure)))??;
        Some(Self { text: cookie.to_owned(), bearer: false })
    }
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Takes the body away where nobody has done so yet; over HTTP/2 it would be sent.
fn keep_head(response: &mut Response) {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = body.size_hint().exact().filter(|_| !body.is_end_stream()) {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length.into());
    }
}

fn set_cookies(
    response: &mut Response,
    visitor: &str,
    needs_visitor: bool,
    shown_flash: bool,
    secure: bool,
) {
    let change = response.extensions_mut().remove::<SessionChange>();
    let flash = response.extensions_mut().remove::<Flash>();
    let device = response.extensions_mut().remove::<Device>();
    let is_page = response.status() != StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    match change {
        Some(SessionChange::Started(token)) => cookies::set_session(headers, Some(&token), secure),
        Some(SessionChange::Ended) => cookies::set_session(headers, None, secure),
        None => {}
    }
    if let Some(Device(value)) = device {
        cookies::set_device(headers, &value, secure);
    }
    if needs_visitor {
        cookies::set_visitor(headers, visitor, secure);
    }
    match flash {
        Some(Flash(text)) => cookies::set_flash(headers, Some(&text), secure),
        None if shown_flash && is_page => cookies::set_flash(headers, None, secure),
        None => {}
    }
}

/// `/api/v1/x` is `/x` with JSON pinned.
fn take_api_prefix(uri: &mut Uri) -> bool {
    let Some(rest) = uri.path_and_query().and_then(|pq| pq.as_str().strip_prefix("/api/v1")) else {
        return false;
    };
    if !rest.starts_with('/') {
        return false;
    }
    let mut parts = uri.clone().into_parts();
    let Ok(rest) = rest.parse() else { return false };
    parts.path_and_query = Some(rest);
    match Uri::from_parts(parts) {
        Ok(stripped) => {
            *uri = stripped;
            true
        }
        Err(_) => false,
    }
}

/// Of a request that gets no further.
fn face(request: &Request) -> Face {
    let api = request.uri().path().starts_with("/api/v1/");
    if api || wants_json(request.headers()) { Face::Json } else { Face::Html }
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("json") && !accept.contains("text/html"))
}

fn newest() -> i32 {
    i32::try_from(tenancy::migrations::tenant_count()).unwrap_or(i32::MAX)
}
