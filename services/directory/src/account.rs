//! Accounts: activation by a one-time code, sign-in, sessions, recovery.

pub mod activate;
mod code;
mod device;
mod help;
pub mod invite;
mod password;
pub mod session;
mod show;
mod sign_in;
mod sign_out;
mod slip;
mod store;
mod throttle;
pub mod withdraw;

pub use password::{PasswordHash, Passwords};
pub(crate) use store::{end_codes_of_others, hold};

use web::Routes;

/// The operations on accounts.
#[must_use]
pub fn routes(passwords: Passwords) -> Routes {
    Routes::new(include_str!("../policy.csv"))
        .route(web::routes!(help::help))
        .route(web::routes!(sign_in::form))
        .route(web::routes!(sign_in::sign_in))
        .route(web::routes!(sign_out::sign_out))
        .route(web::routes!(activate::form))
        .route(web::routes!(activate::activate))
        .route(web::routes!(show::show))
        .route(web::routes!(show::revoke))
        .route(web::routes!(invite::invite))
        .route(web::routes!(invite::invite_unit))
        .route(web::routes!(withdraw::withdraw))
        .with(passwords)
        .with(throttle::Throttle::default())
}
