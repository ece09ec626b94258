//! Branch meetings: preparing, announcing, opening, checking in, the roll,
//! closing with a short minute.
//!
//! A meeting goes `draft → announced → opened → closed`, or is cancelled before
//! it opens ([`meeting::State::after`]). Who came is named to the secretary of
//! the branch only; the levels above see figures.
//!
//! Events, all with the meeting as their subject:
//!
//! | kind | organisation | data |
//! | --- | --- | --- |
//! | `meeting.created` | the branch | `{kind}` |
//! | `meeting.announced`, `meeting.opened`, `meeting.cancelled` | the branch | |
//! | `meeting.checked_in` | the member's | `{via, member}`; assisted when a secretary did it |
//! | `meeting.marked` | the member's | `{member, from, to}`; `from` is `present` when a check-in is taken back |
//! | `meeting.closed` | the branch | `{summoned, present, excused, absent, exempt}` |

mod announce;
mod assist;
mod attendance;
mod attendance_export;
mod board;
mod cancel;
mod check_in;
mod check_in_form;
mod close;
mod close_form;
mod count;
mod create;
mod home;
mod list;
pub mod meeting;
mod new;
mod open;
pub mod roll;
mod rules;
mod seat;
mod show;
mod store;
pub mod tally;
mod words;

pub use announce::announce_in;
pub use assist::{Attendee, assist_in};
pub use check_in::{Asking, CheckIn, check_in_all, check_in_with};
pub use close::{Closed, close_in};
pub use create::{NewMeeting, create_in};
pub use home::home;
pub use open::open_in;

use kernel::{OrganisationId, Result};
use sqlx::PgConnection;
use web::Routes;

/// Every operation of the service.
#[must_use]
pub fn routes() -> Routes {
    Routes::new(include_str!("../policy.csv"))
        .route(web::routes!(list::list))
        .route(web::routes!(new::new))
        .route(web::routes!(create::create))
        .route(web::routes!(check_in_form::check_in_form))
        .route(web::routes!(check_in::check_in))
        .route(web::routes!(show::show))
        .route(web::routes!(announce::announce))
        .route(web::routes!(open::open))
        .route(web::routes!(cancel::cancel))
        .route(web::routes!(board::board))
        .route(web::routes!(count::count))
        .route(web::routes!(attendance::attendance))
        .route(web::routes!(attendance_export::attendance_export))
        .route(web::routes!(assist::assist))
        .route(web::routes!(close_form::close_form))
        .route(web::routes!(close::close))
        .with(check_in::Arrivals::default())
        .nav(30, "/meetings", "Sinh hoạt", "meeting.list")
}

/// Whether a branch has any meeting that was not called off.
///
/// # Errors
/// When the database refuses.
pub async fn any(conn: &mut PgConnection, branch: OrganisationId) -> Result<bool> {
    store::any(conn, branch).await
}
