//! Writes one character and ends: what starting any program in a terminal costs. `benches/house.rs` takes it off
//! the time of the first frame.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(b".")
}
