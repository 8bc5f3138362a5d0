//! `agent-program`: the command line.

use std::io::IsTerminal;
use std::process::ExitCode;

use agent_program::app;
use agent_program::config::{Action, Config, Line};
use clap::Parser;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a shell means by "used wrongly".
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let line = Line::parse();
    let config = match Config::try_from(line.settings) {
        Ok(config) => config,
        Err(faults) => {
            eprintln!("agent-program: {faults}");
            return ExitCode::from(USAGE);
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&config.log))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let action = line.action.unwrap_or(Action::Serve { demo: false });
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(fault) => {
            eprintln!("agent-program: no threads: {fault}");
            return ExitCode::FAILURE;
        }
    };
    runtime
        .block_on(app::run(action, config))
        .unwrap_or_else(|error| {
            eprintln!("agent-program: {error}");
            ExitCode::FAILURE
        })
}
