//! `sotay migrate`.

use super::{print_json, with_installation};
use clap::Args;
use sotay::{Config, Fault};
use std::process::ExitCode;

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
            Ok(provisioner.migrate_tenants(self.workers).await?)
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
