//! The words of the trade: values, their rules and their spelling. Pure: no I/O, no async, no
//! terminal, no clock, and no other room of the house.

pub mod account;
pub mod answering;
pub mod answers;
pub mod cache;
pub mod credential;
pub mod date;
pub mod diff;
pub mod entra;
pub mod feed;
pub mod finding;
pub mod http_date;
pub mod journal;
pub mod lifetime;
pub mod machine;
pub mod merge;
pub mod new_feed;
pub mod new_pat;
pub mod organization;
pub mod package;
pub mod plan;
pub mod progress;
pub mod registry;
pub mod segment;
pub mod store;
pub mod text;
pub mod waiting;
pub mod way;
