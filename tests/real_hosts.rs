//! Whole journeys under Azure's real host names: the product and the real Cargo, through a proxy and over TLS with a
//! CA of its own, as in a company's network; and where a credential goes when an answer points elsewhere. Unix only:
//! other systems keep their certificates where a test can't put one.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "real_hosts/direction.rs"]
mod direction;
#[path = "real_hosts/entra.rs"]
mod entra;
#[path = "real_hosts/internet.rs"]
mod internet;
#[path = "real_hosts/journeys.rs"]
mod journeys;
#[path = "real_hosts/network.rs"]
mod network;
#[cfg(target_os = "linux")]
#[path = "real_hosts/own_file.rs"]
mod own_file;
#[path = "real_hosts/person.rs"]
mod person;
#[path = "real_hosts/secrets.rs"]
mod secrets;
#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;
