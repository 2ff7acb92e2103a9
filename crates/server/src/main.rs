//! `incamera-server`.

use server::Server;
use server::config::{Config, ConfigError};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let (task, args) = Task::of(std::env::args_os().collect());
    let config = match Config::load(args, environment) {
        Ok(config) => config,
        Err(ConfigError::Flags(flags)) => flags.exit(),
        Err(error) => return fail(&error),
    };
    if let Task::Reports { .. } = task {
        return print_reports(&config, task);
    }
    server::logging::start(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(config)),
        Err(error) => fail(&error),
    }
}

/// What to do; serving, unless the first argument says otherwise.
#[derive(Clone, Copy)]
enum Task {
    Serve,
    Reports { delete: bool },
}

impl Task {
    /// With the remaining arguments, which are those of the configuration.
    fn of(mut args: Vec<OsString>) -> (Task, Vec<OsString>) {
        if args.get(1).is_none_or(|first| first != "reports") {
            return (Task::Serve, args);
        }
        args.remove(1);
        let before = args.len();
        args.retain(|arg| arg != "--delete");
        (Task::Reports { delete: args.len() < before }, args)
    }
}

fn print_reports(config: &Config, task: Task) -> ExitCode {
    let delete = matches!(task, Task::Reports { delete: true });
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let mut out = std::io::stdout();
    match runtime.block_on(server::reports::print(&config.data_dir, delete, &mut out)) {
        Ok(()) => ExitCode::SUCCESS,
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
