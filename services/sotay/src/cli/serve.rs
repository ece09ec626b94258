//! `sotay serve`.

use clap::{Args, ValueEnum};
use sotay::{Config, Fault, Installation, Platform, listeners::Listeners, platform::stop_signal};
use std::process::ExitCode;

/// A part of the platform that can run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Everything in this process.
    All,
}

#[derive(Args)]
pub(super) struct Serve {
    /// Những phần chạy trong tiến trình này
    #[arg(long, value_enum, value_delimiter = ',', default_value = "all")]
    roles: Vec<Role>,
}

impl Serve {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let stop = stop_signal();
        let listeners = Listeners::bind(config).await?;
        let installation = Installation::open(config).await?;
        let outcome = async {
            let platform = Platform::of(&installation, config).await?;
            println!("Sẵn sàng: {}", listeners.addresses().join(", "));
            listeners.serve(config, &platform, stop).await
        }
        .await;
        installation.close().await?;
        outcome?;
        Ok(ExitCode::SUCCESS)
    }
}
