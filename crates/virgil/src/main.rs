//! The `virgil` command.

mod cli;
mod client;
mod commands;
mod config;
mod data_dir;
mod environment;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    environment::log_to_stderr(&cli);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return environment::fail(&anyhow::Error::new(error)),
    };
    let result = runtime.block_on(commands::run(cli));
    // Work on blocking threads (a fetch, an embedding) must not keep a finished command from ending.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => environment::fail(&error),
    }
}
