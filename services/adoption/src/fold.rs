//! Folding events into the days of each organisation.

use crate::{measure, store};
use futures_util::future::BoxFuture;
use kernel::Error;
use sqlx::PgConnection;
use tenancy::{Event, Fold};

/// The fold behind every figure of this service.
pub(crate) struct Days;

impl Fold for Days {
    fn name(&self) -> &'static str {
        "adoption"
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [Event],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let (sums, unreadable) = measure::aggregate(events);
            // Refusing would stop every fold of the tenant for good.
            for id in unreadable {
                tracing::error!(event = %id, "event {id} does not say what it moves; adoption figures leave it out");
            }
            if sums.is_empty() { Ok(()) } else { store::add(connection, &sums).await }
        })
    }

    fn clear<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(store::clear(connection))
    }
}
