//! What forwarding costs: CPU of the server process for each packet written to a receiver, beside a
//! loop that does nothing but receive, seal and send (the floor).
//!
//! `make bench-sfu`, or `cargo run --release -p incamera-server --example sfu_bench -- [names…]`
//! with `REPEATS` and `SECONDS_EACH` in the environment.
//!
//! The measured process runs on a core of its own. Guests are real in ICE and DTLS; what they
//! receive is counted, acknowledged (transport feedback every 100 ms) and opened in samples, all
//! over loopback, so that the sender also pays for the kernel's receive path. Frame sizes are
//! recorded ones; cipher (AES-256-GCM), resend cache, transport numbers and estimation are on.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]

mod bursts;
mod feedback;
mod floor;
mod guest;
mod keys;
mod serve;
mod stage;

use bursts::Bursts;
use stage::{FloorStage, Measured, Stage};
use std::time::{Duration, Instant};

/// A step of a ladder counts as carried when nothing is lost and this holds.
const P99: Duration = Duration::from_millis(3);

/// Time for estimates and layers to settle.
const SETTLE: Duration = Duration::from_secs(4);

struct Scenario {
    name: &'static str,
    goal: &'static str,
    video: Option<&'static str>,
    publishers: usize,
    /// How many of the publishers speak.
    voices: usize,
    /// Whether publishers watch each other too.
    mesh: bool,
    /// Receivers, one measurement for each; a ladder ends where packets are lost or late twice.
    steps: &'static [usize],
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "light",
        goal: "1 -> 50, 1 Mbps and a voice: <= 8 us",
        video: Some("1000k"),
        publishers: 1,
        voices: 1,
        mesh: false,
        steps: &[50],
    },
    Scenario {
        name: "mesh",
        goal: "8 x 8, 500 kbps and voices: <= 8 us",
        video: Some("500k"),
        publishers: 8,
        voices: 8,
        mesh: true,
        steps: &[0],
    },
    Scenario {
        name: "voices",
        goal: "3 speakers -> 100: <= 1.8 x floor",
        video: None,
        publishers: 3,
        voices: 3,
        mesh: false,
        steps: &[100],
    },
    Scenario {
        name: "thumbs",
        goal: "25 x 150 kbps each: >= 70,000/s, <= 1.8 x floor",
        video: Some("thumb"),
        publishers: 25,
        voices: 0,
        mesh: false,
        steps: &[40, 60, 80, 100, 120, 140, 160],
    },
    Scenario {
        name: "500k",
        goal: "9 x 500 kbps each: >= 90,000/s",
        video: Some("500k"),
        publishers: 9,
        voices: 0,
        mesh: false,
        steps: &[60, 90, 120, 150, 180, 210, 240],
    },
    Scenario {
        name: "2000k",
        goal: "4 x 2 Mbps each: >= 120,000/s, <= 2.5 x floor",
        video: Some("2000k"),
        publishers: 4,
        voices: 0,
        mesh: false,
        steps: &[10, 20, 30, 40, 60, 80, 100, 120, 140, 160, 180, 200],
    },
];

