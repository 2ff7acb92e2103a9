//! Datagrams from addresses the server knows nothing of.

use super::random::Random;
use super::{Done, Plan};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// Sockets of a flood; `hello` takes a fresh one for each datagram.
const SOCKETS: usize = 64;

pub fn run(name: &str, plan: &Plan) -> Done {
    let media = plan.media.expect("--media");
    let open = || {
        let socket =
            UdpSocket::bind((if media.is_ipv4() { "127.0.0.1" } else { "::1" }, 0)).unwrap();
        socket.connect(media).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    };
    let mut sockets: Vec<UdpSocket> = (0..SOCKETS).map(|_| open()).collect();
    let (mut random, begun) = (Random(7), Instant::now());
    let mut done = Done { smallest_sent: usize::MAX, ..Done::default() };
    let mut buffer = [0; 2_048];
    while begun.elapsed() < plan.seconds {
        let due = (begun.elapsed().as_secs_f64() * plan.rate as f64) as u64;
        for _ in done.sent..due {
            let datagram = make(name, &mut random);
            let at = random.below(sockets.len());
            if name == "hello" {
                // The old one still hears what is answered until it makes room.
                hear(&sockets[at], &mut buffer, &mut done);
                sockets[at] = open();
            }
            if sockets[at].send(&datagram).is_ok() {
                done.sent_bytes += datagram.len() as u64;
                done.smallest_sent = done.smallest_sent.min(datagram.len());
            }
            done.sent += 1;
        }
        sockets.iter().for_each(|socket| hear(socket, &mut buffer, &mut done));
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(300));
    sockets.iter().for_each(|socket| hear(socket, &mut buffer, &mut done));
    done.seconds = begun.elapsed().as_secs_f64();
    done
}

fn hear(socket: &UdpSocket, buffer: &mut [u8], done: &mut Done) {
    while let Ok(len) = socket.recv(buffer) {
        done.replies += 1;
        done.reply_bytes += len as u64;
        done.largest_reply = done.largest_reply.max(len);
    }
}

fn make(name: &str, random: &mut Random) -> Vec<u8> {
    match name {
        "stun" => binding_request(random),
        "junk" => {
            let mut junk = vec![0; 20 + random.below(1_180)];
            random.fill(&mut junk);
            junk
        }
        "hello" => client_hello(random),
        _ => {
            let mut datagram = match random.below(4) {
                0 => binding_request(random),
                1 => client_hello(random),
                2 => rtp(random),
                _ => rtcp(random),
            };
            random.mutate(&mut datagram);
            datagram
        }
    }
}

/// RFC 8489 §5, with a user name of nobody and an integrity that is none.
fn binding_request(random: &mut Random) -> Vec<u8> {
    let mut request = vec![0, 1, 0, 44, 0x21, 0x12, 0xa4, 0x42];
    let mut id = [0; 12];
    random.fill(&mut id);
    request.extend(id);
    request.extend([0, 6, 0, 16]);
    request.extend((0..16).map(|at| if at == 8 { b':' } else { b'a' + random.below(26) as u8 }));
    let mut integrity = [0; 20];
    random.fill(&mut integrity);
    request.extend([0, 8, 0, 20]);
    request.extend(integrity);
    request
}

/// RFC 6347 §4.2.1: a DTLS 1.2 ClientHello of one suite.
pub fn client_hello(random: &mut Random) -> Vec<u8> {
    let mut body = vec![0xfe, 0xfd];
    let mut fresh = [0; 32];
    random.fill(&mut fresh);
    body.extend(fresh);
    body.extend([0, 0, 0, 2, 0xc0, 0x2b, 1, 0, 0, 0]);
    let len = body.len() as u8;
    let mut hello = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, len + 12];
    hello.extend([1, 0, 0, len, 0, 0, 0, 0, 0, 0, 0, len]);
    hello.extend(body);
    hello
}

fn rtp(random: &mut Random) -> Vec<u8> {
    let mut packet = vec![0; 12 + 20 + random.below(1_100)];
    random.fill(&mut packet);
    packet[0] = 0x90;
    packet[1] = 96 + random.below(30) as u8;
    packet
}

fn rtcp(random: &mut Random) -> Vec<u8> {
    let words = 2 + random.below(60);
    let mut packet = vec![0; 4 + words * 4];
    random.fill(&mut packet);
    packet[0] = 0x80 | random.below(32) as u8;
    packet[1] = 200 + random.below(7) as u8;
    packet[2..4].copy_from_slice(&(words as u16).to_be_bytes());
    packet
}
