//! The sample project of az-cargo-wizard's demo.

fn main() {
    println!("storefront is served by {} on {}", lanternweb::NAME, tidewater::NAME);
}
