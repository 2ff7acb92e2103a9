//! What forwarding costs: CPU time of the media threads per packet written to a receiver.
//!
//! `cargo run --release -p incamera-server --example media_bench [seconds]`
//!
//! Clients are real (ICE, DTLS, SRTP) and share the machine with the server over loopback, so the
//! sender also pays for the kernel's receive path. Packets: VP8 frames of two packets at three
//! layers, 30 a second, and Opus every 20 ms.

#[allow(dead_code, clippy::unwrap_used, reason = "shared with the tests, which look at more")]
#[path = "../src/media/tests/client.rs"]
mod client;

use base::ParticipantId;
use client::Client;
use server::media::*;
use std::time::{Duration, Instant};

const ROOM: RoomId = RoomId([1; 16]);

fn main() {
    let seconds = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(10);
    report("1 -> 20, one camera at 720 lines", &measure(20, 1, 1, 720, seconds));
    report("10 x 10, nine cameras at 180 lines", &measure(10, 10, 9, 180, seconds));
}

struct Figures {
    packets: u64,
    datagrams: u64,
    cpu: Duration,
    wall: Duration,
    dropped: u64,
}

#[expect(clippy::print_stdout)] // a program for people
fn report(name: &str, figures: &Figures) {
    let per_packet = figures.cpu.as_secs_f64() * 1e6 / figures.packets.max(1) as f64;
    let rate = figures.packets as f64 / figures.wall.as_secs_f64();
    println!(
        "{name}: {per_packet:.1} us CPU per forwarded packet; {rate:.0} packets/s, {} datagrams, \
         {:.0} % of a core, {} dropped",
        figures.datagrams,
        100.0 * figures.cpu.as_secs_f64() / figures.wall.as_secs_f64(),
        figures.dropped,
    );
}

/// `publishers` of everyone publish; each of the others, or all when all publish, watch `slots`.
fn measure(people: u32, publishers: u32, slots: usize, height: u16, seconds: u64) -> Figures {
    let config = MediaConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        shards: 1,
        advertise: vec!["127.0.0.1".parse().expect("an address")],
    };
    let (media, mut events) = Media::start(config).expect("sockets");
    let handle = media.handle();
    let total = if publishers == 1 { people + 1 } else { people };
    let mut clients: Vec<Client> =
        (1..=total).map(|number| join(&handle, &mut events, number, slots)).collect();
    drive(&mut clients, &mut events, |clients| clients.iter().all(|client| client.connected));
    for client in &mut clients {
        enter(&handle, client, publishers, total, height);
    }
    run(&mut clients, &mut events, Duration::from_secs(4));
    let (before, cpu, begun) = (handle.metrics(), media_cpu(), Instant::now());
    run(&mut clients, &mut events, Duration::from_secs(seconds));
    let after = handle.metrics();
    Figures {
        packets: after.packets_out - before.packets_out,
        datagrams: after.datagrams_out - before.datagrams_out,
        cpu: media_cpu() - cpu,
        wall: begun.elapsed(),
        dropped: after.frames_dropped + after.send_dropped
            - before.frames_dropped
            - before.send_dropped,
    }
}

fn id(number: u32) -> PeerId {
    PeerId { room: ROOM, participant: ParticipantId(number) }
}

fn join(handle: &MediaHandle, events: &mut MediaEvents, number: u32, slots: usize) -> Client {
    let (mut client, offer) = Client::new(number, slots);
    handle.permit(id(number), Permissions::ALL);
    handle.offer(id(number), offer, true).expect("control has room");
    loop {
        match events.blocking_recv().expect("media threads run") {
            MediaEvent::Answer { peer, sdp } if peer == id(number) => {
                client.accept(&sdp);
                return client;
            }
            MediaEvent::OfferRefused { error, .. } => panic!("refused: {error}"),
            _ => {}
        }
    }
}

fn enter(handle: &MediaHandle, client: &mut Client, publishers: u32, total: u32, height: u16) {
    let number = client.number;
    let peer = id(number);
    handle.keys_ready(peer).expect("control has room");
    if number <= publishers {
        client.speaks = Some(-20 - number as i8);
        client.shows = if height > 450 { vec![0, 2] } else { vec![0] };
        let line = |mid: str0m::media::Mid| LineId(mid.to_string());
        let sources = vec![
            Published { line: line(client.mic), kind: Kind::Mic, active: true },
            Published { line: line(client.camera), kind: Kind::Camera, active: true },
        ];
        handle.publish(peer, sources).expect("control has room");
    }
    let others = (1..=publishers.min(total)).filter(|other| *other != number);
    let wishes = client.video.iter().zip(others).map(|(mid, other)| SlotWish {
        line: LineId(mid.to_string()),
        source: SourceId { participant: ParticipantId(other), kind: Kind::Camera },
        height,
    });
    handle.layout(peer, wishes.collect()).expect("control has room");
}

fn drive(clients: &mut [Client], events: &mut MediaEvents, done: impl Fn(&[Client]) -> bool) {
    while !done(clients) {
        run(clients, events, Duration::from_millis(10));
    }
}

fn run(clients: &mut [Client], events: &mut MediaEvents, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for client in clients.iter_mut() {
            client.turn(Instant::now());
            client.got.clear();
        }
        while events.try_recv().is_ok() {}
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// CPU time of the threads named `media-…`, from the kernel's books.
fn media_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let nanos = tasks.flatten().filter_map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        let on_cpu = stat.split(' ').next()?.parse::<u64>().ok()?;
        name.starts_with("media-").then_some(on_cpu)
    });
    Duration::from_nanos(nanos.sum())
}
