//! TCP connections that ask for nothing, or for something very slowly. They come from addresses of
//! their own (127.1.0.x), as a crowd of strangers would.

use super::{Done, Plan};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep, timeout};

const ADDRESSES: u64 = 50;

/// `rate` is how many sockets are held open at a time.
pub fn run(name: &str, plan: &Plan) -> Done {
    let (to, slow) = (plan.to.expect("--to"), name == "slow-loris");
    let end = Instant::now() + plan.seconds;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcomes = runtime.block_on(async {
        let tasks: Vec<_> = (0..plan.rate)
            .map(|number| {
                tokio::spawn(async move {
                    let mut own = (0, 0);
                    while Instant::now() < end {
                        let (tried, cut) = hold(number, to, slow, end).await;
                        own = (own.0 + tried, own.1 + cut);
                        sleep(Duration::from_millis(500)).await;
                    }
                    own
                })
            })
            .collect();
        let mut all = (0, 0);
        for task in tasks {
            let own = task.await.unwrap();
            all = (all.0 + own.0, all.1 + own.1);
        }
        all
    });
    Done {
        sent: outcomes.0,
        cut_off: outcomes.1,
        seconds: plan.seconds.as_secs_f64(),
        ..Done::default()
    }
}

/// Keeps one connection until the server ends it; says how many were opened and cut off.
async fn hold(number: u64, to: std::net::SocketAddr, slow: bool, end: Instant) -> (u64, u64) {
    let socket = TcpSocket::new_v4().unwrap();
    let from = format!("127.1.0.{}:0", 1 + number % ADDRESSES);
    if socket.bind(from.parse().unwrap()).is_err() {
        return (0, 0);
    }
    let Ok(Ok(mut stream)) = timeout(Duration::from_secs(3), socket.connect(to)).await else {
        return (0, 0);
    };
    let mut heads = b"GET /api/v1/x HTTP/1.1\r\nhost: x\r\nx-slow: "
        .iter()
        .copied()
        .chain(std::iter::repeat(b'a'));
    let mut byte = [0; 64];
    loop {
        let pause = Duration::from_secs(1).min(end.saturating_duration_since(Instant::now()));
        match timeout(pause, stream.read(&mut byte)).await {
            Ok(_) => return (1, 1),
            Err(_) if Instant::now() >= end => return (1, 0),
            Err(_) if slow => {
                if stream.write_all(&[heads.next().unwrap_or(b'a')]).await.is_err() {
                    return (1, 1);
                }
            }
            Err(_) => {}
        }
    }
}
