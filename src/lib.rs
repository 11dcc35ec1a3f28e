//! From a bare checkout to an authenticated `cargo fetch` from an Azure Artifacts feed.

pub mod auth;
pub mod azure;
pub mod cargo;
pub mod cli;
pub mod demo;
pub mod domain;
pub mod error;
pub mod files;
pub mod host;
pub mod net;
pub mod record;
pub mod task;
pub mod tui;
