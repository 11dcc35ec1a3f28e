//! What several tests share: a sandbox, a terminal, key strings and pictures. Each test binary uses a part and
//! says so where it declares this module:
//!
//! ```ignore
//! #[expect(dead_code, reason = "this test uses a part of what the tests share")]
//! mod support;
//! ```
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

pub(crate) mod anchor;
pub(crate) mod keys;
pub(crate) mod openapi;
mod palette;
pub(crate) mod picture;
#[cfg(unix)]
pub(crate) mod pty;
pub(crate) mod sandbox;
pub(crate) mod wizard;
