//! Speaks to Azure DevOps; nothing else does. Knows its addresses, its answers and its ways to say no
//! (azure-contract 1 to 5, 7.3); keeps nothing, and shows nothing.

mod accounts;
mod areas;
mod challenge;
mod client;
mod create;
mod error;
mod feeds;
mod mine;
mod packages;
mod pat_error;
mod pats;
mod reply;
mod said;
mod terms;
mod upstreams;
mod wire;

#[cfg(test)]
mod canned;
#[cfg(test)]
#[expect(dead_code, reason = "it judges answers, too, for the tests of the demo")]
#[path = "../../tests/support/openapi/mod.rs"]
mod openapi;

pub use client::Azure;
pub use create::Creation;
pub use error::{AzureError, Holder, Said};
pub use packages::IndexProof;
pub use pat_error::PatError;
pub use terms::Terms;
