//! `sotay doctor`: what is wrong with an installation, in words.

use super::print_json;
use clap::Args;
use serde::Serialize;
use sotay::{Config, Fault, Installation, Platform};
use std::process::ExitCode;
use tenancy::TenantState;

#[derive(Args)]
pub(super) struct Doctor {
    /// In JSON cho chương trình đọc
    #[arg(long)]
    json: bool,
}

/// One thing looked at.
#[derive(Serialize)]
struct Check {
    what: &'static str,
    /// Nothing when it is well.
    problem: Option<String>,
}

impl Doctor {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let checks = examine(config).await;
        let healthy = checks.iter().all(|check| check.problem.is_none());
        if self.json {
            print_json(&checks)?;
        } else {
            for check in &checks {
                match &check.problem {
                    None => println!("tốt   {}", check.what),
                    Some(problem) => println!("HỎNG  {}: {problem}", check.what),
                }
            }
        }
        Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Looks from the ground up, and stops where nothing above can stand.
async fn examine(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut note = |what, problem| checks.push(Check { what, problem });
    let files = tenancy::TenantFile::load_all(&config.tenants);
    note("tệp của các đơn vị", files.err());
    let installation = match Installation::open(config).await {
        Ok(installation) => {
            note("cơ sở dữ liệu và kho tệp khởi động", None);
            installation
        }
        Err(fault) => {
            note("cơ sở dữ liệu và kho tệp khởi động", Some(fault.0));
            return checks;
        }
    };
    note(
        "kho tệp nhận và trả",
        installation.blob.ensure_bucket().await.err().map(|e| e.to_string()),
    );
    match Platform::of(&installation, config).await {
        Err(fault) => note("lược đồ của nền tảng", Some(format!("{fault}; chạy sotay migrate"))),
        Ok(platform) => {
            note("lược đồ của nền tảng", None);
            platform.app.tenants.close().await;
            let tenants = async {
                let provisioner = installation.provisioner()?;
                let mut problems = Vec::new();
                for tenant in provisioner.list().await? {
                    if tenant.state == TenantState::Provisioning {
                        problems.push(format!("{} tạo dở; chạy lại tenant apply", tenant.id));
                        continue;
                    }
                    problems.extend(
                        provisioner
                            .verify(&tenant)
                            .await?
                            .into_iter()
                            .map(|f| format!("{}: {}", f.tenant, f.problem)),
                    );
                }
                Ok::<_, Fault>(problems)
            };
            match tenants.await {
                Ok(problems) if problems.is_empty() => {
                    note("vai trò, quyền và lược đồ của các đơn vị", None);
                }
                Ok(problems) => {
                    note("vai trò, quyền và lược đồ của các đơn vị", Some(problems.join("; ")));
                }
                Err(fault) => note("vai trò, quyền và lược đồ của các đơn vị", Some(fault.0)),
            }
        }
    }
    note("dừng gọn", installation.close().await.err().map(|fault| fault.0));
    checks
}
