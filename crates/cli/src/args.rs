//! The command line.

use crate::load;
use crate::net::{Link, Origin, Trust};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use e2ee::passcode::{NoPasscode, Passcode};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What to do.
pub enum Action {
    Join { link: Link, passcode: Option<String>, options: Options },
    Host { server: Origin, title: String, admit_all: bool, end: bool, options: Options },
    Load(Box<load::Options>),
}

/// What joining and hosting have in common.
pub struct Options {
    pub name: String,
    /// Empty, one file, or three from the smallest layer to the largest.
    pub video: Vec<PathBuf>,
    pub audio: Option<PathBuf>,
    pub out: Option<PathBuf>,
    pub data: Option<PathBuf>,
    pub stay: Option<Duration>,
    pub wait: Option<Duration>,
    pub say: Option<String>,
    pub ignore_rules: bool,
    pub trust: Trust,
}

/// Reads the command line; the error is meant for the person who typed it.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Action, clap::Error> {
    let matches = command().try_get_matches_from(args)?;
    match matches.subcommand() {
        Some(("host", matches)) => Ok(Action::Host {
            server: take(matches, "SERVER"),
            title: take(matches, "title"),
            admit_all: matches.get_flag("admit-all"),
            end: matches.get_flag("end"),
            options: options(matches)?,
        }),
        Some(("load", matches)) => Ok(Action::Load(Box::new(load::read(matches)?))),
        Some((_, matches)) => {
            let passcode = matches.get_one("passcode").cloned();
            Ok(Action::Join { link: take(matches, "LINK"), passcode, options: options(matches)? })
        }
        None => Err(command().error(clap::error::ErrorKind::MissingSubcommand, "nothing to do")),
    }
}

fn command() -> Command {
    let join = with_options(Command::new("join"))
        .about("Takes part in a meeting: knocks, and once let in sends and receives media")
        .arg(
            Arg::new("LINK")
                .required(true)
                .value_parser(Link::parse)
                .help("The invite link, or the meeting's address"),
        )
        .arg(
            text("passcode", "The meeting's passcode, where the link has no secret part")
                .value_name("XXXX-XXXX")
                .value_parser(passcode),
        );
    let host = with_options(Command::new("host"))
        .about("Opens a meeting; the first line on standard output is its invite link")
        .arg(Arg::new("SERVER").required(true).value_parser(Origin::parse).help("https://HOST"))
        .arg(text("title", "The meeting's title").default_value("Meeting"))
        .arg(flag("admit-all", "Let in whoever knocks"))
        .arg(flag("end", "End the meeting for everyone when leaving"));
    Command::new("incamera")
        .about("Headless participants of In Camera meetings, end-to-end encrypted")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .subcommand(join)
        .subcommand(host)
        .subcommand(load::command())
}

fn with_options(command: Command) -> Command {
    let files = text("video", "VP8 in IVF or WebM, looped; three, smallest first, make simulcast")
        .value_delimiter(',')
        .value_parser(value_parser!(PathBuf));
    with_trust(command)
        .arg(text("name", "Display name").default_value("Headless"))
        .arg(files.value_name("FILE[,FILE,FILE]"))
        .arg(file("audio", "Opus in Ogg, looped"))
        .arg(file("out", "Folder for what is received: NAME-camera.ivf, NAME-mic.ogg"))
        .arg(file("data", "File for this device's key and saved state; without it both are lost"))
        .arg(seconds("seconds", "Leave this long after getting in"))
        .arg(seconds("wait", "Give up when not let in after this long"))
        .arg(text("say", "Say this in the chat once inside"))
        .arg(flag(
            "danger-ignore-rules",
            "Behave like a changed program that heeds no rule of the room; for tests",
        ))
}

/// Whose certificate is accepted; [`trust`] reads it.
pub(crate) fn with_trust(command: Command) -> Command {
    command
        .arg(
            text("certificate", "SHA-256 of the server's certificate: trust exactly that one")
                .value_parser(Trust::fingerprint)
                .conflicts_with("danger-accept-any-certificate"),
        )
        .arg(flag("danger-accept-any-certificate", "Do not check the server's certificate"))
}

