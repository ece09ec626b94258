//! `sotay serve`.

use clap::{Args, ValueEnum};
use kernel::World;
use sotay::{
    Config, Fault, Installation, Part, Parts, Platform, listeners::Listeners, platform::stop_signal,
};
use std::{collections::BTreeSet, process::ExitCode};

#[derive(Args)]
pub(super) struct Serve {
    /// Những phần chạy trong tiến trình này: all, hoặc gateway, directory, documents, meetings, adoption
    #[arg(long, value_delimiter = ',', default_value = "all", value_parser = role)]
    roles: Vec<Role>,
}

/// One word after `--roles`.
#[derive(Clone, Copy, Debug)]
enum Role {
    All,
    One(Part),
}

fn role(word: &str) -> Result<Role, String> {
    if word == "all" {
        return Ok(Role::All);
    }
    Part::from_str(word, false).map(Role::One).map_err(|_| {
        let names: Vec<_> = Part::ALL.iter().map(|part| part.name()).collect();
        format!("không có phần «{word}»; chọn all hoặc {}", names.join(", "))
    })
}

impl Serve {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let here: BTreeSet<Part> = self
            .roles
            .iter()
            .flat_map(|role| match role {
                Role::All => Part::ALL.to_vec(),
                Role::One(part) => vec![*part],
            })
            .collect();
        let mut stop = stop_signal();
        let listeners = Listeners::bind(config, here.contains(&Part::Gateway)).await?;
        let installation = tokio::select! {
            installation = Installation::open_to_serve(config, here.len()) => installation?,
            _ = stop.wait_for(|stopped| *stopped) => return Ok(ExitCode::SUCCESS),
        };
        let outcome = async {
            let parts = Parts::some(here, config, &installation.key, &World::system())?;
            let platform = Platform::with(&installation, config, &parts).await?;
            println!("Sẵn sàng: {}", listeners.addresses().join(", "));
            tokio::select! {
                served = listeners.serve(config, &platform, stop) => served,
                never = installation.keep() => match never {},
            }
        }
        .await;
        installation.close().await?;
        outcome?;
        Ok(ExitCode::SUCCESS)
    }
}
