//! The same use cases without a screen: arguments in, lines or JSON out, an exit code at the end.

pub mod args;
pub mod asking;
pub mod cache;
pub mod doctor;
pub mod feeds;
pub mod logins;
pub mod output;
pub mod run;
pub mod setup;
mod signing_in;
pub mod switch;
pub mod undo;
