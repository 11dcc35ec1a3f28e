//! Picks the front door and maps its result to an exit code.

fn main() {}
