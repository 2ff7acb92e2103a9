use crate::args::{file, take, text, trust, with_trust};
use crate::layout::Watching;
use crate::net::{Link, Origin, Trust};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::PathBuf;
use std::time::Duration;

/// Participants of one process, at most: leaves of a group.
const MAX_PARTICIPANTS: usize = 4096;

/// Followers take the rest: following the group costs each member work at each change.
const MEMBERS: usize = 64;

/// What to load a server with.
pub struct Options {
    pub place: Where,
    pub participants: usize,
    /// Those that follow the group themselves.
    pub members: usize,
    pub cameras: usize,
    pub speakers: usize,
    pub video: Vec<PathBuf>,
    pub audio: Option<PathBuf>,
    /// All knock within this time.
    pub within: Duration,
    /// How long it goes on once everyone is in.
    pub stay: Duration,
    /// How long each follower stays from when it came in; the others stay until all of those have left.
    pub leave_after: Option<Duration>,
    /// How long everyone may take to get in.
    pub wait: Duration,
    pub threads: usize,
    pub watching: Watching,
    pub open_one_in: u64,
    pub trust: Trust,
}

/// Which meeting.
pub enum Where {
    /// Somebody else's, who lets them in.
    Link(Link),
    /// One opened for this, whose host lets everyone in at once when all wait.
    Server(Origin),
}

/// The subcommand.
pub fn command() -> Command {
    let place = [
        text("url", "The meeting's invite link; its host lets the participants in")
            .value_parser(Link::parse),
        text("server", "A server: opens a meeting there and lets everyone in at once")
            .value_parser(Origin::parse)
            .conflicts_with("url"),
    ];
    with_trust(Command::new("load"))
        .about("Many participants at once; prints one JSON object when they have left")
        .args(place)
        .group(clap::ArgGroup::new("place").args(["url", "server"]).required(true))
        .arg(count("participants", "Participants that knock").required(true))
        .arg(count("mls", "Participants that follow the group; the rest gets keys from them"))
        .arg(count("publish", "Participants with camera and microphone").default_value("0"))
        .arg(count("speakers", "Participants with a microphone; without it as many as publish"))
        .arg(
            text("video", "VP8 in IVF or WebM for the cameras; three, smallest first, are layers")
                .value_delimiter(',')
                .value_parser(value_parser!(PathBuf))
                .value_name("FILE[,FILE,FILE]"),
        )
        .arg(file("audio", "Opus in Ogg for the microphones"))
        .arg(whole("within", "All knock within so many seconds").default_value("10"))
        .arg(whole("seconds", "Go on for so long once everyone is in").default_value("10"))
        .arg(
            whole(
                "leave-after",
                "Each that does not follow the group leaves so many seconds after it came in",
            )
            .conflicts_with("seconds"),
        )
        .arg(whole("wait", "Give up when not everyone is in after so long").default_value("120"))
        .arg(count("threads", "Threads").default_value("2"))
        .arg(count("tiles", "Cameras that each participant looks at").default_value("25"))
        .arg(
            text("height", "Height in pixels at which they look at each")
                .value_parser(value_parser!(u16)),
        )
        .arg(
            whole("open-one-in", "Open one frame in so many; of the others check all but the tag")
                .default_value("1"),
        )
}

/// What the person meant; the error is meant for them.
pub fn read(matches: &ArgMatches) -> Result<Options, clap::Error> {
    let participants = take::<u64>(matches, "participants") as usize;
    let number = |name: &str| matches.get_one::<u64>(name).map(|number| *number as usize);
    let seconds = |name: &str| Duration::from_secs(take(matches, name));
    let cameras = number("publish").unwrap_or(0);
    let place = match matches.get_one::<Link>("url") {
        Some(link) => Where::Link(link.clone()),
        None => Where::Server(take(matches, "server")),
    };
    let options = Options {
        place,
        participants,
        members: number("mls").unwrap_or(MEMBERS).min(participants),
        cameras,
        speakers: number("speakers").unwrap_or(cameras),
        video: matches.get_many("video").into_iter().flatten().cloned().collect(),
        audio: matches.get_one("audio").cloned(),
        within: seconds("within"),
        stay: seconds("seconds"),
        leave_after: number("leave-after").map(|after| Duration::from_secs(after as u64)),
        wait: seconds("wait"),
        threads: number("threads").unwrap_or(2).max(1),
        watching: Watching {
            tiles: number("tiles").unwrap_or(25),
            height: matches.get_one("height").copied(),
        },
        open_one_in: take::<u64>(matches, "open-one-in").max(1),
        trust: trust(matches),
    };
    options
        .check()
        .map_err(|text| command().error(clap::error::ErrorKind::ValueValidation, text))?;
    Ok(options)
}

impl Options {
    fn check(&self) -> Result<(), &'static str> {
        if !(1..=MAX_PARTICIPANTS).contains(&self.participants) {
            return Err("--participants takes 1 to 4096");
        }
        if self.members == 0 {
            return Err("--mls takes at least 1: the others get their keys from it");
        }
        if self.cameras.max(self.speakers) > self.participants {
            return Err("more cameras or microphones than participants");
        }
        if self.leave_after.is_some() && self.members == self.participants {
            return Err(
                "--leave-after is for followers: with --mls of fewer than all there are some",
            );
        }
        if !matches!(self.video.len(), 0 | 1 | 3) {
            return Err("--video takes one file or three");
        }
        Ok(())
    }
}

fn count(name: &'static str, help: &'static str) -> Arg {
    text(name, help).value_name("COUNT").value_parser(value_parser!(u64))
}

fn whole(name: &'static str, help: &'static str) -> Arg {
    text(name, help).value_name("NUMBER").value_parser(value_parser!(u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        let matches = command().try_get_matches_from(line.split_whitespace());
        matches.and_then(|matches| read(&matches)).map_err(|e| e.to_string())
    }

    #[test]
    fn sixty_four_follow_the_group_and_the_rest_follows_them() {
        let options = parse("load --server http://h:1 --participants 250").unwrap();
        assert_eq!((options.participants, options.members), (250, 64));
        assert!(matches!(options.place, Where::Server(_)));
        let all = parse("load --url http://h/m/x#1.a.b --participants 9 --publish 2").unwrap();
        assert_eq!((all.members, all.speakers, all.cameras), (9, 2, 2));
        assert!(matches!(all.place, Where::Link(_)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        let refused = |rest| parse(&format!("load {rest}")).err().unwrap();
        assert!(refused("--participants 2").contains("--url"));
        assert!(refused("--server http://h --participants 0").contains("1 to 4096"));
        assert!(refused("--server http://h --participants 2 --mls 0").contains("at least 1"));
        assert!(refused("--server http://h --participants 2 --video a,b").contains("three"));
        let follow = refused("--server http://h --participants 2 --leave-after 1");
        assert!(follow.contains("--mls"), "{follow}");
        let both =
            refused("--server http://h --participants 2 --mls 1 --leave-after 1 --seconds 1");
        assert!(both.contains("cannot be used with"), "{both}");
        let many = refused("--server http://h --participants 2 --publish 3");
        assert!(many.contains("more cameras"), "{many}");
    }
}
