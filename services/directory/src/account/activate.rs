//! A one-time code becomes a password: the first time an account comes alive,
//! later its owner recovers it. Either way the person is signed in afterwards
//! and every older session ends.

use super::{Passwords, code, device, password, session, store, throttle::Throttle};
use crate::account::PasswordHash;
use askama::Template;
use axum::{
    Extension,
    extract::Query,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use kernel::{AccountId, Error, Errors, World};
use serde::{Deserialize, Serialize};
use tenancy::{MasterKey, NewEvent, TenantTx};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input, Page, SessionChange, View};

#[derive(Template, Serialize, ToSchema)]
#[template(path = "activate.html")]
pub(super) struct ActivatePage {
    code: String,
    #[schema(value_type = Vec<Object>)]
    errors: Errors,
}

impl Page for ActivatePage {
    fn title(&self) -> String {
        "Kích hoạt tài khoản".into()
    }
}

#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// The page that a slip's QR code leads to.
#[utoipa::path(get, path = "/activate", operation_id = "account.activate_form", extensions(("x-budget" = json!("static"))), tag = "account", security(()),
    params(("code" = Option<String>, Query, description = "The code of the slip")),
    responses((status = 200, body = ActivatePage)))]
pub(super) async fn form(Query(Code { code }): Query<Code>) -> View<ActivatePage> {
    View(ActivatePage { code: code.chars().take(40).collect(), errors: Errors::default() })
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Activate {
    /// The code of the slip; dashes and case do not matter.
    #[serde(default)]
    code: String,
    /// The new password.
    #[serde(default)]
    password: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Activated {
    /// Send it as `Authorization: Bearer …`.
    token: String,
}

/// Uses a code to set a password, and signs in.
#[utoipa::path(post, path = "/activate", operation_id = "account.activate", extensions(("x-budget" = json!("sign_in"))), tag = "account", security(()),
    request_body = Activate,
    responses((status = 200, body = Activated), (status = 410, description = "The code was used or has expired"),
        (status = 422, description = "No such code, or the password is too weak"), (status = 429, description = "Too many tries")))]
pub(super) async fn activate(
    ctx: Ctx,
    Extension(passwords): Extension<Passwords>,
    Extension(throttle): Extension<Throttle>,
    headers: HeaderMap,
    Input(input): Input<Activate>,
) -> web::Result<impl IntoResponse> {
    let again = |error: Error| {
        let code = input.code.clone();
        Failure::form(error, |errors| ActivatePage { code, errors })
    };
    let mut errors = Errors::default();
    if input.code.trim().is_empty() {
        errors.add("code", "Nhập mã in trên phiếu, ví dụ K7QP-3MWX-9D.");
    }
    password::check(&input.password, &mut errors);
    errors.or(()).map_err(again)?;
    let (tenant, key) = (&ctx.request.tenant, ctx.app.tenants.key());
    let tried = throttle.code(tenant, ctx.request.peer, ctx.world().now()).map_err(again)?;
    // Only whoever holds a good code is worth the hash.
    let looked = async {
        let hash = code::hash(key, tenant, &input.code);
        store::code_state(&mut *ctx.read().await?, &hash, ctx.world().now()).await
    };
    let state = match looked.await {
        Ok(state) => state,
        Err(away) => {
            tried.not_made();
            return Err(again(away));
        }
    };
    refusal(state).map_or(Ok(()), Err).map_err(again)?;
    tried.not_made();
    let hash = passwords.hash(&input.password).await?;
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut tx = ctx.begin().await.map_err(again)?;
    let account = redeem_in(&mut tx, ctx.world(), key, &input.code, &hash).await.map_err(again)?;
    store::end_sessions(&mut tx, account, None, ctx.world().now()).await?;
    let started = session::start(&mut tx, ctx.world(), account, agent).await?;
    tx.commit().await?;
    let marks = device::marks(key, &ctx.request);
    let mark = device::remember(key, ctx.world(), &ctx.request, &marks, account);
    let done = Done::new("/", Activated { token: started.token.clone() })
        .flash("Tài khoản đã sẵn sàng. Lần sau đăng nhập bằng số điện thoại hoặc số thẻ đảng và mật khẩu vừa đặt.")
        .session(SessionChange::Started(started.token));
    Ok((mark, done))
}

/// The operation itself, for whoever brings a password that is hashed already.
///
/// # Errors
/// [`Error::Gone`] for a used or expired code, [`Error::Invalid`] for one that
/// was never given out.
pub async fn redeem_in(
    tx: &mut TenantTx,
    world: &World,
    key: &MasterKey,
    code: &str,
    password: &PasswordHash,
) -> Result<AccountId, Error> {
    let hash = code::hash(key, tx.tenant(), code);
    let Some(redeemed) = store::redeem(tx, &hash, &password.0, world.now()).await? else {
        // Good a moment ago, so somebody else has just used or replaced it.
        let state = store::code_state(tx, &hash, world.now()).await?;
        return Err(refusal(state).unwrap_or(Error::NotFound));
    };
    let account: AccountId = redeemed.account.into();
    let kind = if redeemed.was_active { "account.recovered" } else { "account.activated" };
    let event =
        NewEvent::new(kind).by(account).in_organisation(redeemed.organisation.into()).on(account);
    tx.record(world, event).await?;
    Ok(account)
}

/// Why a code is not taken; `None` when it is good.
fn refusal(state: Option<store::CodeState>) -> Option<Error> {
    Some(match state {
        None => Error::field("code", "Không có mã này. Hãy nhập đúng như trên phiếu; mã không có chữ O, I, L và số 0, 1."),
        Some(state) if state.used => Error::Gone("Mã này đã được dùng. Nếu vừa kích hoạt xong, hãy đăng nhập; nếu không, xin mã mới từ bí thư chi bộ.".into()),
        Some(state) if !state.fresh => Error::Gone("Mã này đã hết hạn hoặc đã được thay bằng mã mới. Hãy xin mã mới từ bí thư chi bộ.".into()),
        Some(_) => return None,
    })
}
