//! The command line. One file a command.

mod demo;
mod doctor;
mod fold;
mod migrate;
mod report;
mod roster;
mod serve;
mod tenant;

use clap::{Args, Parser, Subcommand};
use sotay::{Config, Fault, Installation, Platform};
use std::{path::PathBuf, process::ExitCode};

/// Sổ tay đảng viên điện tử: nền tảng nhiều đơn vị, mã nguồn mở.
#[derive(Parser)]
#[command(version, about)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// Tệp cấu hình TOML
    #[arg(long, global = true, value_name = "FILE", env = "SOTAY_CONFIG")]
    config: Option<PathBuf>,
    /// Thư mục dữ liệu, thay cho `data` trong cấu hình
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Phục vụ cho đến khi được bảo dừng
    Serve(serve::Serve),
    /// Tạo, xem, tạm dừng các đơn vị dùng hệ thống
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Nâng cấp cơ sở dữ liệu của nền tảng và mọi đơn vị
    Migrate(migrate::Migrate),
    /// Danh sách đảng viên
    #[command(subcommand)]
    Roster(roster::Roster),
    /// Số liệu
    #[command(subcommand)]
    Report(report::Report),
    /// Tính lại số liệu từ sự kiện
    #[command(subcommand)]
    Fold(fold::Fold),
    /// Bản trình diễn với người giả định
    Demo(demo::Demo),
    /// Kiểm tra một bản cài đặt và nói rõ chỗ hỏng
    Doctor(doctor::Doctor),
}

/// Runs a command.
///
/// # Errors
/// A sentence for whoever typed it.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Fault> {
    let (mut config, command) =
        match (Config::load(arguments.common.config.as_deref()), arguments.command) {
            (Ok(config), command) => (config, command),
            (Err(fault), Command::Doctor(doctor)) => return doctor.misconfigured(&fault),
            (Err(fault), _) => return Err(fault),
        };
    if let Some(data) = arguments.common.data {
        config.data = data;
    }
    let settings = telemetry::Settings {
        filter: &config.log.filter,
        config: &config.telemetry,
        metrics: config.private.port != 0,
    };
    let telemetry = telemetry::start(config.log.format, &settings)
        .map_err(|e| Fault::new(format!("log.filter, telemetry: {e}")))?;
    let outcome = Box::pin(run_command(command, &config)).await;
    telemetry.shutdown().await;
    outcome
}

async fn run_command(command: Command, config: &Config) -> Result<ExitCode, Fault> {
    match command {
        Command::Serve(command) => command.run(config).await,
        Command::Tenant(command) => command.run(config).await,
        Command::Migrate(command) => command.run(config).await,
        Command::Roster(command) => command.run(config).await,
        Command::Report(command) => command.run(config).await,
        Command::Fold(command) => command.run(config).await,
        Command::Demo(command) => Box::pin(command.run(config)).await,
        Command::Doctor(command) => command.run(config).await,
    }
}

/// Opens the installation and the platform for a command that is not `serve`,
/// runs it, and stops what was started whatever came of it.
async fn with_platform<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Installation, &Platform) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let installation = Installation::open(config).await?;
    let outcome = async {
        let platform = Platform::of(&installation, config).await?;
        let outcome = work(&installation, &platform).await;
        platform.app.tenants.close().await;
        outcome
    }
    .await;
    let closed = installation.close().await;
    let outcome = outcome?;
    closed?;
    Ok(outcome)
}

/// The same for a command that needs the databases only.
async fn with_installation<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Installation) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let installation = Installation::open(config).await?;
    let outcome = work(&installation).await;
    let closed = installation.close().await;
    let outcome = outcome?;
    closed?;
    Ok(outcome)
}

/// Prints a value as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Fault> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints rows under a header, columns aligned by what people see.
fn print_table(header: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
            .collect();
        println!("{}", padded.join("  ").trim_end());
    };
    line(header.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}
