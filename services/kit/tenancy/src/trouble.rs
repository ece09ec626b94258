//! What a failure that is nobody's fault means, and what to tell the person.
//!
//! Everything listed here may go well when it is tried again: nothing was done,
//! or the caller cannot know. Everything else is a fault of ours.

use std::{error::Error, io};

/// Why it cannot be done just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server does not answer, is starting, stopping or taking no more.
    Away,
    /// There is no room left to write to.
    Full,
    /// The server takes no changes, such as a standby before its promotion.
    ReadOnly,
    /// It took longer than it may.
    Slow,
    /// Somebody else was at the same thing in the same moment.
    Busy,
}

impl Trouble {
    /// A sentence for the person.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Trouble::Away => "Cơ sở dữ liệu tạm thời không trả lời.",
            Trouble::Full => {
                "Máy chủ đã hết chỗ trên đĩa nên chưa ghi được; người vận hành cần giải phóng dung lượng. Xem thì vẫn được."
            }
            Trouble::ReadOnly => "Cơ sở dữ liệu tạm thời chỉ cho xem, chưa ghi được.",
            Trouble::Slow => "Việc này mất quá nhiều thời gian nên đã dừng, chưa có gì thay đổi.",
            Trouble::Busy => "Có người khác đang sửa đúng chỗ này, nên lần này chưa ghi được.",
        }
    }

    /// What an error means, if trying again may help.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // Files of our own: uploads on their way, sheets being made.
            return on_disk(error);
        }
        match error.downcast_ref::<sqlx::Error>()? {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => {
                Some(Trouble::Away)
            }
            sqlx::Error::Database(error) => error.code().and_then(|code| Self::of_code(&code)),
            _ => None,
        }
    }

    /// What an SQLSTATE means. Names are those of `PostgreSQL`'s appendix A.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            // The connection was lost or refused (class 08). 08P01 is how
            // PgBouncer says that its server is gone or its queue too long.
            "08000" | "08001" | "08003" | "08004" | "08006" | "08P01"
            // insufficient_resources, out_of_memory, too_many_connections: the
            // server has more to do than it can at the moment.
            | "53000" | "53200" | "53300"
            // system_error, io_error: its machine or its disk fails it.
            | "58000" | "58030"
            // admin_shutdown, crash_shutdown, cannot_connect_now: it stops, was
            // stopped by the death of a neighbour, or is still starting.
            | "57P01" | "57P02" | "57P03"
            // idle_session_timeout: an operator's setting closed a connection
            // that we had kept; the statement never ran.
            | "57P05" => Trouble::Away,
            // disk_full. The statement was undone; reading goes on.
            "53100" => Trouble::Full,
            // read_only_sql_transaction: we reached a standby, as happens
            // while the other server takes over.
            "25006" => Trouble::ReadOnly,
            // query_canceled by statement_timeout; idle_in_transaction_session_timeout
            // and transaction_timeout, which end the session as well. The
            // limits are on each tenant's role.
            "57014" | "25P03" | "25P04" => Trouble::Slow,
            // lock_not_available after lock_timeout: a migration or a long
            // change holds the table or the row. serialization_failure,
            // deadlock_detected: the other one won.
            "55P03" | "40001" | "40P01" => Trouble::Busy,
            _ => return None,
        })
    }
}

fn on_disk(error: &io::Error) -> Option<Trouble> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Trouble::Full),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Trouble;
    use std::io;

    #[test]
    fn mistakes_of_ours_are_not_called_trouble() {
        // Unique violation, syntax, wrong password, missing right, unknown
        // database, changed plan, corrupted data.
        for code in ["23505", "42601", "28P01", "42501", "3D000", "0A000", "XX001"] {
            assert_eq!(Trouble::of_code(code), None, "{code}");
        }
        assert_eq!(Trouble::of(&io::Error::from(io::ErrorKind::NotFound)), None);
        assert_eq!(Trouble::of(&sqlx::Error::RowNotFound), None);
    }

    #[test]
    fn what_passes_is_told_apart_by_what_to_say() {
        assert_eq!(Trouble::of_code("53100"), Some(Trouble::Full));
        assert_eq!(Trouble::of_code("25006"), Some(Trouble::ReadOnly));
        assert_eq!(Trouble::of_code("57014"), Some(Trouble::Slow));
        let lost = sqlx::Error::Io(io::ErrorKind::UnexpectedEof.into());
        assert_eq!(Trouble::of(&lost), Some(Trouble::Away));
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(Trouble::of(&full), Some(Trouble::Full));
    }
}
