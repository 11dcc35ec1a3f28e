//! `{{name}}` {{version}}: a crate of az-cargo-wizard's demo. It exists to be downloaded and has no behavior.
#![no_std]

/// The name of this crate.
pub const NAME: &str = "{{name}}";
