//! Routes with their operation's name, gate and description.

use crate::{
    App, Failure, RequestContext,
    failure::Stale,
    view::{self, Current},
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::any_service,
};
use http::{Method, header};
use kernel::Error;
use std::{collections::BTreeMap, convert::Infallible};
use tower::Service;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// The name of an operation: `<noun>.<verb>`, as in the policy and in the
/// `OpenAPI` description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation(pub &'static str);

/// One route, for tests and descriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// `GET`, `POST`, …
    pub method: String,
    /// With `{parameters}`.
    pub path: String,
    /// The operation behind it.
    pub operation: &'static str,
}

/// An entry of the main navigation, shown to those who may follow it.
#[derive(Clone, Copy, Debug)]
pub struct NavEntry {
    /// Where it leads.
    pub href: &'static str,
    /// What it says.
    pub label: &'static str,
    /// The operation behind it.
    pub operation: &'static str,
    /// Smaller comes first.
    pub position: u8,
}

/// The routes of a service, or of all of them.
pub struct Routes {
    router: OpenApiRouter<App>,
    policies: Vec<&'static str>,
    nav: Vec<NavEntry>,
    infos: Vec<RouteInfo>,
    schemas: BTreeMap<String, serde_json::Value>,
}

impl Routes {
    /// No routes yet. `policy` is the service's `policy.csv`.
    #[must_use]
    pub fn new(policy: &'static str) -> Self {
        Self {
            router: OpenApiRouter::default(),
            policies: vec![policy],
            nav: Vec::new(),
            infos: Vec::new(),
            schemas: BTreeMap::new(),
        }
    }

    /// Adds the route of one handler, made by [`crate::routes!`], behind the
    /// gate of its operation.
    ///
    /// # Panics
    /// When the handler has no `operation_id`, or several handlers came at once.
    #[must_use]
    #[expect(
        clippy::panic,
        reason = "a route without a name is a mistake in the source, found by every start"
    )]
    pub fn route(mut self, (schemas, paths, methods): UtoipaMethodRouter<App>) -> Self {
        let mut names = Vec::new();
        for (path, item) in &paths.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("DELETE", &item.delete),
                ("PATCH", &item.patch),
            ] {
                if let Some(operation) = operation {
                    let name = operation.operation_id.clone().unwrap_or_default();
                    names.push((method.to_owned(), path.clone(), name));
                }
            }
        }
        let [(method, path, name)] = &names[..] else { panic!("one handler a route: {names:?}") };
        assert!(name.contains('.'), "{method} {path} has no operation_id of the form noun.verb");
        // Operations live as long as the process.
        let operation: &'static str = String::leak(name.clone());
        self.infos.push(RouteInfo { method: method.clone(), path: path.clone(), operation });
        let methods = methods.layer(middleware::from_fn(
            move |mut request: Request, next: Next| async move {
                request.extensions_mut().insert(Operation(operation));
                let mut response = match view::admitted(operation) {
                    Ok(()) => telemetry::trace::step(operation, twice(request, next)).await,
                    Err(error) => Failure::from(error).into_response(),
                };
                response.extensions_mut().insert(Operation(operation));
                response
            },
        ));
        for (name, schema) in &schemas {
            self.name_schema(name, &serde_json::to_value(schema).unwrap_or_default());
        }
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    /// Adds an entry to the main navigation.
    #[must_use]
    pub fn nav(
        mut self,
        position: u8,
        href: &'static str,
        label: &'static str,
        operation: &'static str,
    ) -> Self {
        self.nav.push(NavEntry { href, label, operation, position });
        self
    }

    /// Hands every handler added so far something beyond [`App`], as an
    /// `axum::Extension`.
    #[must_use]
    pub fn with<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.router = self.router.layer(axum::Extension(value));
        self
    }

    /// The same routes, answered by another process: `service` gets every
    /// request to them. Gate and handlers are over there.
    #[must_use]
    pub fn elsewhere<S>(mut self, service: &S) -> Self
    where
        S: Service<Request, Response = Response, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self = self.absent();
        let mut paths: BTreeMap<&str, Vec<(Method, Operation)>> = BTreeMap::new();
        for info in &self.infos {
            if let Ok(method) = info.method.parse() {
                paths.entry(&info.path).or_default().push((method, Operation(info.operation)));
            }
        }
        for (path, operations) in paths {
            let name = move |request: Request, next: Next| {
                // Whoever answers GET answers HEAD.
                let method = match *request.method() {
                    Method::HEAD => &Method::GET,
                    ref method => method,
                };
                let operation = operations.iter().find(|(m, _)| m == method).map(|(_, o)| *o);
                async move {
                    let mut response = next.run(request).await;
                    if let Some(operation) = operation {
                        response.extensions_mut().insert(operation);
                    }
                    response
                }
            };
            let service = any_service(service.clone()).layer(middleware::from_fn(name));
            self.router = self.router.route(path, service);
        }
        self
    }

    /// The same routes, known but not answered by this process.
    #[must_use]
    pub fn absent(mut self) -> Self {
        self.router = OpenApiRouter::with_openapi(self.router.into_openapi());
        self
    }

    /// Both together.
    #[must_use]
    pub fn merge(mut self, other: Routes) -> Self {
        self.router = self.router.merge(other.router);
        self.policies.extend(other.policies);
        self.nav.extend(other.nav);
        self.infos.extend(other.infos);
        for (name, schema) in other.schemas {
            self.name_schema(&name, &schema);
        }
        self
    }

    /// One name, one shape: a second type of the same name would silently take
    /// the first one's place in the description.
    fn name_schema(&mut self, name: &str, schema: &serde_json::Value) {
        let known = self.schemas.entry(name.to_owned()).or_insert_with(|| schema.clone());
        assert!(known == schema, "two schemas are called {name}: give one #[schema(as = …)]");
    }

    /// Every route.
    #[must_use]
    pub fn infos(&self) -> &[RouteInfo] {
        &self.infos
    }

    /// The policies of all services.
    #[must_use]
    pub fn policies(&self) -> &[&'static str] {
        &self.policies
    }

    /// The navigation in its order.
    #[must_use]
    pub fn nav_entries(&self) -> Vec<NavEntry> {
        let mut nav = self.nav.clone();
        nav.sort_by_key(|entry| entry.position);
        nav
    }

    /// The router and the description of the API.
    pub fn into_parts(self, app: App) -> (Router, OpenApi) {
        let (router, api) = self.router.split_for_parts();
        let router = router
            .fallback(async || Failure::from(Error::NotFound))
            .method_not_allowed_fallback(async || {
                Failure::from(Error::BadRequest("Địa chỉ này không nhận cách gửi vừa rồi.".into()))
            })
            .layer(middleware::from_fn_with_state(app.clone(), render))
            .with_state(app);
        (router, openapi(api))
    }
}

