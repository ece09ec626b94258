//! Pages and their machine-readable face.
//!
//! A handler is one operation. It takes a [`Ctx`] (who asks, in which tenant)
//! and perhaps an [`Input`] or [`Upload`], and answers a [`View`] or a
//! [`Done`]; whether that becomes HTML or JSON is decided here, not there.
//! [`Routes`] puts a gate before every handler that asks the casbin policy
//! whether the actor may do the operation at all; what is asked *where* is the
//! handler's own question to [`Ctx::authorise`].

pub mod assets;
mod card;
mod context;
mod ctx;
mod failure;
mod input;
mod policy;
mod routes;
mod upload;
mod view;

pub use card::{Card, CardRow};
pub use context::{Csrf, Device, Face, Flash, RequestContext, SessionChange, Visitor};
pub use ctx::{App, Ctx};
pub use failure::{Bare, Failure, Result, problem};
pub use input::{INPUT_LIMIT, Input, unread};
pub use policy::Policy;
pub use routes::{NavEntry, Operation, RouteInfo, Routes, openapi};
pub use upload::{Upload, UploadedFile};
/// Collects handlers for [`Routes::route`].
pub use utoipa_axum::routes;
pub use view::{Done, Download, Page, View, csrf, percent_encoded, scoped};
