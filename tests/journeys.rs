//! Keys in, screens out, in process: the real jobs against the embedded Azure, with the real Cargo.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

#[path = "journeys/dashboard.rs"]
mod dashboard;
#[path = "journeys/driver.rs"]
mod driver;
#[path = "journeys/public.rs"]
mod public;
#[path = "journeys/sign_in.rs"]
mod sign_in;
#[path = "journeys/steps.rs"]
mod steps;
#[path = "journeys/tokens.rs"]
mod tokens;
#[cfg(unix)]
#[path = "journeys/trust.rs"]
mod trust;