/// Answers; a page whose reading failed on what a migration has changed is read
/// once more. Only reading is: who sends something is told to send it again.
async fn twice(request: Request, next: Next) -> Response {
    let again = matches!(*request.method(), Method::GET | Method::HEAD).then(|| {
        let mut again = Request::new(Body::empty());
        again.method_mut().clone_from(request.method());
        again.uri_mut().clone_from(request.uri());
        again.headers_mut().clone_from(request.headers());
        again.extensions_mut().clone_from(request.extensions());
        (again, next.clone())
    });
    let response = next.run(request).await;
    match again {
        Some((again, next)) if response.extensions().get::<Stale>().is_some() => {
            next.run(again).await
        }
        _ => response,
    }
}

/// Makes the request known to whatever renders inside it.
async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let context = match RequestContext::of(request.extensions()) {
        Ok(context) => context.clone(),
        Err(error) => return Failure::from(error).into_response(),
    };
    let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let opens = request.method() == Method::GET;
    let answer = async {
        let response = next.run(request).await;
        // What the framework's own extractors refuse, they refuse in plain English.
        let plain = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
        if response.status().is_client_error() && plain {
            return Failure::from(Error::BadRequest(
                "Địa chỉ hoặc biểu mẫu gửi lên thiếu hoặc sai mục.".into(),
            ))
            .into_response();
        }
        response
    };
    view::within(Current { app, context, path, opens }, answer).await
}

/// The parts of the description that are the same everywhere.
#[must_use]
pub fn openapi(mut api: OpenApi) -> OpenApi {
    use utoipa::openapi::{
        InfoBuilder, Server,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    };
    api.info = InfoBuilder::new()
        .title("Sổ tay đảng viên điện tử")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Whatever the pages can do. Get a token with POST /session and send it as \
             `Authorization: Bearer …`. Errors are RFC 9457 problem details.",
        ))
        .build();
    api.servers = Some(vec![Server::new("/api/v1")]);
    api.components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    api.security = Some(vec![SecurityRequirement::new("bearer", [] as [String; 0])]);
    api
}
