//! `incamera`: headless participants.

use cli::args::{Action, Options, parse};
use cli::clip::{AudioClip, ClipError, VideoClip};
use cli::keep::{Keep, KeepError};
use cli::load;
use cli::net::{Dialer, Link, NetError, Origin, create_meeting};
use cli::record::Recorder;
use cli::report::Report;
use cli::shell::{Admit, Clock, Part, Shell, ShellError, entropy, fresh_seed};
use client::Create;
use std::process::ExitCode;

/// Why the program could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Clip(#[from] ClipError),
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error(transparent)]
    Net(#[from] NetError),
    #[error(transparent)]
    Shell(#[from] ShellError),
    #[error("cannot write into the output folder: {0}")]
    Out(std::io::Error),
}

fn main() -> ExitCode {
    let action = match parse(std::env::args_os()) {
        Ok(action) => action,
        Err(error) => error.exit(),
    };
    match action {
        Action::Join { link, passcode, options } => take_place(join(link, passcode, options)),
        Action::Host { server, title, admit_all, end, options } => {
            take_place(host(server, title, admit_all, end, options))
        }
        Action::Load(options) => put_load(*options),
    }
}

fn take_place(part: impl Future<Output = Result<Report, Failure>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(part),
        Err(error) => return fail(&error),
    };
    match outcome {
        Ok(report) => finish(&report),
        Err(error) => fail(&error),
    }
}

fn put_load(options: load::Options) -> ExitCode {
    match load::run(options, told_to_stop()) {
        Ok(summary) => {
            say(&serde_json::to_string(&summary).expect("invariant: a summary becomes JSON"));
            summary.problems.iter().for_each(|problem| eprintln!("incamera: {problem}"));
            if summary.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => fail(&error),
    }
}

async fn join(link: Link, passcode: Option<String>, options: Options) -> Result<Report, Failure> {
    let clock = Clock::start();
    let (keep, dialer) = prepare(&options, link.origin)?;
    let part = part(options, link.meeting, link.fragment)?;
    let part = (Part { passcode, ..part.0 }, part.1);
    take_part(part, keep, dialer, clock).await
}

async fn host(
    server: Origin,
    title: String,
    admit_all: bool,
    end: bool,
    options: Options,
) -> Result<Report, Failure> {
    let clock = Clock::start();
    let (mut keep, dialer) = prepare(&options, server)?;
    let (meeting, fragment) = open(&mut keep, &dialer, title, &options.name, clock).await?;
    let part = part(options, meeting, Some(fragment))?;
    let admit = if admit_all { Admit::Each } else { Admit::Nobody };
    let part = (Part { admit, end, ..part.0 }, part.1);
    take_part(part, keep, dialer, clock).await
}

fn prepare(options: &Options, origin: Origin) -> Result<(Keep, Dialer), Failure> {
    let keep = Keep::open(options.data.as_deref(), fresh_seed())?;
    Ok((keep, Dialer::new(origin, options.trust)?))
}

/// Makes a meeting and tells its link; also its id and fragment.
async fn open(
    keep: &mut Keep,
    dialer: &Dialer,
    title: String,
    name: &str,
    clock: Clock,
) -> Result<(String, String), Failure> {
    let params = Create { device_seed: keep.device_seed(), title, host_name: name.to_owned() };
    let created = client::create(params, clock.now(), &mut entropy);
    let meeting = created.meeting.to_text();
    keep.save(&meeting, created.saved)?;
    create_meeting(dialer, &created.request).await?;
    say(&format!("{}{}", dialer.origin(), created.invite_path));
    Ok((meeting, created.fragment))
}

fn part(
    options: Options,
    meeting: String,
    fragment: Option<String>,
) -> Result<(Part, Option<Recorder>), Failure> {
    let video = options.video.iter().map(|path| VideoClip::open(path)).collect::<Result<_, _>>()?;
    let audio = options.audio.as_deref().map(AudioClip::open).transpose()?;
    let recorder = options.out.as_deref().map(Recorder::new).transpose().map_err(Failure::Out)?;
    let part = Part {
        meeting,
        fragment,
        passcode: None,
        name: options.name,
        video,
        audio,
        admit: Admit::Nobody,
        end: false,
        stay: options.stay,
        wait: options.wait,
        say: options.say,
        unmutes: false,
        ignore_rules: options.ignore_rules,
    };
    Ok((part, recorder))
}

async fn take_part(
    (part, recorder): (Part, Option<Recorder>),
    keep: Keep,
    dialer: Dialer,
    clock: Clock,
) -> Result<Report, Failure> {
    let shell = Shell::new(part, keep, dialer, recorder, clock).await?;
    Ok(shell.run(told_to_stop()).await)
}

/// Waits for Ctrl-C or, where it exists, SIGTERM.
async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

fn finish(report: &Report) -> ExitCode {
    say(&serde_json::to_string(report).expect("invariant: a report becomes JSON"));
    match report.phase.as_str() {
        "left" | "ended" | "removed" | "in_meeting" if report.error.is_none() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// A line on standard output, which whoever started this program reads.
#[expect(clippy::print_stdout, reason = "the link and the report are this program's output")]
fn say(line: &str) {
    println!("{line}");
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("incamera: {error}");
    ExitCode::FAILURE
}
