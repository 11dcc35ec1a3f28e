//! What each cause is called, what it means for the person, and what to do next.

use super::{Cause, ExitKind, Failure, NamedCrate};
use crate::domain::text::{clean, redact, truncate};
use crate::error::{Exit, Report};

/// How much of Cargo's own error goes below the headline; all of it is one key away.
const MAX_CAUSES: usize = 4;

/// The registry that no feed stands in for.
const CRATES_IO: &str = "crates.io";
const MAX_COLUMNS: usize = 300;

impl Failure {
    /// The failure in the user's terms; `feed` is the name they know.
    #[must_use]
    pub fn report(&self, feed: &str) -> Report {
        let (exit, code) = self.cause.class();
        let mut report = Report::new(exit, code, self.headline(feed));
        report.hint = self.hint();
        if feed == CRATES_IO && self.cause == Cause::CrateMissing {
            let hint = "check the crate's name; if it comes from a feed, let the feed stand in for crates.io";
            report.hint = Some(hint.into());
        }
        let skip = usize::from(self.cause == Cause::Unnamed);
        report.causes = self.own_words().into_iter().skip(skip).take(MAX_CAUSES).collect();
        report
    }

    /// Cargo's error line by line, without its scaffolding and without pages of HTML.
    fn own_words(&self) -> Vec<String> {
        let is_scaffold = |line: &str| matches!(line, "" | "Caused by:" | "body:" | "debug headers:");
        self.cargo_error
            .iter()
            .map(|line| line.strip_prefix("error:").unwrap_or(line).trim())
            .take_while(|line| !line.starts_with('<'))
            .filter(|line| !is_scaffold(line))
            .map(|line| truncate(&service_words(line).unwrap_or_else(|| line.to_owned()), MAX_COLUMNS))
            .collect()
    }

    fn headline(&self, feed: &str) -> String {
        let the_crate = self.at.as_ref().map_or_else(|| "a crate".to_owned(), crate_words);
        match self.cause {
            Cause::NoProvider => {
                format!("Cargo has no credential provider configured, and the feed `{feed}` needs one")
            }
            Cause::NoToken => format!("not signed in to the feed `{feed}`"),
            Cause::TokenRejected => format!("the feed `{feed}` did not accept the credential"),
            Cause::TokenExpired => "the personal access token has expired".into(),
            Cause::Unauthorized => format!("the feed `{feed}` wants a valid credential"),
            Cause::NotMember => "the account is not known to the organization".into(),
            Cause::ProviderFailed => "the credential provider failed".into(),
            Cause::SignInPage => format!("not signed in: the feed `{feed}` answered with a sign-in page"),
            Cause::NotSaved => {
                format!("{the_crate} is not saved in the feed `{feed}` yet, and only members can save it")
            }
            Cause::ConditionalAccess => "a conditional access policy of the organization refused this".into(),
            Cause::OrganizationAsleep => "the organization was deactivated because nobody used it".into(),
            Cause::MayNotSave => {
                format!("{the_crate} is not in the feed `{feed}` yet, and your role cannot save it there")
            }
            Cause::Forbidden => format!("you may not read the feed `{feed}`"),
            Cause::StorageRefused => "the storage behind the feed refused the download".into(),
            Cause::FeedMissing => format!("there is no feed `{feed}` at its address, or you cannot see it"),
            Cause::CrateMissing if feed == CRATES_IO => {
                format!("{the_crate} is not on crates.io, and no feed stands in for it")
            }
            Cause::CrateMissing => {
                format!("{the_crate} is neither in the feed `{feed}` nor in its upstreams")
            }
            Cause::VersionMissing => format!("the feed `{feed}` has no version that the project asks for"),
            Cause::NotARegistry => "the answer did not come from a crate registry".into(),
            Cause::ServiceFailed => format!("the service behind the feed `{feed}` failed"),
            Cause::RateLimited => "the service is limiting your requests".into(),
            _ => self.plain_headline(&the_crate),
        }
    }

