//! `sotay doctor`: what is wrong with an installation, in words.

use super::print_json;
use clap::Args;
use kernel::World;
use sotay::{
    Config, Fault,
    doctor::{Check, Verdict, examine},
};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Doctor {
    /// In JSON cho chương trình đọc
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        self.show(&examine(config, &World::system()).await)
    }

    /// The configuration cannot be read, so there is nothing else to look at.
    pub(super) fn misconfigured(self, fault: &Fault) -> Result<ExitCode, Fault> {
        self.show(&[Check::misconfigured(fault)])
    }

    /// One line each; success unless something is broken.
    fn show(self, checks: &[Check]) -> Result<ExitCode, Fault> {
        if self.json {
            print_json(&checks)?;
        } else {
            for Check { what, verdict, .. } in checks {
                match verdict {
                    Verdict::Well => println!("tốt    {what}"),
                    Verdict::Careful(says) => println!("LƯU Ý  {what}: {says}"),
                    Verdict::Broken(says) => println!("HỎNG   {what}: {says}"),
                }
            }
        }
        let broken = checks.iter().any(|check| matches!(check.verdict, Verdict::Broken(_)));
        Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
