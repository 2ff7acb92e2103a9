//! Every bound in one place, with what happens at it.

use crate::pace::Rate;
use base::OperatorPolicy;
use std::time::Duration;

/// Bounds that an operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Members of a group. At it, knocks are refused as `Full` and commits that add are refused
    /// as `TooMany`. Higher costs every member work per epoch.
    pub members: usize,
    /// Knocks that wait at once. At it, further ones are refused as `Busy`.
    pub waiting: usize,
    /// Connections outside the group. At it, a new one is refused as `TooMany` and closed.
    pub outside: usize,
    /// A meeting that no member or certified device used for this long is forgotten.
    pub idle: Duration,
    /// What is fixed for every meeting. Rules that contradict it are refused as `AgainstPolicy`, and
    /// nothing is passed on that it forbids, whatever the rules say.
    pub policy: OperatorPolicy,
}

impl Default for Limits {
    fn default() -> Self {
        let policy = OperatorPolicy::default();
        Limits { members: 1000, waiting: 500, outside: 1000, idle: 90 * DAY, policy }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// Nonces kept per doorbell. What is sent beyond is dropped. Fewer let a crowd wait at the door for a busy
/// host's answer.
pub(crate) const NONCES: usize = 256;
/// Nonces sent at once. More are refused as `TooMany`.
pub(crate) const NONCES_SENT: usize = 64;
/// Fewer left than this, and the doorbell's owner is asked for more.
pub(crate) const NONCES_LOW: usize = NONCES - NONCES_SENT;
/// Nonces remembered as handed out, so that none is handed out twice. The oldest are forgotten;
/// handing one out again would cost a guest one more ring, because the host refuses it.
pub(crate) const NONCES_SPENT: usize = 4096;
/// Invitations of a meeting, and bytes of each sealed blob. More are refused as `TooMany`. Enough for
/// 256 personal ones beside the shared link and the passcode's.
pub(crate) const INVITATIONS: usize = 260;
/// Where personal invitations are forbidden: the shared link's and the passcode's. More are refused as
/// `AgainstPolicy`.
pub(crate) const SHARED_INVITATIONS: usize = 2;
pub(crate) const INVITATION_BLOB: usize = 4096;
/// Bytes of a sealed knock. A larger one is refused as `TooMany`.
pub(crate) const KNOCK: usize = 16 * 1024;
/// Bytes of one step of a passcode's proof. A larger one is refused as `TooMany`.
pub(crate) const PASSCODE: usize = 512;
/// Bytes of something said to one who waits. A larger one is refused as `TooMany`.
pub(crate) const TELL: usize = 4096;
/// Certificates remembered, by device and group. The one with the lowest serial makes room.
pub(crate) const CERTIFICATES: usize = 256;
/// Certificates handed in at once: as many as a group's policy holds. More are refused as `TooMany`.
pub(crate) const CERTIFY: usize = 32;
/// Devices that are told, when they next connect, why they are out of the group. Others learn
/// only that they stand outside.
pub(crate) const DEPARTED: usize = 1024;

/// Bytes of a commit and of a Welcome. Larger ones are refused as `TooMany`.
pub(crate) const COMMIT: usize = 256 * 1024;
pub(crate) const WELCOME: usize = 768 * 1024;
/// Commits kept for members that catch up, and their bytes. The oldest make room; a member that
/// needs them is told `TooOld` and swaps.
pub(crate) const LOG_COMMITS: usize = 256;
pub(crate) const LOG_BYTES: usize = 4 * 1024 * 1024;
/// Welcomes kept for joiners whose connection broke before theirs arrived: how many, how many
/// bytes, how long. A joiner that misses its Welcome for longer swaps. Longer means a large
/// message to every member that reconnects in that time.
pub(crate) const WELCOMES: usize = 8;
pub(crate) const WELCOME_BYTES: usize = 2 * 1024 * 1024;
pub(crate) const WELCOME_KEPT: Duration = Duration::from_secs(60);
/// Devices that may enter one session, so that participant numbers never repeat in it. At it,
/// commits that add are refused as `TooMany`.
pub(crate) const SESSION_DEVICES: usize = 65_536;

/// Bytes of a group message and of a KeyPackage. Larger ones are refused as `TooMany`.
pub(crate) const GROUP_MESSAGE: usize = 64 * 1024;
pub(crate) const KEY_PACKAGE: usize = 16 * 1024;
/// A group message of an older epoch is still passed on for this many epochs, as long as members
/// keep the keys to read it.
pub(crate) const PAST_EPOCHS: u64 = 2;
/// Chat kept in memory for members whose connection broke: how many messages, and their bytes. The
/// oldest make room; a member that was away for longer misses them.
pub(crate) const CHAT_KEPT: usize = 256;
pub(crate) const CHAT_BYTES: usize = 256 * 1024;

/// A member that was asked to commit a swap or a leave has this long before the next is asked.
/// Shorter makes two commits race; longer delays a return whose first helper is stuck.
pub(crate) const RELAY_EVERY: Duration = Duration::from_secs(1);
/// When everyone was asked in vain, the round begins anew after this.
pub(crate) const RELAY_PAUSE: Duration = Duration::from_secs(5);
/// The host's own swap, or its knock, may stay unanswered this long before it may open a session in the
/// place of one whose other members are connected but do not help it back.
pub(crate) const REPLACE_AFTER: Duration = Duration::from_secs(10);
/// How often the last use of a meeting is written down.
pub(crate) const USED_EVERY: Duration = Duration::from_secs(3600);

/// Rings and knocks of one connection. A guest whose knock went stale needs two of each.
pub(crate) const LOBBY: Rate = Rate { every: Duration::from_secs(2), burst: 6 };
/// Steps of one connection towards proving a passcode. Right at the third try takes six.
pub(crate) const PASSCODE_STEPS: Rate = Rate { every: Duration::from_secs(2), burst: 6 };
/// Such steps of all connections together, so that a crowd cannot keep the host's device busy.
pub(crate) const PASSCODE_CROWD: Rate = Rate { every: Duration::from_millis(50), burst: 60 };
/// Things said to those who wait, one for each: one to a full waiting room at once. More are refused
/// as `TooFast`.
pub(crate) const TELLS: Rate = Rate { every: Duration::from_millis(20), burst: 500 };
/// Commits, voids, swaps and other requests of one member.
pub(crate) const CONTROL: Rate = Rate { every: Duration::from_millis(50), burst: 40 };
/// Group messages of one member.
pub(crate) const MESSAGES: Rate = Rate { every: Duration::from_millis(33), burst: 100 };
/// Catching up costs up to [`LOG_BYTES`] each time.
pub(crate) const CATCH_UP: Rate = Rate { every: Duration::from_secs(2), burst: 4 };
