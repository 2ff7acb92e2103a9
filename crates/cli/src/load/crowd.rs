use super::options::{Options, Where};
use super::summary::{Measured, Summary};
use super::usage::{TooFewFiles, allow_files, cpu_time};
use super::{Follower, KeyBook, clips};
use crate::clip::{AudioClip, ClipError, VideoClip};
use crate::keep::{Keep, KeepError};
use crate::net::{Dialer, NetError, create_meeting};
use crate::report::Report;
use crate::shell::{
    Admit, Clock, Keys, Part, Progress, Seat, Shell, ShellError, entropy, fresh_seed,
};
use client::Create;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::LocalSet;

/// How often it is looked how far everyone is.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long ending the meeting for everyone may take until those who remain leave by themselves.
const ENDING: Duration = Duration::from_secs(1);

/// Why the load did not come about.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Files(#[from] TooFewFiles),
    #[error(transparent)]
    Clip(#[from] ClipError),
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error(transparent)]
    Net(#[from] NetError),
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// Of the environment.
    #[error("no threads or timers: {0}")]
    Runtime(#[from] std::io::Error),
    /// A fault of this program.
    #[error("a thread ended before its time")]
    Thread,
}

/// Where everyone is in the course of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The host goes in.
    Opening,
    Knocking,
    /// The host ends the meeting.
    Ending,
    Leaving,
}

/// What all threads share.
struct Crowd {
    options: Options,
    clock: Clock,
    dialer: Dialer,
    local: IpAddr,
    meeting: String,
    fragment: Option<String>,
    video: Vec<VideoClip>,
    audio: AudioClip,
    progress: Arc<Progress>,
    book: Arc<KeyBook>,
    stage: watch::Sender<Stage>,
}

/// Runs to the end, or until `stop`.
pub fn run(options: Options, stop: impl Future<Output = ()>) -> Result<Summary, LoadError> {
    allow_files(options.participants + 1)?;
    let runtime = runtime()?;
    let (crowd, host) = runtime.block_on(prepare(options))?;
    let crowd = Arc::new(crowd);
    let hosts = usize::from(host.is_some());
    let threads = spawn(&crowd, host)?;
    let measured = runtime.block_on(async {
        tokio::select! {
            measured = crowd.conduct(hosts) => measured,
            () = stop => Measured::default(),
        }
    });
    let measured = Measured { began: crowd.clock.began(), ..measured };
    runtime.block_on(crowd.end(hosts));
    let mut reports = Vec::new();
    for thread in threads {
        reports.extend(thread.join().map_err(|_| LoadError::Thread)??);
    }
    Ok(Summary::new(&crowd.options, &reports, &measured))
}

fn runtime() -> Result<Runtime, std::io::Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Opens a meeting where none is given; then also its host.
async fn prepare(options: Options) -> Result<(Crowd, Option<Keep>), LoadError> {
    let clock = Clock::start();
    let origin = match &options.place {
        Where::Link(link) => link.origin.clone(),
        Where::Server(origin) => origin.clone(),
    };
    let dialer = Dialer::new(origin, options.trust)?;
    let (meeting, fragment, host) = match &options.place {
        Where::Link(link) => (link.meeting.clone(), link.fragment.clone(), None),
        Where::Server(_) => {
            let mut keep = Keep::open(None, fresh_seed())?;
            let (title, host_name) = ("Load".to_owned(), "Host".to_owned());
            let params = Create { device_seed: keep.device_seed(), title, host_name };
            let created = client::create(params, clock.now(), &mut entropy);
            let meeting = created.meeting.to_text();
            keep.save(&meeting, created.saved)?;
            create_meeting(&dialer, &created.request).await?;
            (meeting, Some(created.fragment), Some(keep))
        }
    };
    let local = dialer.local_address().await?;
    let (video, audio) = (clips::video(&options.video)?, clips::audio(options.audio.as_ref())?);
    let (progress, book, stage) =
        (Arc::default(), KeyBook::new(), watch::Sender::new(Stage::Opening));
    let crowd = Crowd {
        options,
        clock,
        dialer,
        local,
        meeting,
        fragment,
        video,
        audio,
        progress,
        book,
        stage,
    };
    Ok((crowd, host))
}

type Thread = JoinHandle<Result<Vec<Report>, LoadError>>;

fn spawn(crowd: &Arc<Crowd>, mut host: Option<Keep>) -> Result<Vec<Thread>, LoadError> {
    let threads = crowd.options.threads.min(crowd.options.participants);
    let spawn = |number: usize| {
        let (crowd, host) = (crowd.clone(), host.take());
        let name = format!("crowd-{number}");
        std::thread::Builder::new().name(name).spawn(move || serve(&crowd, number, threads, host))
    };
    Ok((0..threads).map(spawn).collect::<Result<_, _>>()?)
}

