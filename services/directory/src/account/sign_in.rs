//! Signing in with a phone or card number and a password. No answer tells
//! whether somebody is a member: unknown, withdrawn and mistyped are one, in
//! words and in time.

use super::{
    Passwords, device, password, session,
    store::{self, Candidate},
    throttle::{From, Throttle},
};
use askama::Template;
use axum::{
    Extension,
    extract::Query,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use kernel::{AccountId, Error, Errors, viet};
use serde::{Deserialize, Serialize};
use telemetry::count;
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input, Page, SessionChange, View};

#[derive(Template, Serialize, ToSchema)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    login: String,
    next: String,
    #[schema(value_type = Vec<Object>)]
    errors: Errors,
}

impl Page for SignInPage {
    fn title(&self) -> String {
        "Đăng nhập".into()
    }
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// The sign-in page.
#[utoipa::path(get, path = "/sign-in", operation_id = "session.new", extensions(("x-budget" = json!("static"))), tag = "account", security(()),
    params(("next" = Option<String>, Query, description = "Where to go afterwards, inside this site")),
    responses((status = 200, body = SignInPage)))]
pub(super) async fn form(Query(Next { next }): Query<Next>) -> View<SignInPage> {
    View(SignInPage { login: String::new(), next: inside(&next), errors: Errors::default() })
}

#[derive(Deserialize, ToSchema)]
pub(super) struct SignIn {
    /// Phone or card number.
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    /// For pages only.
    #[serde(default)]
    next: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Send it as `Authorization: Bearer …`.
    token: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// Signs in. Programs get a bearer token, browsers a cookie.
#[utoipa::path(post, path = "/session", operation_id = "session.create", extensions(("x-budget" = json!("sign_in"))), tag = "account", security(()),
    request_body = SignIn,
    responses((status = 201, body = Session), (status = 422, description = "Wrong login or password"),
        (status = 429, description = "Too many tries")))]
pub(super) async fn sign_in(
    ctx: Ctx,
    Extension(passwords): Extension<Passwords>,
    Extension(throttle): Extension<Throttle>,
    headers: HeaderMap,
    Input(input): Input<SignIn>,
) -> web::Result<impl IntoResponse> {
    let next = inside(&input.next);
    let again = |error: Error| {
        let (login, next) = (input.login.clone(), next.clone());
        Failure::form(error, |errors| SignInPage { login, next, errors })
    };
    let mut errors = Errors::default();
    if input.login.trim().is_empty() {
        errors.add("login", "Nhập số điện thoại hoặc số thẻ đảng.");
    }
    if input.password.is_empty() {
        errors.add("password", "Nhập mật khẩu.");
    }
    errors.or(()).map_err(again)?;

    let card = viet::normalise(&input.login);
    let phone = viet::normalise_phone(&card).ok();
    let login = phone.as_deref().unwrap_or(&card).to_lowercase();
    let (tenant, key) = (&ctx.request.tenant, ctx.app.tenants.key());
    let now = ctx.world().now();
    let busy = |error: Error| match error {
        Error::TooManyRequests(_) => {
            count::sign_in(count::SignIn::Throttled);
            let (login, next) = (input.login.clone(), next.clone());
            Failure::form(error, |mut errors| {
                errors.add("", "Nếu cần vào ngay, hãy dùng máy đã từng đăng nhập, hoặc xin mã mới từ bí thư chi bộ.");
                SignInPage { login, next, errors }
            })
        }
        other => other.into(),
    };
    let marks = device::marks(key, &ctx.request);
    // Whoever brings no mark is asked to wait before the database is asked anything.
    let stranger = || throttle.password(tenant, &login, From::Address(ctx.request.peer), now);
    let early = marks.is_empty().then(stranger).transpose().map_err(busy)?;
    let candidates = match candidates(&ctx, phone.as_deref(), &card).await {
        Ok(candidates) => candidates,
        Err(away) => {
            if let Some(tried) = early {
                tried.not_made();
            }
            return Err(away.into());
        }
    };
    let known = device::of(&marks, candidates.iter().map(|c| c.account.into()));
    let tried = match (early, known) {
        (Some(tried), _) => tried,
        (None, Some(mark)) => {
            throttle.password(tenant, &login, From::Device(mark.device), now).map_err(busy)?
        }
        (None, None) => stranger().map_err(busy)?,
    };
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let outcome = async {
        // Strangers queue in a bounded line; a known device does not wait behind them.
        let _place = if known.is_some() { None } else { Some(passwords.line_up(tenant)?) };
        let mut meant = None;
        for candidate in &candidates {
            if passwords.verify(&input.password, candidate.password.as_deref()).await? {
                meant = Some(candidate);
                break;
            }
        }
        if candidates.is_empty() {
            for _ in 0..password::nobodies(key, tenant, &login) {
                passwords.verify(&input.password, None).await?;
            }
        }
        let Some(candidate) = meant else { return Ok(None) };
        start(&ctx, candidate, agent).await
    };
    let (account, started) = match outcome.await {
        Ok(Some(started)) => started,
        Ok(None) => {
            count::sign_in(count::SignIn::Wrong);
            let text = "Số điện thoại, số thẻ hoặc mật khẩu chưa đúng. Hãy nhập lại; nếu quên mật khẩu, xin mã mới từ bí thư chi bộ.";
            return Err(again(Error::field("login", text)));
        }
        Err(away) => {
            tried.not_made();
            return Err(away.into());
        }
    };
    // Who shares a phone knows one password of several: theirs clears nothing
    // that was tried at the others'.
    if candidates.len() > 1 {
        tried.not_made();
    } else {
        tried.right();
    }
    count::sign_in(count::SignIn::Ok);
    let change = SessionChange::Started(started.token.clone());
    let session = Session { token: started.token, expires_at: started.expires_at };
    let done = Done::created(if next.is_empty() { "/".into() } else { next }, session);
    let mark = device::remember(key, ctx.world(), &ctx.request, &marks, account);
    Ok((mark, done.session(change)))
}

async fn candidates(ctx: &Ctx, phone: Option<&str>, card: &str) -> Result<Vec<Candidate>, Error> {
    let mut conn = ctx.read().await?;
    store::candidates(&mut conn, phone, card).await
}

/// A session of an account whose password was right a moment ago; `None` when
/// it is another one by now.
async fn start(
    ctx: &Ctx,
    candidate: &Candidate,
    agent: &str,
) -> Result<Option<(AccountId, session::Started)>, Error> {
    let account = candidate.account.into();
    let mut tx = ctx.begin().await?;
    if !store::hold_password(&mut tx, account, candidate.password.as_deref()).await? {
        return Ok(None);
    }
    let started = session::start(&mut tx, ctx.world(), account, agent).await?;
    tx.commit().await?;
    Ok(Some((account, started)))
}

/// A path inside this site, or nothing: the way to another site is not opened.
pub(super) fn inside(next: &str) -> String {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|b| b.is_ascii_graphic());
    if plain { next.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn only_paths_inside_this_site_are_followed() {
        assert_eq!(inside("/documents?before=1"), "/documents?before=1");
        for outside in ["https://x.vn", "//x.vn", "/\\x.vn", "x", "/a b", "/\nb", "javascript:1"] {
            assert_eq!(inside(outside), "", "{outside}");
        }
    }
}