pub(crate) fn trust(matches: &ArgMatches) -> Trust {
    let any = matches.get_flag("danger-accept-any-certificate");
    let pinned = matches.get_one::<Trust>("certificate").copied();
    if any { Trust::DangerAny } else { pinned.unwrap_or(Trust::System) }
}

fn options(matches: &ArgMatches) -> Result<Options, clap::Error> {
    let video: Vec<PathBuf> = matches.get_many("video").into_iter().flatten().cloned().collect();
    if !matches!(video.len(), 0 | 1 | 3) {
        let text = "--video takes one file or three";
        return Err(command().error(clap::error::ErrorKind::WrongNumberOfValues, text));
    }
    let duration = |name: &str| matches.get_one::<u64>(name).copied().map(Duration::from_secs);
    Ok(Options {
        name: take(matches, "name"),
        video,
        audio: matches.get_one("audio").cloned(),
        out: matches.get_one("out").cloned(),
        data: matches.get_one("data").cloned(),
        stay: duration("seconds"),
        wait: duration("wait"),
        say: matches.get_one("say").cloned(),
        ignore_rules: matches.get_flag("danger-ignore-rules"),
        trust: trust(matches),
    })
}

/// As it is shown.
fn passcode(text: &str) -> Result<String, NoPasscode> {
    Passcode::parse(text).map(|passcode| passcode.grouped())
}

pub(crate) fn take<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> T {
    matches.get_one::<T>(name).cloned().expect("invariant: required or with a default")
}

pub(crate) fn text(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help)
}

pub(crate) fn file(name: &'static str, help: &'static str) -> Arg {
    text(name, help).value_name("FILE").value_parser(value_parser!(PathBuf))
}

pub(crate) fn seconds(name: &'static str, help: &'static str) -> Arg {
    text(name, help).value_name("SECONDS").value_parser(value_parser!(u64))
}

pub(crate) fn flag(name: &'static str, help: &'static str) -> Arg {
    text(name, help).action(ArgAction::SetTrue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Action, String> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|e| e.to_string())
    }

    #[test]
    fn joining_takes_a_link_and_files() {
        let line = "incamera join http://localhost:8080/m/x#1.a.b --name Ana \
                    --video q.ivf,h.ivf,f.ivf --audio a.ogg --seconds 5";
        let Ok(Action::Join { link, passcode: None, options }) = read(line) else { panic!("join") };
        assert_eq!((link.meeting.as_str(), options.name.as_str()), ("x", "Ana"));
        assert_eq!(options.video.len(), 3);
        assert_eq!(options.stay, Some(Duration::from_secs(5)));
        assert_eq!(options.trust, Trust::System);
    }

    #[test]
    fn joining_by_address_takes_a_passcode() {
        let line = "incamera join https://h/m/x --passcode abcdefgh";
        let Ok(Action::Join { link, passcode, .. }) = read(line) else { panic!("join") };
        assert_eq!((link.fragment, passcode.as_deref()), (None, Some("ABCD-EFGH")));
        let refused = read("incamera join https://h/m/x --passcode 0000-0000").err().unwrap();
        assert!(refused.contains("none of them 0"), "{refused}");
    }

    #[test]
    fn hosting_takes_a_server() {
        let line = "incamera host https://h --admit-all --danger-accept-any-certificate";
        let Ok(Action::Host { server, admit_all, options, .. }) = read(line) else {
            panic!("host")
        };
        assert_eq!((server.to_string().as_str(), admit_all), ("https://h", true));
        assert_eq!(options.trust, Trust::DangerAny);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        let refused = |line| read(line).err().unwrap();
        assert!(refused("incamera join nowhere").contains("http://"));
        assert!(refused("incamera join http://h/m/x --video a,b").contains("one file or three"));
        assert!(refused("incamera").contains("incamera"));
    }
}
