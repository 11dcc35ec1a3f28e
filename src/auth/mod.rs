//! How a person becomes a credential. Checks what was typed; asks no server.

pub mod error;
pub mod pat;

pub use error::PatError;
