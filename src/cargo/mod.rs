//! The local Cargo: its configuration, lock files, cache and `cargo fetch`.

pub mod cache;
pub mod config;
pub mod config_file;
mod config_notes;
pub mod credentials;
pub mod error;
pub mod explain;
pub mod fetch;
pub mod fetch_error;
pub mod fetch_line;
pub mod git_config;
pub mod global_cache;
pub mod hazards;
pub mod home;
pub mod index_dir;
pub mod install;
pub mod lock_search;
pub mod lockfile;
pub mod mirror;
pub mod owners;
mod process;
pub mod provider;
pub mod recover;
pub mod settings;
mod situation;
mod sqlite;
mod toml_text;
