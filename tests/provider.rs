//! This tool as Cargo's credential provider: the real Cargo starts the real binary, and the embedded Azure, in this
//! process, tells what it was asked (cargo-contract 3; product.md, 'Trust').
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

#[path = "provider/answering.rs"]
mod answering;
#[path = "provider/commands.rs"]
mod commands;
#[path = "provider/direction.rs"]
mod direction;
#[path = "provider/fetching.rs"]
mod fetching;
#[path = "provider/kept.rs"]
mod kept;
#[path = "provider/made.rs"]
mod made;
#[path = "provider/native.rs"]
mod native;
#[path = "provider/publishing.rs"]
mod publishing;
#[path = "provider/renewing.rs"]
mod renewing;
#[path = "provider/running_out.rs"]
mod running_out;
#[path = "provider/world.rs"]
mod world;