    /// Headlines that don't speak of the feed.
    fn plain_headline(&self, the_crate: &str) -> String {
        let words = match self.cause {
            Cause::Refused => "cannot connect to the feed's server",
            Cause::Dns => "cannot find the feed's server by its name",
            Cause::Proxy => "cannot reach the feed through the proxy",
            Cause::ProxySignIn => "the proxy asks for a sign-in",
            Cause::Timeout => "the server took too long to answer",
            Cause::CutOff => "the connection was cut off",
            Cause::Certificate => "the server's certificate is not trusted here",
            Cause::Revocation => "Windows could not check whether the server's certificate was revoked",
            Cause::CaFile => "the file of trusted certificates cannot be read",
            Cause::Tls => "no secure connection to the server",
            Cause::Offline => "Cargo is set to stay offline, and not everything is cached",
            Cause::ChecksumMismatch => return format!("{the_crate} arrived with a wrong checksum"),
            Cause::ChecksumChanged => {
                return format!("{the_crate} is not the same in the feed as in the lock file");
            }
            Cause::DamagedCrate => return format!("the cached file of {the_crate} is damaged"),
            Cause::DiskFull => "the disk is full",
            Cause::NotWritable => "a file cannot be written",
            Cause::NoManifest => "there is no `Cargo.toml` here",
            Cause::LockMissing => "there is no lock file yet, and `--locked` forbids writing one",
            Cause::LockOutdated => {
                "the lock file does not match the project, and `--locked` forbids changing it"
            }
            Cause::LockTooNew => "the lock file is too new for this Cargo",
            Cause::EditionUnknown => "the project's edition is too new for this Cargo",
            Cause::ToolchainMissing => "the toolchain that the project asks for is missing",
            Cause::RustcMissing => "Cargo cannot run `rustc`",
            Cause::DuplicateRegistry => "two registries are configured with the same index",
            Cause::RegistryUnknown => "the registry is not configured, or its entry is not valid",
            Cause::IndexAddress => "the index address of a registry is not valid",
            Cause::ReplaceCycle => "the configuration replaces a source by itself",
            _ => return self.ending(),
        };
        words.to_owned()
    }

    fn ending(&self) -> String {
        match (self.exit, self.own_words().into_iter().next()) {
            (ExitKind::Signal(signal), _) => format!("Cargo was ended by signal {signal}"),
            (ExitKind::Code(_), Some(line)) => format!("Cargo failed: {line}"),
            (ExitKind::Code(code), None) => format!("Cargo ended with code {code} and said no error"),
        }
    }

    fn hint(&self) -> Option<String> {
        if let (Cause::DamagedCrate, Some(id)) = (self.cause, self.at.as_ref().and_then(NamedCrate::id)) {
            return Some(format!("delete `{}` in the registry cache, then fetch again", id.file_name()));
        }
        self.cause.hint().map(str::to_owned)
    }
}

/// The message in an error of the service (azure-contract 3.3), of which Cargo shows the first 512 characters.
fn service_words(line: &str) -> Option<String> {
    const MESSAGE: &str = "\"message\":";
    let (_, rest) = line.strip_prefix('{')?.split_once(MESSAGE)?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
    // What was escaped in it is text only now.
    let words = redact(&clean(&values.next()?.ok()?));
    Some(words).filter(|words| !words.is_empty())
}

fn crate_words(named: &NamedCrate) -> String {
    match &named.version {
        Some(version) => format!("`{} {version}`", named.name),
        None => format!("`{}`", named.name),
    }
}

impl Cause {
    /// The exit code, and the stable word for scripts.
    #[must_use]
    pub fn class(self) -> (Exit, &'static str) {
        match self {
            Self::NoProvider => (Exit::SignIn, "no-credential-provider"),
            Self::NoToken => (Exit::SignIn, "not-signed-in"),
            Self::TokenRejected => (Exit::SignIn, "token-rejected"),
            Self::TokenExpired => (Exit::SignIn, "token-expired"),
            Self::Unauthorized => (Exit::SignIn, "unauthorized"),
            Self::NotMember => (Exit::SignIn, "not-a-member"),
            Self::ProviderFailed => (Exit::SignIn, "credential-provider-failed"),
            Self::SignInPage => (Exit::SignIn, "sign-in-page"),
            Self::NotSaved => (Exit::SignIn, "crate-not-saved"),
            Self::OrganizationAsleep => (Exit::Failed, "organization-deactivated"),
            Self::ConditionalAccess => (Exit::NotAllowed, "conditional-access"),
            Self::MayNotSave => (Exit::NotAllowed, "cannot-save-crate"),
            Self::Forbidden => (Exit::NotAllowed, "feed-not-allowed"),
            Self::FeedMissing => (Exit::NotFound, "feed-not-found"),
            Self::CrateMissing => (Exit::NotFound, "crate-not-found"),
            Self::VersionMissing => (Exit::NotFound, "version-not-found"),
            Self::StorageRefused => (Exit::Network, "storage-refused"),
            Self::NotARegistry => (Exit::Network, "not-a-registry"),
            Self::ServiceFailed => (Exit::Network, "service-failed"),
            Self::RateLimited => (Exit::Network, "rate-limited"),
            Self::Refused => (Exit::Network, "connection-refused"),
            Self::Dns => (Exit::Network, "host-not-found"),
            Self::Proxy => (Exit::Network, "proxy-failed"),
            Self::ProxySignIn => (Exit::Network, "proxy-sign-in"),
            Self::Timeout => (Exit::Network, "timeout"),
            Self::CutOff => (Exit::Network, "connection-cut"),
            Self::Certificate => (Exit::Network, "certificate-not-trusted"),
            Self::Revocation => (Exit::Network, "revocation-check-failed"),
            Self::CaFile => (Exit::Network, "ca-file-failed"),
            Self::Tls => (Exit::Network, "tls-failed"),
            Self::Offline => (Exit::Network, "offline"),
            _ => self.local_class(),
        }
    }

