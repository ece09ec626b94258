//! `sotay migrate`.

use super::{print_json, with_installation};
use clap::Args;
use sotay::{Config, Fault};
use std::{
    io::{IsTerminal as _, Write as _, stderr},
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
            let watching = tokio::spawn(watch(provisioner.progress()));
            let report = provisioner.migrate_tenants(self.workers).await;
            watching.abort();
            Ok(report?)
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

/// Tells on standard error how far it is: in place on a terminal, every tenth
/// on a line of its own in a log.
async fn watch(mut progress: watch::Receiver<Progress>) {
    let mut told = 0;
    while progress.changed().await.is_ok() {
        let Progress { total, migrated, failed } = *progress.borrow_and_update();
        let done = migrated + failed;
        let end = if stderr().is_terminal() {
            if done == total { "\n" } else { "\r" }
        } else if done == total || (done - told) * 10 >= total {
            "\n"
        } else {
            continue;
        };
        told = done;
        eprint!("Đã nâng cấp {migrated}/{total} đơn vị, {failed} đơn vị hỏng{end}");
        let _ = stderr().flush();
    }
}
