//! Starting the server again when it died and we did not.

use super::{Postgres, log::Log};
use std::time::Duration;

/// How often the process is looked after: one system call that asks nothing of
/// the server.
const LOOK: Duration = Duration::from_millis(250);
/// Between two attempts; each waits twice as long as the one before, because
/// what keeps a server from starting (a full disk, most likely) takes a person.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);

impl Postgres {
    /// Starts the server again whenever it ends by itself: killed by the
    /// kernel for want of memory, or given up after its disk was full. What was
    /// committed is there afterwards, as after any crash. Works until it is
    /// cancelled, which leaves the server as it is.
    pub async fn keep(&self) {
        let mut pause = SHORTEST;
        loop {
            if !self.server.has_ended() {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            let before = self.server.pid();
            tracing::error!(pid = before, "PostgreSQL ended by itself and is started again");
            let started = async {
                let log = Log::open(&self.place.data)?;
                self.server.again(&self.place, &self.options, &log).await
            };
            match started.await {
                Ok(()) => {
                    tracing::warn!(pid = self.server.pid(), "PostgreSQL is ready again");
                    pause = SHORTEST;
                }
                Err(error) => {
                    tracing::error!(
                        "PostgreSQL does not start, and is tried again in {pause:?}: {error}"
                    );
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST);
                }
            }
        }
    }
}
