//! Cargo's failure text to a known cause (cargo-contract 4.6, azure-contract 3.5). Pure. Cargo's layout
//! changes from release to release, so the words are looked for and never the places they stand in.

mod cause;
mod words;

pub use cause::Cause;

use semver::Version;

use crate::domain::package::{CrateId, CrateName};
use crate::domain::text::{clean_lines, redact};

/// Longer errors are cut: a body of the service counts up to 512 characters, over any number of lines.
const MAX_LINES: usize = 60;

/// How the process of Cargo ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitKind {
    Code(i32),
    /// The number of the signal that ended it.
    Signal(i32),
}

/// The crate that an error names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCrate {
    pub name: CrateName,
    pub version: Option<Version>,
}

impl NamedCrate {
    #[must_use]
    pub fn id(&self) -> Option<CrateId> {
        Some(CrateId { name: self.name.clone(), version: self.version.clone()? })
    }
}

/// Why a `cargo fetch` failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub cause: Cause,
    pub at: Option<NamedCrate>,
    /// Cargo's own lines from `error:` on, safe to show.
    pub cargo_error: Vec<String>,
    pub exit: ExitKind,
}

/// Finds the cause in everything Cargo wrote to its standard error. Warnings before the error don't
/// count: what was tried again may have failed for another reason.
#[must_use]
pub fn explain(lines: &[String], exit: ExitKind) -> Failure {
    let start = lines.iter().position(|line| line.starts_with("error:") || line.starts_with("error["));
    let error = start.map_or(&[][..], |start| &lines[start..]);
    let cargo_error: Vec<String> = error.iter().take(MAX_LINES).map(|line| shown(line)).collect();
    let text = cargo_error.join("\n");
    let cause = Cause::find(&text).unwrap_or(match exit {
        ExitKind::Signal(_) => Cause::Killed,
        ExitKind::Code(_) => Cause::Unnamed,
    });
    Failure { cause, at: named_crate(&text), cargo_error, exit }
}

/// A line of Cargo's output without control characters and secrets; its indentation stays.
#[must_use]
pub fn shown(line: &str) -> String {
    redact(clean_lines(&line.replace('\n', " ")).trim_end())
}

/// What stands right before a crate in an error of Cargo or of Azure.
const MARKS: [&str; 9] = [
    "the checksum of `",
    "unpack package `",
    "any data for `",
    "download of `",
    "failed to download `",
    "checksum for `",
    "no matching package named `",
    "searched package name: `",
    "No local versions of package '",
];

/// Best with its version, which an address tells too.
fn named_crate(text: &str) -> Option<NamedCrate> {
    let after_mark = |mark: &&str| text.split_once(*mark).and_then(|(_, rest)| crate_at_start(rest));
    let marked: Vec<NamedCrate> = MARKS.iter().filter_map(after_mark).collect();
    let exact = marked.iter().find(|named| named.version.is_some()).cloned();
    exact.or_else(|| text.lines().find_map(crate_in_url)).or_else(|| marked.into_iter().next())
}

/// ``c0003 v1.0.0 (registry `feed-a`)`…``, or a name alone.
fn crate_at_start(text: &str) -> Option<NamedCrate> {
    let mut words = text.split(['`', '\'', '\n']).next()?.split(' ');
    let name = CrateName::parse(words.next()?)?;
    let version = words.next().and_then(|word| Version::parse(word.strip_prefix('v')?).ok());
    Some(NamedCrate { name, version })
}