/// One measurement.
#[derive(Clone, Copy)]
struct Cell {
    rate: f64,
    micros: f64,
    /// What of it passed at work: without falling asleep and waking, which cost much in a virtual machine.
    turns: f64,
    p50: Duration,
    p99: Duration,
    lost: u64,
    dropped: u64,
    /// The guests' longest turn: what came meanwhile was read that much later.
    turn: Duration,
    receivers: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => return serve::run(),
        Some("floor") => return floor::run(),
        Some("calibrate") => return calibrate(),
        _ => {}
    }
    let bursts = Bursts::load();
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|arg| arg == name);
    let scenarios: Vec<&Scenario> = SCENARIOS.iter().filter(|s| wanted(s.name)).collect();
    let repeats = number("REPEATS", 3);
    let mut others: Vec<Vec<f64>> = scenarios.iter().map(|_| Vec::new()).collect();
    let mut results: Vec<Vec<(Cell, f64)>> = scenarios.iter().map(|_| Vec::new()).collect();
    for _ in 0..repeats {
        for ((scenario, results), others) in scenarios.iter().zip(&mut results).zip(&mut others) {
            let speed = calibration();
            let cell = measure(Measured::start("serve"), scenario, &bursts);
            let floor = measure_floor(scenario, cell.receivers, &bursts);
            println!(
                "  {}: {:.2} us ({:.2} in turns), floor {floor:.2} us, {:.0}/s to {}, p50 {:.2} ms p99 {:.2} ms, {} lost, {} dropped; calibration {speed:.0} ns",
                scenario.name,
                cell.micros,
                cell.turns,
                cell.rate,
                cell.receivers,
                cell.p50.as_secs_f64() * 1e3,
                cell.p99.as_secs_f64() * 1e3,
                cell.lost,
                cell.dropped,
            );
            results.push((cell, floor));
            if has_mediasoup() && scenario.steps.len() == 1 {
                let other = measure(Measured::start_mediasoup(), scenario, &bursts);
                println!(
                    "  {} with mediasoup: {:.2} us, {:.0}/s, p99 {:.2} ms, {} lost",
                    scenario.name,
                    other.micros,
                    other.rate,
                    other.p99.as_secs_f64() * 1e3,
                    other.lost,
                );
                others.push(other.micros / cell.micros);
            }
        }
    }
    for ((scenario, results), others) in scenarios.iter().zip(&results).zip(&mut others) {
        summarise(scenario, results);
        others.sort_by(f64::total_cmp);
        if let (Some(low), Some(high)) = (others.first(), others.last()) {
            let middle = others[others.len() / 2];
            println!("        mediasoup takes {middle:.1} times as long [{low:.1}-{high:.1}]");
        }
    }
    if wanted("idle") {
        idle();
    }
    if wanted("curve") {
        curve(&bursts);
    }
    if wanted("listeners") {
        listeners(&bursts);
    }
    if wanted("class") {
        class(&bursts);
    }
    if wanted("open") {
        open(&bursts);
    }
}

