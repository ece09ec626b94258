//! The provisioner's connections during one piece of work.

use super::Provisioner;
use kernel::Error;
use sqlx::PgConnection;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Connections that go from tenant to tenant: a login costs more than most
/// migrations.
pub(super) struct Crew<'a> {
    pub(super) provisioner: &'a Provisioner,
    idle: Mutex<Vec<(String, PgConnection)>>,
}

impl<'a> Crew<'a> {
    pub(super) fn new(provisioner: &'a Provisioner) -> Self {
        Self { provisioner, idle: Mutex::default() }
    }

    /// A connection to a placement, idle or new.
    pub(super) async fn take(&self, placement: &str) -> Result<PgConnection, Error> {
        let idle = {
            let mut idle = self.idle();
            let found = idle.iter().position(|(where_to, _)| where_to == placement);
            found.map(|index| idle.swap_remove(index).1)
        };
        match idle {
            Some(connection) => Ok(connection),
            None => self.provisioner.connect(placement).await,
        }
    }

    /// For whoever comes next. A connection that was lost is not given back.
    pub(super) fn put_back(&self, placement: &str, connection: PgConnection) {
        self.idle().push((placement.to_owned(), connection));
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(String, PgConnection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
