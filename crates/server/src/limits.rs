//! Token buckets, and one set of them per peer address.

use base::Millis;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

/// Lets `rate` things a period pass on average, and `burst` at once.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

impl Rate {
    /// `count` a second; `seconds` worth of them may come at once.
    pub fn per_second(count: u32, seconds: u32) -> Self {
        Rate { per_second: count.into(), burst: f64::from(count) * f64::from(seconds) }
    }

    /// `count` an hour, all of which may come at once.
    pub fn per_hour(count: u32) -> Self {
        Rate { per_second: f64::from(count) / 3600.0, burst: count.into() }
    }
}

/// A token bucket: full at first.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Millis,
}

impl Bucket {
    pub fn new(rate: Rate, now: Millis) -> Self {
        Bucket { rate, tokens: rate.burst, at: now }
    }

    /// Whether one more may pass.
    pub fn take(&mut self, now: Millis) -> bool {
        self.refill(now);
        let pass = self.tokens >= 1.0;
        if pass {
            self.tokens -= 1.0;
        }
        pass
    }

    fn refill(&mut self, now: Millis) {
        let gained = now.since(self.at).as_secs_f64() * self.rate.per_second;
        self.tokens = (self.tokens + gained).min(self.rate.burst);
        self.at = now;
    }

    /// Whether it is as good as new, so that forgetting it changes nothing.
    fn is_full(&mut self, now: Millis) -> bool {
        self.refill(now);
        self.tokens >= self.rate.burst
    }
}

/// The most addresses remembered. At the bound, full buckets are forgotten; if none is full, new
/// addresses share one bucket until some are.
const MAX_ADDRESSES: usize = 65_536;

/// A bucket for each address.
pub struct PerAddress {
    rate: Rate,
    state: Mutex<Addresses>,
}

struct Addresses {
    buckets: HashMap<Network, Bucket>,
    overflow: Bucket,
}

/// What one subscriber usually has: an IPv4 address, or an IPv6 /64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Network([u8; 8]);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let octets = match address.to_canonical() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets()[8..].to_owned(),
            IpAddr::V6(v6) => v6.octets()[..8].to_owned(),
        };
        Network(octets.try_into().expect("both slices have 8 bytes"))
    }
}

impl PerAddress {
    pub fn new(rate: Rate, now: Millis) -> Self {
        let overflow = Bucket::new(rate, now);
        PerAddress { rate, state: Mutex::new(Addresses { buckets: HashMap::new(), overflow }) }
    }

    /// Whether one more from `address` may pass.
    pub fn take(&self, address: IpAddr, now: Millis) -> bool {
        let mut state = self.state.lock().expect("no holder of this lock panics");
        if state.buckets.len() >= MAX_ADDRESSES {
            state.buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let full = state.buckets.len() >= MAX_ADDRESSES;
        match state.buckets.get_mut(&Network::from(address)) {
            Some(bucket) => bucket.take(now),
            None if full => state.overflow.take(now),
            None => {
                let bucket = Bucket::new(self.rate, now);
                state.buckets.entry(address.into()).or_insert(bucket).take(now)
            }
        }
    }
}

/// Counts what is open, altogether and per address.
pub struct Open {
    most: usize,
    most_per_address: usize,
    state: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Which bound was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    Everyone,
    Address,
}

impl Open {
    pub fn new(most: usize, most_per_address: usize) -> Self {
        Open { most, most_per_address, state: Mutex::default() }
    }

    /// One more from `address`; pair it with [`Self::leave`].
    pub fn enter(&self, address: IpAddr) -> Result<(), Full> {
        let mut state = self.state.lock().expect("no holder of this lock panics");
        if state.all >= self.most {
            return Err(Full::Everyone);
        }
        let here = state.by_address.entry(address).or_default();
        if *here >= self.most_per_address {
            return Err(Full::Address);
        }
        *here += 1;
        state.all += 1;
        Ok(())
    }

    pub fn leave(&self, address: IpAddr) {
        let mut state = self.state.lock().expect("no holder of this lock panics");
        state.all -= 1;
        if let Some(here) = state.by_address.get_mut(&address) {
            *here -= 1;
            if *here == 0 {
                state.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Millis {
        Millis(ms)
    }

    #[test]
    fn a_bucket_lets_the_burst_pass_and_then_the_rate() {
        let mut bucket = Bucket::new(Rate::per_second(10, 2), at(0));
        assert_eq!((0..100).filter(|_| bucket.take(at(0))).count(), 20);
        assert_eq!((0..100).filter(|_| bucket.take(at(500))).count(), 5);
    }

    #[test]
    fn addresses_do_not_use_up_each_others_share() {
        let limiter = PerAddress::new(Rate::per_second(1, 1), at(0));
        let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(limiter.take(a, at(0)) && !limiter.take(a, at(0)));
        assert!(limiter.take(b, at(0)));
    }

    #[test]
    fn an_ipv6_subscriber_counts_as_one() {
        let limiter = PerAddress::new(Rate::per_second(1, 1), at(0));
        assert!(limiter.take("2001:db8::1".parse().unwrap(), at(0)));
        assert!(!limiter.take("2001:db8::2".parse().unwrap(), at(0)));
        assert!(limiter.take("2001:db8:0:1::1".parse().unwrap(), at(0)));
    }

    #[test]
    fn memory_for_addresses_is_bounded() {
        let limiter = PerAddress::new(Rate::per_second(1, 2), at(0));
        for n in 0..(MAX_ADDRESSES as u32 + 1_000) {
            limiter.take(IpAddr::from(n.to_be_bytes()), at(0));
        }
        assert!(limiter.state.lock().unwrap().buckets.len() <= MAX_ADDRESSES);
    }

    #[test]
    fn leaving_makes_room() {
        let open = Open::new(2, 1);
        let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        open.enter(a).unwrap();
        assert_eq!(open.enter(a), Err(Full::Address));
        open.enter(b).unwrap();
        assert_eq!(open.enter("192.0.2.3".parse().unwrap()), Err(Full::Everyone));
        open.leave(a);
        open.enter(a).unwrap();
    }
}
