//! One line of Cargo's output to one thing that it says (cargo-contract 4.2 and 4.4). Pure and lenient:
//! no line format of Cargo is documented, so whatever isn't known is text.

use crate::domain::package::{CrateId, CrateName};

/// What a line says. The strings are as Cargo printed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchLine {
    Updating {
        index: String,
    },
    Locking {
        packages: usize,
    },
    /// Another Cargo holds the lock that is named.
    Blocking {
        on: String,
    },
    /// Redrawn: index files that arrived, and that are asked for.
    Resolving {
        complete: usize,
        pending: usize,
    },
    /// `Downloading crates ...`
    DownloadStarts,
    /// Redrawn: the crates still to come, and the known bytes of those under way.
    Downloading {
        crates: usize,
        bytes: Option<u64>,
    },
    /// Redrawn: a large crate is being unpacked.
    Unpacking {
        crates: usize,
        name: CrateName,
    },
    Downloaded(CrateId),
    /// The line at the end of a run with progress.
    Summary {
        crates: usize,
    },
    Retry {
        tries_left: usize,
        reason: String,
    },
    Text,
}

impl FetchLine {
    /// Whether Cargo draws the next one over it.
    #[must_use]
    pub fn is_redrawn(&self) -> bool {
        matches!(self, Self::Resolving { .. } | Self::Downloading { .. } | Self::Unpacking { .. })
    }
}

/// Reads one line, already split at `\n` and `\r`.
#[must_use]
pub fn parse_line(line: &str) -> FetchLine {
    known(line.trim()).unwrap_or(FetchLine::Text)
}

fn known(line: &str) -> Option<FetchLine> {
    let (word, rest) = line.split_once(' ')?;
    let rest = rest.trim_start();
    match word {
        "Updating" => updating(rest),
        "Locking" => leading_count(rest, "package").map(|(packages, _)| FetchLine::Locking { packages }),
        "Blocking" => {
            let on = rest.strip_prefix("waiting for file lock on ")?;
            Some(FetchLine::Blocking { on: on.to_owned() })
        }
        "Fetch" => resolving(rest),
        "Downloading" => downloading(rest),
        "Downloaded" => downloaded(rest),
        "warning:" => retry(rest),
        _ => None,
    }
}

fn updating(rest: &str) -> Option<FetchLine> {
    let index = match rest.strip_suffix(" index") {
        Some(index) => index,
        None => rest.strip_prefix("git repository ")?,
    };
    Some(FetchLine::Updating { index: index.trim_matches('`').to_owned() })
}

/// `[=====>   ] 5 complete; 0 pending`, without the bar since 1.96.
fn resolving(rest: &str) -> Option<FetchLine> {
    let counters = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
    let (complete, pending) = counters.trim().split_once(" complete; ")?;
    let pending = pending.strip_suffix(" pending")?;
    Some(FetchLine::Resolving { complete: complete.parse().ok()?, pending: pending.parse().ok()? })
}

fn downloading(rest: &str) -> Option<FetchLine> {
    if rest == "crates ..." {
        return Some(FetchLine::DownloadStarts);
    }
    let (crates, rest) = leading_count(rest, "crate")?;
    if rest.is_empty() {
        return Some(FetchLine::Downloading { crates, bytes: None });
    }
    if let Some(size) = rest.strip_prefix(", remaining bytes: ") {
        return Some(FetchLine::Downloading { crates, bytes: Some(parse_size(size)?) });
    }
    let name = rest.strip_prefix(", extracting ")?.strip_suffix(" ...")?;
    Some(FetchLine::Unpacking { crates, name: CrateName::parse(name)? })
}

/// ``c0000 v1.0.0 (registry `feed-a`)``, or `4 crates (119.3KiB) in 1.36s`.
fn downloaded(rest: &str) -> Option<FetchLine> {
    if let Some((crates, rest)) = leading_count(rest, "crate") {
        return rest.starts_with(" (").then_some(FetchLine::Summary { crates });
    }
    let (name, rest) = rest.split_once(" v")?;
    let version = rest.split(' ').next()?;
    CrateId::parse(name, version).map(FetchLine::Downloaded)
}

fn retry(rest: &str) -> Option<FetchLine> {
    let rest = rest.strip_prefix("spurious network error (")?;
    let (tries, reason) = rest.split_once(" remaining): ")?;
    let tries = tries.strip_suffix(" tries").or_else(|| tries.strip_suffix(" try"))?;
    Some(FetchLine::Retry { tries_left: tries.parse().ok()?, reason: reason.to_owned() })
}

/// A number with a noun in the singular or plural, and what follows them.
fn leading_count<'a>(text: &'a str, noun: &str) -> Option<(usize, &'a str)> {
    let (number, rest) = text.split_once(' ')?;
    let rest = rest.strip_prefix(noun)?;
    Some((number.parse().ok()?, rest.strip_prefix('s').unwrap_or(rest)))
}

