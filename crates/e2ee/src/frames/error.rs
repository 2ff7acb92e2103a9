/// Why a received frame was dropped. The server's fault or a peer's, never the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum OpenError {
    #[error("the frame is not an SFrame at all")]
    Plaintext,
    #[error("the frame's key ID names an epoch this device has not entered")]
    UnknownKid,
    #[error("the frame's key ID names an epoch that is over")]
    StaleEpoch,
    #[error("the frame was sealed as another kind of media than its slot carries")]
    WrongKind,
    #[error("the frame's sender was removed")]
    RemovedLeaf,
    #[error("the frame's sender may not send this kind of media")]
    Forbidden,
    #[error("a frame with this counter was opened already, or is too old to tell")]
    Repeated,
    #[error("the frame does not verify under the key it names")]
    Forged,
}

/// Why a frame was not sealed. Drop the frame; never send it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SealError {
    #[error("there is no epoch to send with")]
    Paused,
    #[error("no counter of this kind is leased")]
    NoLease,
    #[error("the frame is shorter than its clear part")]
    TooShort,
}

/// Why a lease was refused: the caller's fault. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LeaseError {
    #[error("the lease is for an epoch that is not being sent with")]
    OtherEpoch,
    #[error("the lease overlaps or precedes an earlier one")]
    Repeated,
    #[error("the lease is empty or leaves the range of counters")]
    OutOfRange,
}
