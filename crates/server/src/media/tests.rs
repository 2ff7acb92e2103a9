//! Real clients (full ICE, DTLS, SRTP) against the real UDP shards on loopback.

mod client;
mod scenarios;
mod stage;
