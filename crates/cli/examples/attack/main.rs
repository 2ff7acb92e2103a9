//! A hostile peer, for `make bench-abuse`: each attack runs for some seconds and prints one JSON
//! object saying what it sent and what came back.
//!
//! `attack NAME --seconds N [--rate N] [--media HOST:PORT] [--url LINK] [--to HOST:PORT]`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]

mod datagrams;
mod forged;
mod member;
mod misdeeds;
mod random;
mod sockets;

use std::net::SocketAddr;
use std::time::Duration;

/// What a run is told.
pub struct Plan {
    pub seconds: Duration,
    /// Datagrams, messages or sockets a second; what the attack makes of it is said there.
    pub rate: u64,
    pub media: Option<SocketAddr>,
    pub to: Option<SocketAddr>,
    pub url: Option<String>,
}

/// What a run did.
#[derive(Default, serde::Serialize)]
pub struct Done {
    pub sent: u64,
    pub sent_bytes: u64,
    pub replies: u64,
    pub reply_bytes: u64,
    /// In bytes: a server that answers more than it is asked lends itself to attacks on others.
    pub largest_reply: usize,
    pub smallest_sent: usize,
    /// Times the server ended a connection of the attacker's.
    pub cut_off: u64,
    /// Whether a member's media connection outlived what it did; a forger could have done it to others.
    pub connected: bool,
    pub seconds: f64,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("the name of an attack");
    let mut plan =
        Plan { seconds: Duration::from_secs(10), rate: 0, media: None, to: None, url: None };
    while let Some(argument) = arguments.next() {
        let value = arguments.next().expect("a value");
        match argument.as_str() {
            "--seconds" => plan.seconds = Duration::from_secs(value.parse().unwrap()),
            "--rate" => plan.rate = value.parse().unwrap(),
            "--media" => plan.media = Some(value.parse().unwrap()),
            "--to" => plan.to = Some(value.parse().unwrap()),
            "--url" => plan.url = Some(value),
            other => panic!("{other} means nothing here"),
        }
    }
    let done = match name.as_str() {
        "stun" | "junk" | "mutated" | "hello" => datagrams::run(&name, &plan),
        "forged" | "again" | "copied" => forged::run(&name, &plan),
        "half-open" | "slow-loris" => sockets::run(&name, &plan),
        _ => member::run(&name, &plan),
    };
    println!("{}", serde_json::to_string(&done).unwrap());
}