/// Whether a folder with mediasoup is given (`e2e/bench/mediasoup.mjs`): it forwards light, mesh and voices, too.
fn has_mediasoup() -> bool {
    std::env::var_os("MEDIASOUP").is_some()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn each() -> Duration {
    Duration::from_secs(number("SECONDS_EACH", 5))
}

fn summarise(scenario: &Scenario, results: &[(Cell, f64)]) {
    let spread = |pick: &dyn Fn(&(Cell, f64)) -> f64| {
        let mut values: Vec<f64> = results.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        (values[values.len() / 2], values[0], values[values.len() - 1])
    };
    let (ratio, ratio_low, ratio_high) = spread(&|(cell, floor)| cell.micros / floor);
    let (micros, low, high) = spread(&|(cell, _)| cell.micros);
    let (turns, ..) = spread(&|(cell, _)| cell.turns);
    let (floor, ..) = spread(&|(_, floor)| *floor);
    let (rate, ..) = spread(&|(cell, _)| cell.rate);
    let (p99, ..) = spread(&|(cell, _)| cell.p99.as_secs_f64() * 1e3);
    println!(
        "{:7} {ratio:.2} x floor [{ratio_low:.2}-{ratio_high:.2}]  {micros:.2} us [{low:.2}-{high:.2}], {turns:.2} in turns = {:.0}/core-second; floor {floor:.2} us; carried {rate:.0}/s, p99 {p99:.2} ms   ({})",
        scenario.name,
        1e6 / micros,
        scenario.goal,
    );
}

fn measure(server: Measured, scenario: &Scenario, bursts: &Bursts) -> Cell {
    let most = *scenario.steps.last().expect("a step");
    let publishers = scenario.publishers;
    let slots = if scenario.video.is_some() { publishers.max(4) } else { 4 };
    let mut stage = Stage::with(server, publishers + most, slots);
    for number in 0..publishers {
        stage.publish(number, scenario.video, number < scenario.voices, bursts);
    }
    if scenario.mesh {
        for guest in 0..publishers {
            let others: Vec<usize> = (0..publishers).filter(|other| *other != guest).collect();
            stage.watch(guest, &others);
        }
    }
    let all: Vec<usize> = (0..publishers).collect();
    let mut best = None;
    let mut watching = 0;
    for step in scenario.steps {
        for receiver in watching..*step {
            if scenario.video.is_some() {
                stage.watch(publishers + receiver, &all);
            }
        }
        watching = *step;
        stage.run(SETTLE);
        let mut cell = observe(&mut stage, *step);
        if scenario.steps.len() > 1 {
            print_step(scenario, &cell);
            if !is_carried(&cell) {
                // A pause of the machine is not the server's limit: once more.
                cell = observe(&mut stage, *step);
                print_step(scenario, &cell);
            }
        }
        let carried = is_carried(&cell);
        if carried || best.is_none() {
            best = Some(cell);
        }
        if !carried {
            break;
        }
    }
    best.expect("a step")
}

fn is_carried(cell: &Cell) -> bool {
    cell.lost == 0 && cell.p99 <= P99
}

fn print_step(scenario: &Scenario, cell: &Cell) {
    println!(
        "    {} to {}: {:.2} us, {:.0}/s, p50 {:.2} ms p99 {:.2} ms, {} lost",
        scenario.name,
        cell.receivers,
        cell.micros,
        cell.rate,
        cell.p50.as_secs_f64() * 1e3,
        cell.p99.as_secs_f64() * 1e3,
        cell.lost,
    );
}

fn observe(stage: &mut Stage, receivers: usize) -> Cell {
    let before = stage.metrics();
    stage.tally = guest::Tally::default();
    stage.longest = Duration::ZERO;
    let (cpu, begun) = (stage.server.cpu(), Instant::now());
    stage.run(each());
    let (cpu, wall) = (stage.server.cpu() - cpu, begun.elapsed());
    let after = stage.metrics();
    let grown = |name: &str| after[name].as_u64().unwrap_or(0) - before[name].as_u64().unwrap_or(0);
    // Another server is counted by what reaches the guests.
    let packets = match after["packets_out"].is_null() {
        true => stage.tally.packets,
        false => grown("packets_out"),
    };
    let packets = packets.max(1) as f64;
    let mut ways = std::mem::take(&mut stage.tally.ways);
    ways.sort_unstable();
    let at = |part: f64| {
        let index = (ways.len() as f64 * part) as usize;
        Duration::from_nanos(ways.get(index).copied().unwrap_or(0))
    };
    Cell {
        rate: packets / wall.as_secs_f64(),
        micros: cpu.as_secs_f64() * 1e6 / packets,
        turns: grown("busy_nanos") as f64 / 1e3 / packets,
        p50: at(0.5),
        p99: at(0.99),
        lost: stage.tally.missing,
        dropped: grown("frames_dropped") + grown("send_dropped"),
        turn: stage.longest,
        receivers,
    }
}

fn measure_floor(scenario: &Scenario, receivers: usize, bursts: &Bursts) -> f64 {
    let receivers = if scenario.mesh { scenario.publishers - 1 } else { receivers };
    let mut stage = FloorStage::new(scenario.publishers, receivers);
    let video = scenario.video.map(|name| bursts.named(name));
    let voice = (scenario.voices > 0).then(|| bursts.named("opus"));
    stage.run(Duration::from_millis(500), video.as_deref(), voice.as_deref());
    let (cpu, received) = (stage.floor.cpu(), stage.received);
    stage.run(each(), video.as_deref(), voice.as_deref());
    (stage.floor.cpu() - cpu).as_secs_f64() * 1e6 / (stage.received - received).max(1) as f64
}

/// A thousand connected, nobody sends.
fn idle() {
    let count = number("IDLE", 1_000) as usize;
    let base = {
        let mut stage = Stage::new(1, 4);
        stage.run(Duration::from_secs(1));
        stage.server.memory()
    };
    let mut stage = Stage::new(count, 4);
    stage.run(Duration::from_secs(15));
    let memory = (stage.server.memory() - base) as f64 / (count - 1) as f64;
    let (cpu, begun) = (stage.server.cpu(), Instant::now());
    stage.run(Duration::from_secs(15));
    let cpu = (stage.server.cpu() - cpu).as_secs_f64() * 1e6 / begun.elapsed().as_secs_f64();
    println!(
        "idle    {count} connected with 9 lines: {memory:.0} kB and {:.0} us of CPU a second each",
        cpu / count as f64
    );
}

/// One camera and one voice for rooms of growing size: what a member costs stays the same.
fn curve(bursts: &Bursts) {
    for size in [10, 30, 100, 300, 1_000] {
        let mut stage = Stage::new(size, 4);
        stage.publish(0, Some("thumb"), true, bursts);
        (1..size).for_each(|guest| stage.watch(guest, &[0]));
        stage.run(SETTLE);
        let cell = observe(&mut stage, size);
        let load = cell.rate * cell.micros;
        println!(
            "curve   {size} people: {:.2} us a packet, {:.0} us a second for each, {:.0} % of a core, p99 {:.2} ms, {} lost",
            cell.micros,
            load / size as f64,
            load / 1e4,
            cell.p99.as_secs_f64() * 1e3,
            cell.lost,
        );
    }
}

/// One camera at 300 kbps and one voice for a thousand, who all begin to watch at once.
fn listeners(bursts: &Bursts) {
    let count = number("LISTENERS", 1_000) as usize;
    let begun = Instant::now();
    let mut stage = Stage::new(count + 1, 4);
    println!("listeners: {count} connected after {:.1} s", begun.elapsed().as_secs_f64());
    stage.publish_frames(0, bursts.scaled("500k", 60), Duration::from_micros(33_333), true, bursts);
    (1..=count).for_each(|guest| stage.watch(guest, &[0]));
    carried("listeners", &mut stage, count);
}

/// 250 people, 25 cameras at 180 lines and 15 frames a second, three voices; each watches nine.
fn class(bursts: &Bursts) {
    const PEOPLE: usize = 250;
    const CAMERAS: usize = 25;
    const TILES: usize = 9;
    let mut stage = Stage::new(PEOPLE, TILES);
    for guest in 0..CAMERAS {
        let sizes = bursts.named("thumb");
        stage.publish_frames(guest, sizes, Duration::from_micros(66_667), guest < 3, bursts);
    }
    for guest in 0..PEOPLE {
        let others = (0..CAMERAS).map(|step| (guest + step) % CAMERAS);
        let whom: Vec<usize> = others.filter(|camera| *camera != guest).take(TILES).collect();
        stage.watch(guest, &whom);
    }
    carried("class", &mut stage, PEOPLE);
}

/// Thirty with open microphones, of whom three are heard.
fn open(bursts: &Bursts) {
    let mut stage = Stage::new(30, 4);
    for guest in 0..30 {
        stage.publish(guest, None, true, bursts);
    }
    carried("open", &mut stage, 30);
}

fn carried(name: &str, stage: &mut Stage, size: usize) {
    stage.run(SETTLE);
    let cell = observe(stage, size);
    println!(
        "{name:9} {:.0} packets a second, {:.2} us each, {:.0} % of a core, {:.0} MB; p50 {:.2} ms p99 {:.2} ms, {} lost, {} dropped; guests' longest turn {:.0} ms",
        cell.rate,
        cell.micros,
        cell.rate * cell.micros / 1e4,
        stage.server.memory() as f64 / 1024.0,
        cell.p50.as_secs_f64() * 1e3,
        cell.p99.as_secs_f64() * 1e3,
        cell.lost,
        cell.dropped,
        cell.turn.as_secs_f64() * 1e3,
    );
}

/// The machine's speed on the measured core: nanoseconds to seal 1,200 bytes.
fn calibrate() {
    let mut sealer = keys::Sealer::fixed();
    let (mut out, mut count) = (Vec::with_capacity(2_048), 0u64);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(200) {
        for _ in 0..1_000 {
            count += 1;
            out.clear();
            sealer.seal_rtp(1, count, &[0; 28], &[0x5a; 1_200], &mut out);
        }
    }
    println!("{}", begun.elapsed().as_nanos() as f64 / count as f64);
}

fn calibration() -> f64 {
    Measured::start("calibrate").hear().parse().expect("a number")
}
