//! `sotay`: the only binary.

mod cli;

use clap::Parser as _;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A request is many small pieces of memory, taken on one core and given back on
/// another; a third of a proxied request's time went into that.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Không khởi động được: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::run(arguments)) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}
