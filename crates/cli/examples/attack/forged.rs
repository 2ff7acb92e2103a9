//! Datagrams in others' names: reads what people send to the server on this machine, through a raw socket (so only root can),
//! and sends it on again, whole or changed, as if from where it came; their checks also as if from elsewhere.

use super::datagrams::client_hello;
use super::random::Random;
use super::{Done, Plan};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

/// Datagrams of others that are kept to be sent again or changed.
const KEPT: usize = 4_096;
/// By this time to live (RFC 791) our own are known when they are read.
const MARK: u8 = 77;
const IPPROTO_RAW: i32 = 255;
const IP: usize = 20;
const UDP: usize = 8;

pub fn run(name: &str, plan: &Plan) -> Done {
    let Some(SocketAddr::V4(media)) = plan.media else { panic!("--media, of IPv4") };
    let (mut forger, begun) = (Forger::new(media), Instant::now());
    while begun.elapsed() < plan.seconds {
        forger.overhear();
        let due = (begun.elapsed().as_secs_f64() * plan.rate as f64) as u64;
        while forger.done.sent < due && forger.forge(name) {}
        std::thread::sleep(Duration::from_millis(1));
    }
    forger.done.seconds = begun.elapsed().as_secs_f64();
    forger.done
}

struct Forger {
    media: SocketAddrV4,
    ear: Socket,
    mouth: Socket,
    /// Sender and content.
    heard: VecDeque<(SocketAddrV4, Vec<u8>)>,
    checks: VecDeque<(SocketAddrV4, Vec<u8>)>,
    random: Random,
    done: Done,
}

impl Forger {
    fn new(media: SocketAddrV4) -> Forger {
        let raw = |protocol| Socket::new(Domain::IPV4, Type::RAW, Some(protocol)).expect("root");
        let (ear, mouth) = (raw(Protocol::UDP), raw(Protocol::from(IPPROTO_RAW)));
        ear.set_nonblocking(true).unwrap();
        ear.set_recv_buffer_size(4 << 20).unwrap();
        mouth.set_header_included_v4(true).unwrap();
        let done = Done { smallest_sent: usize::MAX, ..Done::default() };
        let (heard, checks) = (VecDeque::new(), VecDeque::new());
        Forger { media, ear, mouth, heard, checks, random: Random(13), done }
    }

    fn overhear(&mut self) {
        let mut packet = [0; 4_096];
        while let Ok(len) = self.ear.read(&mut packet) {
            let Some((ip, rest)) = packet[..len].split_at_checked(IP) else { continue };
            let Some((udp, content)) = rest.split_at_checked(UDP) else { continue };
            let port = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
            if ip[0] != 0x45 || ip[8] == MARK || port(2) != self.media.port() {
                continue;
            }
            let from = Ipv4Addr::new(ip[12], ip[13], ip[14], ip[15]);
            let heard = (SocketAddrV4::new(from, port(0)), content.to_vec());
            if content.starts_with(&[0, 1]) {
                keep(&mut self.checks, heard.clone());
            }
            keep(&mut self.heard, heard);
        }
    }

    /// False while there is nothing to forge from.
    fn forge(&mut self, name: &str) -> bool {
        let from = if name == "copied" { &self.checks } else { &self.heard };
        let at = self.random.below(from.len());
        let Some((sender, mut content)) = from.get(at).cloned() else { return false };
        let sender = match name {
            // From any address of this machine, which is where the answers go.
            "copied" => {
                let [_, a, b, c] = (self.random.next() as u32).to_be_bytes();
                SocketAddrV4::new(Ipv4Addr::new(127, a, b, c.clamp(2, 253)), 1_024 + u16::from(b))
            }
            "again" => sender,
            _ => {
                match self.random.below(8) {
                    0 => content = client_hello(&mut self.random),
                    // RTP of a stream nobody announced.
                    1 if content.len() > 12 => self.random.fill(&mut content[8..12]),
                    2 if content.len() > 12 => content = naming_a_line(&mut self.random, &content),
                    _ => self.random.mutate(&mut content),
                }
                sender
            }
        };
        let packet = packet(sender, self.media, &content);
        let address = SocketAddr::V4(self.media).into();
        if self.mouth.send_to(&packet, &address).is_ok() {
            self.done.sent_bytes += content.len() as u64;
            self.done.smallest_sent = self.done.smallest_sent.min(content.len());
        }
        self.done.sent += 1;
        true
    }
}

/// RTP of a stream nobody announced, which says whose place it wants: a line's, by the extension that names one (RFC 9143), both guessed.
fn naming_a_line(random: &mut Random, content: &[u8]) -> Vec<u8> {
    let mut packet = content[..12].to_vec();
    packet[0] = 0x90; // version 2, with extensions of one word (RFC 8285 §4.2)
    random.fill(&mut packet[8..]);
    let (id, mid) = (1 + random.below(14) as u8, b'0' + random.below(10) as u8);
    packet.extend([0xbe, 0xde, 0, 1, id << 4, mid, 0, 0]);
    packet.extend(&content[12..]);
    packet
}

/// IPv4 (RFC 791) and UDP (RFC 768) headers before the content; the kernel fills in the first one's checksum, the second is
/// sent without.
fn packet(from: SocketAddrV4, to: SocketAddrV4, content: &[u8]) -> Vec<u8> {
    let len = (IP + UDP + content.len()) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(len.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, MARK, 17, 0, 0]);
    packet.extend(from.ip().octets());
    packet.extend(to.ip().octets());
    packet.extend(from.port().to_be_bytes());
    packet.extend(to.port().to_be_bytes());
    packet.extend((len - IP as u16).to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(content);
    packet
}

fn keep(kept: &mut VecDeque<(SocketAddrV4, Vec<u8>)>, new: (SocketAddrV4, Vec<u8>)) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}
