//! The local Cargo: its configuration, lock files, cache and `cargo fetch`.