/// `27.5 KB` up to 1.86, which counts in thousands; `26.9KiB` since, which doesn't.
fn parse_size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..split].parse().ok()?;
    let unit: f64 = match text[split..].trim() {
        "B" => 1.0,
        "KB" | "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = (number * unit).round();
    // Larger numbers are no sizes of crates, and would not be exact.
    if !(0.0..=1e15).contains(&bytes) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in the range just checked")]
    Some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(name: &str, version: &str) -> CrateId {
        CrateId::parse(name, version).unwrap()
    }

    fn updating(index: &str) -> FetchLine {
        FetchLine::Updating { index: index.into() }
    }

    fn downloading(crates: usize, bytes: Option<u64>) -> FetchLine {
        FetchLine::Downloading { crates, bytes }
    }

    /// Lines captured from Cargo 1.74 to 1.99 (cargo-contract 4.2, 4.4 and 4.6).
    #[test]
    fn captured_lines_say_what_they_say() {
        let samples = [
            ("    Updating `feed-a` index", updating("feed-a")),
            ("    Updating crates.io index", updating("crates.io")),
            ("    Updating `sparse+http://127.0.0.1:1/i/` index", updating("sparse+http://127.0.0.1:1/i/")),
            ("    Updating git repository `https://h/r`", updating("https://h/r")),
            ("     Locking 12 packages to latest compatible versions", FetchLine::Locking { packages: 12 }),
            (
                "     Locking 1 package to highest Rust 1.89 compatible version",
                FetchLine::Locking { packages: 1 },
            ),
            (
                "    Blocking waiting for file lock on package cache",
                FetchLine::Blocking { on: "package cache".into() },
            ),
            (
                "       Fetch [=====>                           ] 1 complete; 0 pending        ",
                FetchLine::Resolving { complete: 1, pending: 0 },
            ),
            ("       Fetch 3 complete; 1 pending", FetchLine::Resolving { complete: 3, pending: 1 }),
            (" Downloading crates ...", FetchLine::DownloadStarts),
            (" Downloading 1 crate              ", downloading(1, None)),
            (" Downloading 0 crates", downloading(0, None)),
            (" Downloading 4 crates, remaining bytes: 21.0KiB   ", downloading(4, Some(21_504))),
            (" Downloading 4 crates, remaining bytes: 27.5 KB", downloading(4, Some(27_500))),
            (" Downloading 1 crate, remaining bytes: 512B", downloading(1, Some(512))),
            (" Downloading 1 crate, remaining bytes: 22.9MiB", downloading(1, Some(24_012_390))),
            (
                " Downloading 1 crate, extracting c0002 ...          ",
                FetchLine::Unpacking { crates: 1, name: CrateName::parse("c0002").unwrap() },
            ),
            ("  Downloaded c0000 v1.0.0 (registry `feed-a`)", FetchLine::Downloaded(id("c0000", "1.0.0"))),
            ("  Downloaded serde v1.0.219", FetchLine::Downloaded(id("serde", "1.0.219"))),
            (
                "  Downloaded wasi v0.11.0+wasi-snapshot-preview1",
                FetchLine::Downloaded(id("wasi", "0.11.0+wasi-snapshot-preview1")),
            ),
            ("  Downloaded 4 crates (119.3KiB) in 1.36s", FetchLine::Summary { crates: 4 }),
            (
                "  Downloaded 3 crates (22.9MiB) in 0.19s (largest was `c0000` at 7.6MiB)",
                FetchLine::Summary { crates: 3 },
            ),
            (
                "warning: spurious network error (3 tries remaining): failed to get successful HTTP response, got 500",
                FetchLine::Retry {
                    tries_left: 3,
                    reason: "failed to get successful HTTP response, got 500".into(),
                },
            ),
            (
                "warning: spurious network error (1 try remaining): [6] Couldn't resolve host name",
                FetchLine::Retry { tries_left: 1, reason: "[6] Couldn't resolve host name".into() },
            ),
        ];
        for (line, wanted) in samples {
            assert_eq!(parse_line(line), wanted, "{line}");
        }
    }

    #[test]
    fn other_lines_are_text() {
        for line in [
            "",
            "      Adding foo v1.0.0 (available: v2.0.0)",
            "warning: unused manifest key: package.x",
            "note: the name is set to `feed_a`",
            "error: failed to download from `https://h/x`",
            "Caused by:",
            "  Downloaded ../../etc v1.0.0 (registry `feed-a`)",
            "  Downloaded serde vNext",
            " Downloading many crates",
            " Downloading 4 crates, remaining bytes: 9e999KiB",
            " Downloading 1 crate, extracting ../x ...",
            "       Fetch [=====>",
            "  Downloaded 4 crates of wine",
            "       12 crates …",
        ] {
            assert_eq!(parse_line(line), FetchLine::Text, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in "\\PC*", word in "(Updating|Locking|Blocking|Fetch|Downloading|Downloaded|warning:)") {
            let _ = parse_line(&line);
            let _ = parse_line(&format!("{word} {line}"));
        }

        #[test]
        fn a_downloaded_crate_is_read_back(name in "[a-z][a-z0-9_-]{0,12}", a in 0u64..99, registry in "[a-z-]{1,9}") {
            let id = id(&name, &format!("{a}.0.1-rc.1"));
            let line = format!("  Downloaded {} v{} (registry `{registry}`)", id.name, id.version);
            prop_assert_eq!(parse_line(&line), FetchLine::Downloaded(id));
        }
    }
}
