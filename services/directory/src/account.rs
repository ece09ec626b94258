//! Accounts: activation by a one-time code, sign-in, sessions, recovery.

pub mod activate;
mod code;
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

use web::Routes;

/// The operations on accounts.
#[must_use]
pub fn routes(passwords: Passwords) -> Routes {
    Routes::new(include_str!("../policy.csv"))
        .add(web::routes!(help::help))
        .add(web::routes!(sign_in::form))
        .add(web::routes!(sign_in::sign_in))
        .add(web::routes!(sign_out::sign_out))
        .add(web::routes!(activate::form))
        .add(web::routes!(activate::activate))
        .add(web::routes!(show::show))
        .add(web::routes!(show::revoke))
        .add(web::routes!(invite::invite))
        .add(web::routes!(invite::invite_unit))
        .add(web::routes!(withdraw::withdraw))
        .with(passwords)
        .with(throttle::Throttle::default())
}