/// The crate of a download address that ends in `/NAME/VERSION/download`.
fn crate_in_url(line: &str) -> Option<NamedCrate> {
    let (before, _) = line.split_once("/download")?;
    let mut segments = before.rsplit('/');
    let version = Version::parse(segments.next()?).ok()?;
    let name = CrateName::parse(segments.next()?)?;
    Some(NamedCrate { name, version: Some(version) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Exit;

    fn failure(text: &str) -> Failure {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        explain(&lines, ExitKind::Code(101))
    }

    fn index_error(cause: &str) -> String {
        format!(
            "    Updating `feed-a` index\n\
             error: failed to get `c0000` as a dependency of package `demo v0.1.0 (/p/demo)`\n\n\
             Caused by:\n  failed to load source for dependency `c0000`\n\n\
             Caused by:\n  unable to update registry `crates-io`\n\n\
             Caused by:\n  {cause}\n"
        )
    }

    const FEED: &str = "https://pkgs.dev.azure.com/o/_packaging/rust/Cargo/index/";

    fn download_error(cause: &str) -> String {
        format!(
            "  Downloaded c0001 v1.0.0 (registry `feed-a`)\n\
             error: failed to download from `https://pkgs.dev.azure.com/o/p/_packaging/f/cargo/api/v1/crates/c0003/1.0.0/download`\n\n\
             Caused by:\n  {cause}\n"
        )
    }

    /// Each row of the table of cargo-contract 4.6, old and new texts, and of azure-contract 3.5.
    #[test]
    fn every_known_failure_has_its_cause() {
        let http = |what: &str, status: u32, body: &str| {
            format!(
                "failed to get successful HTTP response from `{FEED}{what}` (13.107.6.1), got {status}\n  body:\n  {body}"
            )
        };
        let rows: Vec<(String, Cause)> = vec![
            (
                index_error("authenticated registries require a credential-provider to be configured\n  see https://doc.rust-lang.org/cargo/reference/registry-authentication.html for details"),
                Cause::NoProvider,
            ),
            (index_error("no token found for `feed-a`, please run `cargo login --registry feed-a`"), Cause::NoToken),
            (
                index_error(&format!("token rejected for `feed-a`, please run `cargo login --registry feed-a`\n\nCaused by:\n  {}", http("config.json", 401, ""))),
                Cause::TokenRejected,
            ),
            (
                index_error("credential provider `cargo:libsecret` failed action `get`\n\nCaused by:\n  failed to get token: Could not connect: No such file or directory"),
                Cause::ProviderFailed,
            ),
            (download_error(&http("x", 401, "")), Cause::Unauthorized),
            (index_error(&http("se/rd/serde", 401, "")), Cause::Unauthorized),
            (
                download_error(&http("x", 401, "No local versions of package 'c0003'; please provide authentication to access versions from upstream that have not yet been saved to your feed.")),
                Cause::NotSaved,
            ),
            (
                download_error(&http("x", 401, "{\"message\":\"Access Denied: The Personal Access Token used has expired.\"}")),
                Cause::TokenExpired,
            ),
            (index_error(&http("config.json", 401, "TF400813: The user 'me' is not authorized")), Cause::NotMember),
            (
                index_error(&http("config.json", 401, "TF400813: The user 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' is not authorized")),
                Cause::TokenRejected,
            ),
            (index_error(&http("config.json", 401, "VS403463: The conditional access policy failed")), Cause::ConditionalAccess),
            (download_error(&http("x", 403, "{\"typeKey\":\"FeedNeedsPermissionsException\"}")), Cause::MayNotSave),
            (
                index_error(&format!("download of config.json failed\n\nCaused by:\n  failed to download from `{FEED}config.json`\n\nCaused by:\n  {}", http("config.json", 403, "{\"typeKey\":\"FeedNeedsPermissionsException\"}"))),
                Cause::Forbidden,
            ),
            (
                index_error(&format!("failed to download from `{FEED}se/rd/serde`\n\nCaused by:\n  {}", http("se/rd/serde", 403, ""))),
                Cause::Forbidden,
            ),
            (download_error(&http("x", 403, "")), Cause::MayNotSave),
            (download_error(&http("x", 403, "<!DOCTYPE html>\n  <html><head>")), Cause::NotARegistry),
            (index_error(&http("config.json", 403, "<html>Blocked by policy</html>")), Cause::NotARegistry),
            (index_error("missing field `dl` at line 1 column 12"), Cause::NotARegistry),
            (download_error("failed to get successful HTTP response from `https://blobs.example/y?sv=1&sig=S` (1.2.3.4), got 403\n  body:\n  <html>"), Cause::StorageRefused),
            (index_error(&http("config.json", 404, "")), Cause::FeedMissing),
            (
                download_error("failed to get successful HTTP response from `https://x.blob.core.windows.net/y?sv=1&sig=S` (1.2.3.4), got 403"),
                Cause::StorageRefused,
            ),
            (index_error("config.json not found in registry"), Cause::FeedMissing),
            (index_error(&http("config.json", 404, "{\"typeKey\":\"FeedIdNotFoundException\"}")), Cause::FeedMissing),
            (
                "error: no matching package named `c0000` found\nlocation searched: `feed-a` index (which is replacing registry `crates-io`)\nrequired by package `demo v0.1.0 (/p)`".into(),
                Cause::CrateMissing,
            ),
            (
                "error: no matching package named `c0003` found\nlocation searched: registry `crates-io`\nrequired by package `c0001 v1.0.0`".into(),
                Cause::CrateMissing,
            ),
            (index_error(&http("config.json", 410, "")), Cause::CrateMissing),
            (index_error(&http("config.json", 451, "")), Cause::CrateMissing),
            (download_error(&http("x", 404, "")), Cause::CrateMissing),
            (
                "error: failed to select a version for the requirement `serde = \"^9\"`\ncandidate versions found which didn't match: 1.0.219\nlocation searched: `feed-a` index".into(),
                Cause::VersionMissing,
            ),
            (index_error(&http("config.json", 203, "<html><title>Azure DevOps Services | Sign In</title>")), Cause::SignInPage),
            (index_error(&http("config.json", 302, "<html>Object moved")), Cause::SignInPage),
            (index_error("expected value at line 1 column 1"), Cause::NotARegistry),
            (
                format!("warning: spurious network error (3 tries remaining): {}\n{}", http("x", 500, "oops"), download_error(&http("x", 500, "oops"))),
                Cause::ServiceFailed,
            ),
            (download_error(&http("x", 503, "TF24668: The following organization has been deactivated due to inactivity")), Cause::OrganizationAsleep),
            (download_error(&http("x", 429, "")), Cause::RateLimited),
            (index_error("download of config.json failed\n\nCaused by:\n  [7] Could not connect to server (Failed to connect to 127.0.0.1 port 1 after 0 ms)"), Cause::Refused),
            (index_error("[7] Couldn't connect to server (Failed to connect)"), Cause::Refused),
            (index_error("[6] Could not resolve hostname (Could not resolve host: feed.invalid)"), Cause::Dns),
            (index_error("[6] Couldn't resolve host name (Could not resolve host: feed.invalid)"), Cause::Dns),
            (index_error("[7] Could not connect to server (Failed to connect to h port 3128 over proxy)"), Cause::Proxy),
            (index_error("[5] Could not resolve proxy name (Could not resolve proxy: p)"), Cause::Proxy),
            (index_error("[56] Failure when receiving data from the peer (CONNECT tunnel failed, response 407)"), Cause::ProxySignIn),
            (download_error("[28] Timeout was reached (failed to download any data for `c0003 v1.0.0` within 2s)"), Cause::Timeout),
            (download_error("[28] Timeout was reached (download of `c0003 v1.0.0` failed to transfer more than 1000 bytes in 2s)"), Cause::Timeout),
            (download_error("transfer too slow: failed to transfer more than 10 bytes in 2s (transferred 0 bytes)"), Cause::Timeout),
            (download_error("[18] Transferred a partial file (end of response with 100 bytes missing)"), Cause::CutOff),
            (download_error("[52] Server returned nothing (no headers, no data) (Empty reply from server)"), Cause::CutOff),
            (index_error("[60] SSL peer certificate or SSH remote key was not OK (SSL certificate problem: unable to get local issuer certificate)"), Cause::Certificate),
            (index_error("[35] SSL connect error (schannel: next InitializeSecurityContext failed: CRYPT_E_NO_REVOCATION_CHECK (0x80092012))"), Cause::Revocation),
            (index_error("[77] Problem with the SSL CA cert (path? access rights?) (error setting certificate verify locations)"), Cause::CaFile),
            (index_error("[35] SSL connect error (OpenSSL: error:0A00010B:SSL routines::wrong version number)"), Cause::Tls),
            (
                "error: failed to download replaced source registry `crates-io`\n\nCaused by:\n  failed to verify the checksum of `c0003 v1.0.0 (registry `feed-a`)`".into(),
                Cause::ChecksumMismatch,
            ),
            (
                "error: checksum for `c0003 v1.0.0` changed between lock files\n\nthis could be indicative of a few possible errors:".into(),
                Cause::ChecksumChanged,
            ),
            (
                "error: failed to download replaced source registry `crates-io`\n\nCaused by:\n  failed to unpack package `c0003 v1.0.0 (registry `feed-a`)`\n\nCaused by:\n  failed to iterate over archive\n\nCaused by:\n  unexpected end of file".into(),
                Cause::DamagedCrate,
            ),
            (
                "error: failed to download replaced source registry `crates-io`\n\nCaused by:\n  No space left on device (os error 28)".into(),
                Cause::DiskFull,
            ),
            ("error: failed to open `/h/.package-cache`\n\nCaused by:\n  Permission denied (os error 13)".into(), Cause::NotWritable),
            ("error: failed to write `/h/x`\n\nCaused by:\n  Read-only file system (os error 30)".into(), Cause::NotWritable),
            ("error: could not find `Cargo.toml` in `/tmp/x` or any parent directory".into(), Cause::NoManifest),
            ("error: cannot create the lock file /p/Cargo.lock because --locked was passed to prevent this".into(), Cause::LockMissing),
            (
                "error: cannot update the lock file /p/Cargo.lock because --locked was passed to prevent this\nhelp: to generate the lock file without accessing the network, remove the --locked flag and use --offline instead.".into(),
                Cause::LockOutdated,
            ),
            ("error: the lock file /p/Cargo.lock needs to be updated but --locked was passed to prevent this".into(), Cause::LockOutdated),
            (index_error("attempting to make an HTTP request, but --offline was specified"), Cause::Offline),
            (
                "error: no matching package named `c0003` found\nlocation searched: registry `crates-io`\nAs a reminder, you're using offline mode (--offline)".into(),
                Cause::Offline,
            ),
            (
                "error: failed to parse lock file at: /p/Cargo.lock\n\nCaused by:\n  lock file version `4` was found, but this version of Cargo does not understand this lock file, perhaps Cargo needs to be updated?".into(),
                Cause::LockTooNew,
            ),
            (
                "error: failed to parse manifest at `/p/Cargo.toml`\n\nCaused by:\n  supported edition values are `2015`, `2018`, `2021`, or `2024`, but `2099` is unknown".into(),
                Cause::EditionUnknown,
            ),
            ("error: toolchain '1.60.0-x86_64-unknown-linux-gnu' is not installed".into(), Cause::ToolchainMissing),
            ("error: rustup could not choose a version of cargo to run, because one wasn't specified explicitly".into(), Cause::ToolchainMissing),
            ("error: could not execute process `rustc -vV` (never executed)".into(), Cause::RustcMissing),
            (
                index_error("multiple registries are configured with the same index url 'sparse+https://h/': feed-a, feed-z"),
                Cause::DuplicateRegistry,
            ),
            (
                "error: could not find a configured source with the name `X` when attempting to lookup `crates-io` (configuration in `/p/.cargo/config.toml`)".into(),
                Cause::RegistryUnknown,
            ),
            ("error: registry index was not found in any configuration: `X`".into(), Cause::RegistryUnknown),
            ("error: sparse registry url must end in a slash `/`: sparse+https://h/x".into(), Cause::IndexAddress),
            ("error: registry URLs may not contain passwords".into(), Cause::IndexAddress),
            ("error: detected a cycle of `replace-with` sources, the source `crates-io` is eventually replaced with itself".into(), Cause::ReplaceCycle),
            ("error: unexpected argument '--bogus' found\n\nUsage: cargo fetch [OPTIONS]".into(), Cause::Unnamed),
            ("error: failed to parse manifest at `/p/Cargo.toml`".into(), Cause::Unnamed),
        ];
        for (text, wanted) in rows {
            assert_eq!(failure(&text).cause, wanted, "{text}");
        }
    }

    #[test]
    fn the_crate_at_fault_is_found_and_not_the_one_that_needs_it() {
        let at = |text: &str| {
            failure(text).at.map(|at| (at.name.to_string(), at.version.map(|version| version.to_string())))
        };
        let c3 = Some(("c0003".to_owned(), Some("1.0.0".to_owned())));
        assert_eq!(at("error: x\n  failed to verify the checksum of `c0003 v1.0.0 (registry `feed-a`)`"), c3);
        assert_eq!(at("error: failed to unpack package `c0003 v1.0.0 (registry `f`)`"), c3);
        assert_eq!(at(&download_error("got 401")), c3);
        assert_eq!(
            at(&download_error("got 401\n  body:\n  No local versions of package 'c0003'; please")),
            c3
        );
        assert_eq!(
            at(&download_error(
                "[28] Timeout was reached (failed to download any data for `c0003 v1.0.0` within 2s)"
            )),
            c3
        );
        assert_eq!(
            at("error: no matching package named `c0003` found\nrequired by package `c0001 v1.0.0`"),
            Some(("c0003".to_owned(), None))
        );
        assert_eq!(at(&index_error("config.json not found in registry")), None);
        assert_eq!(at("error: no matching package named `../x` found"), None);
    }

    #[test]
    fn what_was_tried_again_does_not_explain_the_end() {
        let text = "warning: spurious network error (2 tries remaining): [6] Could not resolve hostname\n\
                    error: no matching package named `x` found";
        assert_eq!(failure(text).cause, Cause::CrateMissing);
        let killed = explain(&["warning: [6] Could not resolve hostname".to_owned()], ExitKind::Signal(9));
        assert_eq!(killed.cause, Cause::Killed);
        assert!(killed.cargo_error.is_empty());
    }

    #[test]
    fn secrets_and_controls_never_reach_the_report() {
        let text = "error: failed to download from `https://h/x?sv=1&sig=SECRET`\n\nCaused by:\n  \
                    Authorization: Bearer eyJSECRET \u{1b}[2J\n  https://me:SECRET@h/ got 500";
        let failure = failure(text);
        let shown = format!("{:?} {}", failure.cargo_error, failure.report("rust"));
        assert!(!shown.contains("SECRET") && !shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn reports_speak_of_the_feed_and_carry_the_exit_code_of_their_cause() {
        let report = failure(&download_error(&format!(
            "failed to get successful HTTP response from `{FEED}x` (1.2.3.4), got 403\n  body:\n  <Error>\n  no\n"
        )))
        .report("rust");
        assert_eq!((report.exit, report.code), (Exit::NotAllowed, "cannot-save-crate"));
        assert_eq!(
            report.headline,
            "`c0003 1.0.0` is not in the feed `rust` yet, and your role cannot save it there"
        );
        assert_eq!(report.causes.len(), 2, "{:?}", report.causes);
        let report = failure("error: something new\n\nCaused by:\n  deeper").report("rust");
        assert_eq!((report.exit, report.code), (Exit::Cargo, "cargo-failed"));
        assert_eq!(report.headline, "Cargo failed: something new");
        assert_eq!(report.causes, ["deeper"]);
        assert_eq!(failure("").report("rust").headline, "Cargo ended with code 101 and said no error");
    }

    proptest! {
        #[test]
        fn any_output_is_survived(lines in prop::collection::vec("(error: )?(failed to )?\\PC*", 0..6)) {
            let failure = explain(&lines, ExitKind::Code(101));
            let _ = failure.report("feed");
        }
    }
}
