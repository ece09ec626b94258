//! `sotay migrate`.

use super::{print_json, with_installation};
use clap::Args;
use sotay::{Config, Fault};
use std::{
    io::{IsTerminal as _, Write as _, stderr},
    pin::pin,
    process::ExitCode,
};
use tenancy::provision::Progress;
use tokio::sync::watch;

#[derive(Args)]
pub(super) struct Migrate {
    /// Số đơn vị nâng cấp cùng lúc
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// In JSON cho chương trình đọc
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let report = with_installation(config, async |installation| {
            let provisioner = installation.provisioner()?;
            provisioner.migrate_platform().await?;
            let migrating = provisioner.migrate_tenants(self.workers);
            Ok(watched(provisioner.progress(), migrating).await?)
        })
        .await?;
        if self.json {
            print_json(&report)?;
        } else {
            println!(
                "Đã nâng cấp {} đơn vị; {} đơn vị vốn đã mới nhất.",
                report.migrated.len(),
                report.current
            );
            for failure in &report.failed {
                println!("{}: hỏng ở bước {}: {}", failure.tenant, failure.version, failure.error);
            }
        }
        Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Tells how far the work is until it ends.
async fn watched<T>(mut progress: watch::Receiver<Progress>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut told = 0;
    loop {
        let outcome = tokio::select! {
            biased;
            Ok(()) = progress.changed() => None,
            outcome = &mut work => Some(outcome),
        };
        // The last news comes together with the end.
        tell(*progress.borrow_and_update(), &mut told);
        if let Some(outcome) = outcome {
            return outcome;
        }
    }
}

/// On standard error: in place on a terminal, every tenth on a line of its own in
/// a log.
fn tell(Progress { total, migrated, failed }: Progress, told: &mut usize) {
    let (done, on_terminal) = (migrated + failed, stderr().is_terminal());
    let enough = on_terminal || done == total || (done - *told) * 10 >= total;
    if done == *told || !enough {
        return;
    }
    *told = done;
    let end = if on_terminal && done < total { "\r" } else { "\n" };
    eprint!("Đã nâng cấp {migrated}/{total} đơn vị, {failed} đơn vị hỏng{end}");
    let _ = stderr().flush();
}
