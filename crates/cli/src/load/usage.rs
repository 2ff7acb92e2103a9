//! What this process uses of the machine.

use rustix::process::{Resource, getrlimit, setrlimit};
use std::time::Duration;

/// Files beside the participants' own.
const SPARE_FILES: u64 = 64;

/// Each participant has two sockets, and a third while it reconnects.
const FILES_EACH: u64 = 3;

/// The machine does not let this process open enough files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{participants} participants need {needed} open files and {allowed} are allowed: ulimit -n {needed}"
)]
pub struct TooFewFiles {
    participants: usize,
    needed: u64,
    allowed: u64,
}

/// Raises the soft limit on open files as far as `participants` need.
pub fn allow_files(participants: usize) -> Result<(), TooFewFiles> {
    let needed = participants as u64 * FILES_EACH + SPARE_FILES;
    let mut limit = getrlimit(Resource::Nofile);
    let too_few = |allowed| TooFewFiles { participants, needed, allowed };
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(maximum) = limit.maximum.filter(|maximum| *maximum < needed) {
        return Err(too_few(maximum));
    }
    limit.current = Some(needed);
    setrlimit(Resource::Nofile, limit).map_err(|_| too_few(0))
}

/// CPU time of all threads so far; zero where the system does not say.
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // proc_pid_stat(5): the name in parentheses may hold spaces; utime and stime are the 12th and
    // 13th fields after it, in ticks of 10 ms.
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks =
        after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_files_than_the_machine_allows_are_refused_in_words() {
        let Some(maximum) = getrlimit(Resource::Nofile).maximum else { return };
        let refused = allow_files(maximum as usize).unwrap_err();
        assert!(refused.to_string().contains("ulimit -n"), "{refused}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn work_takes_cpu_time() {
        let before = cpu_time();
        let mut sum = 0u64;
        while cpu_time() == before {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(cpu_time() > before);
    }
}
