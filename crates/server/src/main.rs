//! `incamera-server`.

use server::Server;
use server::config::{Config, ConfigError};
use std::io::Write;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = match Config::load(std::env::args_os(), environment) {
        Ok(config) => config,
        Err(ConfigError::Flags(flags)) => flags.exit(),
        Err(error) => return fail(&error),
    };
    server::logging::start(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(config)),
        Err(error) => fail(&error),
    }
}

async fn run(config: Config) -> ExitCode {
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => return fail(&error),
        };
    let server = match Server::start(config).await {
        Ok(server) => server,
        Err(error) => return fail(&error),
    };
    // Whoever started us may have closed its end; the server serves all the same.
    let _ = writeln!(std::io::stdout(), "listening on {}", server.url());
    let _ = std::io::stdout().flush();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.drain().await;
    ExitCode::SUCCESS
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "incamera-server: {error}");
    ExitCode::FAILURE
}
