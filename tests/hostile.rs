//! A hostile world: servers, projects, remotes and file names that would steer the terminal, and checkouts that
//! would run programs or lead requests elsewhere (product.md, 'Trust'). The raw bytes that leave the product are
//! searched; canaries tell what was run and who was called.
#![cfg(unix)]

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

#[path = "hostile/checkout.rs"]
mod checkout;
#[path = "hostile/clean.rs"]
mod clean;
#[path = "hostile/commands.rs"]
mod commands;
#[path = "hostile/screens.rs"]
mod screens;
#[path = "hostile/world.rs"]
mod world;
