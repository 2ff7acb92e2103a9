#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use common::fresh;

store::contract!(fresh());
