//! Whether a placement would take a change, asked without making one.

use crate::{tenants::Tenants, trouble::Trouble};
use kernel::Error;
use sqlx::Row as _;

/// Counts more rows than fit into so little memory, so that the server has to
/// put them on its disk: some 500 kB in a file that is gone again with the
/// statement. That needs no table, leaves nothing to clean up and writes no
/// log, and yet it fails when the disk is full. (An update of a row would not:
/// the new row often finds room in its own page.) The answer also tells a
/// server that takes no changes at all.
const PROBE: &str = "SELECT set_config('work_mem', '64kB', true);
    SELECT current_setting('transaction_read_only') = 'on',
           (SELECT count(*) FROM generate_series(1, 20000))";

impl Tenants {
    /// Finds out whether a configured placement takes changes: nothing when it
    /// does, otherwise why not.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn writable(&self, placement: &str) -> Result<Option<Trouble>, Error> {
        let mut platform = self.platform_at(placement).await?;
        match sqlx::raw_sql(PROBE).fetch_all(&mut *platform).await {
            Ok(rows) => {
                let read_only = rows.last().is_some_and(|row| row.get::<bool, _>(0));
                Ok(read_only.then_some(Trouble::ReadOnly))
            }
            Err(error) => match Trouble::of(&error) {
                Some(trouble) => Ok(Some(trouble)),
                None => Err(error.into()),
            },
        }
    }
}