/// One thread: every `threads`-th participant, and the host on the first.
fn serve(
    crowd: &Arc<Crowd>,
    number: usize,
    threads: usize,
    host: Option<Keep>,
) -> Result<Vec<Report>, LoadError> {
    let (runtime, tasks) = (runtime()?, LocalSet::new());
    let mut running = Vec::new();
    if let Some(keep) = host {
        let crowd = crowd.clone();
        running.push(tasks.spawn_local(async move { crowd.host(keep).await }));
    }
    for index in (number..crowd.options.participants).step_by(threads) {
        let crowd = crowd.clone();
        running.push(tasks.spawn_local(async move { crowd.participant(index).await }));
    }
    tasks.block_on(&runtime, async {
        let mut reports = Vec::new();
        for task in running {
            reports.extend(task.await.map_err(|_| LoadError::Thread)??);
        }
        Ok(reports)
    })
}

impl Crowd {
    /// The host is not one of the participants, so its report is not counted.
    async fn host(&self, keep: Keep) -> Result<Option<Report>, LoadError> {
        let mut part = self.part("Host".into());
        part.admit = Admit::Together(self.options.participants);
        part.end = true;
        let seat = self.seat(Keys::Own);
        let shell =
            Shell::in_crowd(part, keep, self.dialer.clone(), None, self.clock, seat).await?;
        shell.run(self.reached(Stage::Ending)).await;
        Ok(None)
    }

    async fn participant(&self, index: usize) -> Result<Option<Report>, LoadError> {
        self.reached(Stage::Knocking).await;
        let Options { within, participants, cameras, speakers, members, .. } = self.options;
        tokio::time::sleep(within.mul_f64(index as f64 / participants as f64)).await;
        let mut part = self.part(format!("Guest {}", index + 1));
        if index < cameras {
            part.video = self.video.clone();
        }
        part.audio = (index < speakers).then(|| self.audio.clone());
        part.stay = self.options.leave_after.filter(|_| index >= members);
        let keys = match index {
            0 => Keys::DangerExported(self.book.clone()),
            _ if index < members => Keys::Own,
            _ => Keys::Followed(Some(Box::new(Follower::of(self.book.clone())))),
        };
        let (keep, seat) = (Keep::open(None, fresh_seed())?, self.seat(keys));
        let shell =
            Shell::in_crowd(part, keep, self.dialer.clone(), None, self.clock, seat).await?;
        let report = shell.run(self.reached(Stage::Leaving)).await;
        self.progress.ended.fetch_add(1, Relaxed);
        Ok(Some(report))
    }

    fn part(&self, name: String) -> Part {
        Part {
            meeting: self.meeting.clone(),
            fragment: self.fragment.clone(),
            passcode: None,
            name,
            video: Vec::new(),
            audio: None,
            admit: Admit::Nobody,
            end: false,
            stay: None,
            wait: None,
            say: None,
            unmutes: true,
            ignore_rules: false,
        }
    }

    fn seat(&self, keys: Keys) -> Seat {
        Seat {
            local: self.local,
            progress: self.progress.clone(),
            keys,
            watching: self.options.watching,
            open_one_in: self.options.open_one_in,
        }
    }

    async fn reached(&self, stage: Stage) {
        let mut stages = self.stage.subscribe();
        // The sender lives as long as `self`.
        let _ = stages.wait_for(|reached| *reached >= stage).await;
    }

    /// Lets the host in, then everyone, and measures for a while.
    async fn conduct(&self, hosts: usize) -> Measured {
        let give_up = Instant::now() + self.options.wait;
        self.until_joined(hosts, give_up).await;
        self.stage.send_replace(Stage::Knocking);
        let Options { participants, members, leave_after, stay, .. } = self.options;
        if leave_after.is_none() {
            self.until_joined(hosts + participants, give_up).await;
        }
        let (began, cpu, packets) = (Instant::now(), cpu_time(), self.packets());
        match leave_after {
            Some(_) => self.until_ended(participants - members, give_up).await,
            None => tokio::time::sleep(stay).await,
        }
        let after = self.packets();
        Measured {
            admitted: Some(self.progress.admitted_at.load(Relaxed)).filter(|at| *at > 0),
            time: began.elapsed(),
            cpu: cpu_time() - cpu,
            sent: after.0 - packets.0,
            received: after.1 - packets.1,
            ..Measured::default()
        }
    }

    async fn until_joined(&self, count: usize, give_up: Instant) {
        let there = || self.progress.joined.load(Relaxed) >= count as u64;
        let over = || self.progress.ended.load(Relaxed) > 0;
        until(|| there() || over(), give_up).await;
    }

    async fn until_ended(&self, count: usize, give_up: Instant) {
        until(|| self.progress.ended.load(Relaxed) >= count as u64, give_up).await;
    }

    fn packets(&self) -> (u64, u64) {
        (self.progress.sent.load(Relaxed), self.progress.received.load(Relaxed))
    }

    async fn end(&self, hosts: usize) {
        if hosts > 0 {
            self.stage.send_replace(Stage::Ending);
            tokio::time::sleep(ENDING).await;
        }
        self.stage.send_replace(Stage::Leaving);
    }
}

async fn until(reached: impl Fn() -> bool, give_up: Instant) {
    while !reached() && Instant::now() < give_up {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
