//! The process's surroundings: environment variables, log, standard output, exit code.

use std::io::Write;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

/// A variable of the environment, if it is set and is text.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Sends the log to standard error: warnings for a command, more for the server; `VIRGIL_LOG` overrides it.
pub(crate) fn log_to_stderr(cli: &Cli) {
    let default = if matches!(cli.command, Command::Serve(_)) {
        "info,ort=warn,qdrant_edge=warn,qdrant_edge::common=error"
    } else {
        // A command prints what a sync failed of; the log need not say it again.
        "warn,virgil_server::syncs=off,ort=error,qdrant_edge::common=error"
    };
    let filter = variable("VIRGIL_LOG")
        .and_then(|filter| EnvFilter::try_new(filter).ok())
        .unwrap_or_else(|| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}

/// Prints a line. A reader that has gone away (`| head`) ends the program quietly.
pub(crate) fn say(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Prints text without a line end, at once.
pub(crate) fn say_piece(text: &str) {
    let mut stdout = std::io::stdout();
    if write!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .is_err()
    {
        std::process::exit(0);
    }
}

/// Prints the error with its causes, and returns the exit code for it.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    let message = format!("{error:#}");
    let message = virgil_redact::redact(&message, None);
    // Nothing is left to do when even standard error is gone.
    let _ = writeln!(std::io::stderr(), "virgil: {}", message.text);
    ExitCode::FAILURE
}
