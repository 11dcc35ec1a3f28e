//! The local Cargo: its configuration, lock files, cache and `cargo fetch`.

pub mod config;
pub mod credentials;
pub mod error;
pub mod home;
pub mod settings;
mod toml_text;
