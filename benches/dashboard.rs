//! How soon the dashboard is there: the first frame of the whole process in a pseudo-terminal, with 50 registries
//! configured and no network, less what a program takes that does nothing. Prints a table and asserts nothing; needs
//! Linux and, for honest numbers, an idle machine:
//!
//! ```sh
//! cargo bench --bench dashboard            # 31 pairs
//! cargo bench --bench dashboard -- 101
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the benchmark uses a part of what the tests share")]
#[path = "../tests/support/mod.rs"]
mod support;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The figures are taken on Linux only: they need a pseudo-terminal.");
}

#[cfg(target_os = "linux")]
fn main() {
    let pairs = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(31);
    linux::measure(pairs);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt::Write as _;
    use std::time::Duration;

    use crate::support::anchor::{build_nothing, time_to};
    use crate::support::sandbox::Sandbox;

    const PRODUCT: &str = env!("CARGO_BIN_EXE_az-cargo-wizard");
    const SIZE: (u16, u16) = (80, 24);
    const REGISTRIES: usize = 50;
    /// Stands in the first frame of the dashboard, and in no other.
    const IN_FRAME: &str = "feed-00";
    const WARM_UP: usize = 3;
    const GOAL: Duration = Duration::from_millis(12);

    pub(super) fn measure(pairs: usize) {
        let mut sandbox = Sandbox::new();
        set_up(&mut sandbox);
        let nothing = build_nothing(&sandbox);
        let (mut products, mut nothings) = (Vec::new(), Vec::new());
        // They alternate, so that a change of the machine's load meets both.
        for round in 0..WARM_UP + pairs {
            let pair = (
                time_to(&sandbox.command(PRODUCT), IN_FRAME, SIZE),
                time_to(&sandbox.command(&nothing), ".", SIZE),
            );
            if round >= WARM_UP {
                products.push(pair.0);
                nothings.push(pair.1);
            }
        }
        let own = products.iter().zip(&nothings).map(|(product, nothing)| product.saturating_sub(*nothing));
        let own = sorted(own.collect());
        let (product, nothing) = (sorted(products), sorted(nothings));
        let middle = pairs / 2;
        println!(
            "first frame of the dashboard, {REGISTRIES} registries, no network, {pairs} pairs, interleaved:"
        );
        println!("  dashboard, median             {}", milliseconds(product[middle]));
        println!("  a do-nothing program, median  {}", milliseconds(nothing[middle]));
        let met = if own[middle] <= GOAL { "met" } else { "missed" };
        println!(
            "  less that, median             {}   goal {}: {met}",
            milliseconds(own[middle]),
            milliseconds(GOAL)
        );
        println!(
            "  quarters                      {} and {}",
            milliseconds(own[pairs / 4]),
            milliseconds(own[pairs * 3 / 4])
        );
        println!(
            "  ratio                         {:.1}",
            product[middle].as_secs_f64() / nothing[middle].as_secs_f64()
        );
    }

    /// A feed in force, a credential for it, and many others.
    fn set_up(sandbox: &mut Sandbox) {
        let mut config = String::from("[source.crates-io]\nreplace-with = \"feed-00\"\n");
        for index in 0..REGISTRIES {
            let address =
                format!("sparse+https://pkgs.dev.azure.com/contoso/_packaging/feed-{index:02}/Cargo/index/");
            writeln!(config, "[registries.feed-{index:02}]\nindex = \"{address}\"").expect("a text takes it");
        }
        sandbox.write(
            "project/Cargo.toml",
            "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        );
        sandbox.write("project/src/main.rs", "fn main() {}\n");
        sandbox.write("project/.cargo/config.toml", config);
        sandbox.write("own/config.toml", "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n");
        sandbox.write("own/credentials.toml", "[registries.feed-00]\ntoken = \"Basic OnNlY3JldA==\"\n");
        let home = sandbox.root().join("own");
        sandbox.set("CARGO_HOME", home);
        // Whoever asked it would wait: the first frame must not.
        sandbox.program("cargo", "exec sleep 5");
    }

    fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
        times.sort_unstable();
        times
    }

    fn milliseconds(time: Duration) -> String {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    }
}
