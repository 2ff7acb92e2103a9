//! Proofs that a statement's signature was checked. The core takes nothing else, so a check that
//! was skipped does not compile.

use crate::output::Blob;
use base::statement::{
    Certificate, Doorbell, End, Hello, Leave, Statement, StatementError, Swap, Ticket, Unverified,
    Void,
};
use base::{DeviceKey, MeetingId, MeetingKey, Nonce};

/// A statement whose signature verified, with the key it verified under and its exact bytes.
#[derive(Clone, Debug)]
pub struct Verified<S> {
    statement: S,
    signer: [u8; 32],
    bytes: Blob,
}

impl<S> Verified<S> {
    /// What was signed.
    pub fn statement(&self) -> &S {
        &self.statement
    }

    /// The signed bytes as they came, to be passed on.
    pub fn bytes(&self) -> &Blob {
        &self.bytes
    }

    pub(crate) fn signer(&self) -> &[u8; 32] {
        &self.signer
    }
}

/// A statement that a device signs about itself: it names the key to check it with.
pub trait ByDevice: Statement {
    /// The device that must have signed.
    fn device(&self) -> DeviceKey;
}

/// A statement signed by a meeting key.
pub trait ByMeetingKey: Statement {}

impl ByMeetingKey for Certificate {}
impl ByMeetingKey for Doorbell {}

macro_rules! by_device {
    ($($statement:ty => $field:ident),*) => {$(
        impl ByDevice for $statement {
            fn device(&self) -> DeviceKey {
                self.$field
            }
        }
    )*};
}

by_device!(Hello => device, Ticket => committer, Swap => device, Leave => device, Void => device, End => device);

impl<S: ByDevice> Verified<S> {
    /// Reads `bytes` and checks the signature of the device they name. Whether that is the device
    /// at hand is checked by [`Meeting`](crate::Meeting).
    pub fn by_device(bytes: &[u8]) -> Result<Self, StatementError> {
        let unverified = Unverified::<S>::read(bytes)?;
        let signer = unverified.claim().device().0;
        Ok(Verified { statement: unverified.verify(&signer)?, signer, bytes: bytes.into() })
    }
}

impl<S: ByMeetingKey> Verified<S> {
    /// Reads `bytes` and checks the signature of `key`. Meeting, group, device and expiry are
    /// checked by [`Meeting`](crate::Meeting).
    pub fn by_meeting_key(bytes: &[u8], key: &MeetingKey) -> Result<Self, StatementError> {
        let statement = Unverified::<S>::read(bytes)?.verify(&key.0)?;
        Ok(Verified { statement, signer: key.0, bytes: bytes.into() })
    }
}

/// A ticket whose own signature, and that of every [`Swap`] and [`Leave`] inside, verified.
#[derive(Clone, Debug)]
pub struct VerifiedTicket {
    ticket: Verified<Ticket>,
    swaps: Vec<Verified<Swap>>,
    leaves: Vec<Verified<Leave>>,
}

impl VerifiedTicket {
    /// Checks the ticket and everything nested in it.
    pub fn check(bytes: &[u8]) -> Result<Self, StatementError> {
        let ticket = Verified::<Ticket>::by_device(bytes)?;
        let swaps: Result<_, _> =
            ticket.statement.swapped.iter().map(|b| Verified::by_device(b)).collect();
        let leaves: Result<_, _> =
            ticket.statement.left.iter().map(|b| Verified::by_device(b)).collect();
        Ok(VerifiedTicket { swaps: swaps?, leaves: leaves?, ticket })
    }

    pub fn ticket(&self) -> &Ticket {
        &self.ticket.statement
    }

    pub fn bytes(&self) -> &Blob {
        &self.ticket.bytes
    }

    pub fn swaps(&self) -> &[Verified<Swap>] {
        &self.swaps
    }

    pub fn leaves(&self) -> &[Verified<Leave>] {
        &self.leaves
    }
}

/// What a [`Hello`] must be about to count on this connection.
#[derive(Clone, Copy, Debug)]
pub struct HelloExpectation<'a> {
    /// The origins this server is reached under.
    pub origins: &'a [String],
    pub meeting: MeetingId,
    /// The nonce of the challenge sent on this connection.
    pub server_nonce: Nonce,
}

/// A device that proved on this very connection that it holds its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenDevice(DeviceKey);

impl ProvenDevice {
    /// Checks a signed [`Hello`] against the challenge it answers.
    pub fn check(bytes: &[u8], expected: HelloExpectation<'_>) -> Result<Self, StatementError> {
        let hello = Verified::<Hello>::by_device(bytes)?.statement;
        let about_us = hello.meeting == expected.meeting
            && hello.server_nonce == expected.server_nonce
            && expected.origins.contains(&hello.origin);
        if about_us { Ok(ProvenDevice(hello.device)) } else { Err(StatementError::WrongSubject) }
    }

    pub fn key(&self) -> DeviceKey {
        self.0
    }
}