    /// Those of this machine and of the project.
    fn local_class(self) -> (Exit, &'static str) {
        match self {
            Self::ChecksumMismatch => (Exit::Failed, "checksum-mismatch"),
            Self::ChecksumChanged => (Exit::Failed, "checksum-changed"),
            Self::DamagedCrate => (Exit::Failed, "damaged-crate"),
            Self::DiskFull => (Exit::Failed, "disk-full"),
            Self::NotWritable => (Exit::Failed, "not-writable"),
            Self::NoManifest => (Exit::Failed, "no-manifest"),
            Self::LockMissing => (Exit::Failed, "lock-file-missing"),
            Self::LockOutdated => (Exit::Failed, "lock-file-outdated"),
            Self::LockTooNew => (Exit::Failed, "lock-file-too-new"),
            Self::EditionUnknown => (Exit::Failed, "edition-unknown"),
            Self::ToolchainMissing => (Exit::Failed, "toolchain-missing"),
            Self::RustcMissing => (Exit::Failed, "rustc-missing"),
            Self::DuplicateRegistry => (Exit::Failed, "duplicate-registry"),
            Self::RegistryUnknown => (Exit::Failed, "registry-not-configured"),
            Self::IndexAddress => (Exit::Failed, "index-address-not-valid"),
            Self::ReplaceCycle => (Exit::Failed, "replace-with-cycle"),
            Self::Killed => (Exit::Cargo, "cargo-killed"),
            _ => (Exit::Cargo, "cargo-failed"),
        }
    }

    fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::NoProvider => {
                "log in to the feed, which names a provider; for plain Cargo set `registry.global-credential-providers`"
            }
            Self::NoToken => "sign in, and log Cargo in to the feed",
            Self::TokenRejected => {
                "make a new credential: it may have expired, been revoked, or lack the scope Packaging (Read & write)"
            }
            Self::TokenExpired => "make a new personal access token, then log in again",
            Self::Unauthorized => {
                "log in again, then run it again: crates that arrived are kept, and a credential may have run out on the way"
            }
            Self::NotMember => "sign in with an account of this organization, or ask to be invited to it",
            Self::ProviderFailed => {
                "look at the provider's own words below, or choose another place for the credential"
            }
            Self::SignInPage => "sign in, and log Cargo in to the feed",
            Self::NotSaved => {
                "as a member who may save crates: `az-cargo-wizard fetch --force-auth`; otherwise ask one to fetch it once"
            }
            Self::OrganizationAsleep => "sign in to the organization in a browser, which wakes it up",
            Self::ConditionalAccess => {
                "connect to the company's network or use a managed device, then try again"
            }
            Self::MayNotSave => {
                "ask for the role Feed and Upstream Reader (Collaborator), or ask somebody who has it to fetch once"
            }
            Self::Forbidden => "ask an owner of the feed for the role Feed Reader or higher",
            Self::StorageRefused => {
                "check the clock of this machine, and that the proxy lets `*.blob.core.windows.net` through"
            }
            Self::FeedMissing => "check the address in `[registries]`: organization, project and feed",
            Self::CrateMissing => {
                "check the crate's name; `az-cargo-wizard doctor` tells whether the feed takes crates from crates.io: where it doesn't, its owner adds that in `az-cargo-wizard`, with `a`, then `p` on the feed"
            }
            Self::VersionMissing => {
                "wait if it is new (a feed sees new versions after some hours), or ask for another version"
            }
            Self::NotARegistry => {
                "check the feed's address, your sign-in, and that no proxy answers in the feed's place"
            }
            Self::ServiceFailed | Self::Timeout | Self::CutOff => {
                "try again in a while: crates that arrived are kept"
            }
            Self::RateLimited => "wait some minutes, then run it again: crates that arrived are kept",
            _ => return self.local_hint(),
        })
    }

    fn local_hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Refused => "check the network, VPN and proxy settings",
            Self::Dns => "check the network, VPN and the feed's address",
            Self::Proxy => "check `http.proxy` and the proxy variables of the environment",
            Self::ProxySignIn => {
                "put the proxy's user and password into `http.proxy` of your own Cargo configuration"
            }
            Self::Certificate => "name the certificate of your company's proxy in `http.cainfo`",
            Self::Revocation => "set `http.check-revoke = false` where a proxy inspects connections",
            Self::CaFile => "check the path in `http.cainfo`, `CARGO_HTTP_CAINFO` or `SSL_CERT_FILE`",
            Self::Tls => "check that the address speaks https, and that no proxy is in between",
            Self::Offline => "remove `--offline` or `net.offline`, then fetch again",
            Self::ChecksumMismatch => {
                "try again; if it stays, the feed serves another file than its index names"
            }
            Self::ChecksumChanged => {
                "find out whether the feed holds a crate of its own by that name before you trust either"
            }
            Self::DamagedCrate => "delete the crate's file in the registry cache, then fetch again",
            Self::DiskFull => "free some space, then fetch again: complete crates are kept",
            Self::NotWritable => "check who owns the path below",
            Self::NoManifest => "go to a Cargo project, or name one with `--dir`",
            Self::LockMissing => "run without `--locked` once, and keep the `Cargo.lock` that it writes",
            Self::LockOutdated => "run without `--locked` once, and keep the changed `Cargo.lock`",
            Self::LockTooNew | Self::EditionUnknown => "update the toolchain of this project",
            Self::ToolchainMissing => {
                "install it with `rustup toolchain install`, or change `rust-toolchain.toml`"
            }
            Self::RustcMissing => "install a complete toolchain with rustup",
            Self::DuplicateRegistry => "remove one of the two entries in `[registries]`",
            Self::RegistryUnknown => {
                "check the entry in `[registries]`: its name, and an index that is an address"
            }
            Self::IndexAddress => "write the index as Azure shows it, ending in `/` and without a password",
            Self::ReplaceCycle => "check `replace-with` in every Cargo configuration that applies here",
            Self::Killed => "run it again: crates that arrived are kept",
            Self::Unnamed => "mend what Cargo names; `cargo fetch -v` in the project tells more",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_services_own_words_are_taken_out_of_their_envelope() {
        let words = |line: &str| service_words(line);
        let envelope = r#"{"$id":"1","message":"Not \"so\"\u001b]52;x \u009b31m\u202e, see https://a:b@c/?sig=1.","typeKey":"X","typ"#;
        assert_eq!(words(envelope).as_deref(), Some("Not \"so\"]52;x 31m, see https://c/?***"));
        for other in ["got 403", r#"{"message":7}"#, r#"{"message":"cut of"#, r#"{"message":""}"#, "{}"] {
            assert_eq!(words(other), None, "{other}");
        }
    }

    #[test]
    fn every_known_cause_has_a_code_of_its_own_a_headline_and_a_hint() {
        let causes: HashSet<Cause> = Cause::found_by_rules().chain([Cause::Killed]).collect();
        let codes: HashSet<_> = causes.iter().map(|cause| cause.class().1).collect();
        assert_eq!(codes.len(), causes.len());
        assert!(!codes.contains("cargo-failed"));
        for cause in causes {
            let exit = ExitKind::Signal(9);
            let report = Failure { cause, at: None, cargo_error: Vec::new(), exit }.report("rust");
            assert!(report.hint.is_some(), "{cause:?}");
            let says_signal = report.headline == "Cargo was ended by signal 9";
            assert_eq!(says_signal, cause == Cause::Killed, "{cause:?}");
        }
        assert_eq!(Cause::Unnamed.class(), (Exit::Cargo, "cargo-failed"));
    }
}
