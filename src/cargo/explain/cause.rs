//! The causes, and the words of Cargo and of Azure that give each of them away.

/// A reason for a failure that a person can do something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No credential provider is configured.
    NoProvider,
    /// No credential is stored.
    NoToken,
    /// The stored credential was refused at the first contact.
    TokenRejected,
    /// The service says that the personal access token has expired.
    TokenExpired,
    /// A bare 401, mostly in the middle of a run.
    Unauthorized,
    /// The account is unknown to the organization.
    NotMember,
    ProviderFailed,
    /// A page to sign in came instead of an answer.
    SignInPage,
    /// Asked anonymously for a crate that nobody has saved yet.
    NotSaved,
    ConditionalAccess,
    OrganizationAsleep,
    /// The role can't save new upstream crates.
    MayNotSave,
    Forbidden,
    /// The storage behind the feed refused the signed address.
    StorageRefused,
    FeedMissing,
    CrateMissing,
    VersionMissing,
    NotARegistry,
    ServiceFailed,
    RateLimited,
    Refused,
    Dns,
    Proxy,
    ProxySignIn,
    Timeout,
    CutOff,
    Certificate,
    Revocation,
    CaFile,
    Tls,
    Offline,
    ChecksumMismatch,
    ChecksumChanged,
    DamagedCrate,
    DiskFull,
    NotWritable,
    NoManifest,
    LockMissing,
    LockOutdated,
    LockTooNew,
    EditionUnknown,
    ToolchainMissing,
    RustcMissing,
    DuplicateRegistry,
    RegistryUnknown,
    IndexAddress,
    ReplaceCycle,
    /// A signal ended it.
    Killed,
    /// Cargo's own words must do.
    Unnamed,
}

impl Cause {
    /// The cause of an error text; `None` where no rule knows it.
    pub(super) fn find(text: &str) -> Option<Self> {
        let holds = |marks: &[&str]| marks.iter().all(|mark| text.contains(mark));
        RULES.iter().find(|(marks, _)| holds(marks)).map(|(_, cause)| *cause)
    }

    /// Whether another credential could help: at the first contact it was none or a wrong one, and after crates have
    /// come it has run out (cargo-contract 3.5).
    #[must_use]
    pub fn is_refused_credential(self) -> bool {
        matches!(self, Self::Unauthorized | Self::TokenRejected | Self::TokenExpired | Self::SignInPage)
    }

    /// Every cause that a rule finds.
    #[cfg(test)]
    pub(super) fn found_by_rules() -> impl Iterator<Item = Self> {
        RULES.iter().map(|(_, cause)| *cause)
    }
}

/// All marks of a rule must be there; the first rule that holds wins, so the more telling come first.
const RULES: &[(&[&str], Cause)] = &[
    // Programs, whose failures may carry an error of the system.
    (&["credential provider `", "failed action"], Cause::ProviderFailed),
    (&["could not execute process", "rustc"], Cause::RustcMissing),
    // This machine.
    (&["No space left on device"], Cause::DiskFull),
    (&["(os error 28)"], Cause::DiskFull),
    (&["(os error 112)"], Cause::DiskFull),
    (&["Disk quota exceeded"], Cause::DiskFull),
    (&["Read-only file system"], Cause::NotWritable),
    (&["Permission denied (os error 13)"], Cause::NotWritable),
    (&["Access is denied. (os error 5)"], Cause::NotWritable),
    (&["failed to verify the checksum of"], Cause::ChecksumMismatch),
    (&["changed between lock files"], Cause::ChecksumChanged),
    (&["failed to unpack package", "failed to iterate over archive"], Cause::DamagedCrate),
    (&["failed to unpack package", "unexpected end of file"], Cause::DamagedCrate),
    (&["failed to unpack package", "invalid gzip header"], Cause::DamagedCrate),
    (&["failed to unpack package", "corrupt deflate stream"], Cause::DamagedCrate),
    // The project and its toolchain.
    (&["cannot create the lock file", "was passed to prevent this"], Cause::LockMissing),
    (&["lock file", "was passed to prevent this"], Cause::LockOutdated),
    (&["does not understand this lock file"], Cause::LockTooNew),
    (&["lock file version", "-Znext-lockfile-bump"], Cause::LockTooNew),
    (&["could not find `Cargo.toml` in"], Cause::NoManifest),
    (&["supported edition values are"], Cause::EditionUnknown),
    (&["feature `edition20", "is required"], Cause::EditionUnknown),
    (&["error: toolchain '", "is not installed"], Cause::ToolchainMissing),
    (&["rustup could not choose a version of"], Cause::ToolchainMissing),
    (&["could not parse override file"], Cause::ToolchainMissing),
    // The configuration.
    (&["require a credential-provider to be configured"], Cause::NoProvider),
    (&["multiple registries are configured with the same index url"], Cause::DuplicateRegistry),
    (&["could not find a configured source with the name"], Cause::RegistryUnknown),
    (&["registry index was not found in any configuration"], Cause::RegistryUnknown),
    (&["sparse registry url must end in a slash"], Cause::IndexAddress),
    (&["registry URLs may not contain passwords"], Cause::IndexAddress),
    (&["detected a cycle of `replace-with` sources"], Cause::ReplaceCycle),
    // What Azure says in the body.
    (&["Personal Access Token used has expired"], Cause::TokenExpired),
    (&["VS403463"], Cause::ConditionalAccess),
    (&["TF24668"], Cause::OrganizationAsleep),
    (&["No local versions of package"], Cause::NotSaved),
    (&["TF400813", "aaaaaaaa-aaaa-aaaa-aaaa"], Cause::TokenRejected),
    (&["TF400813"], Cause::NotMember),
    (&["FeedNeedsPermissionsException", "ReadPackages"], Cause::Forbidden),
    (&["FeedNeedsPermissionsException", "/download`"], Cause::MayNotSave),
    (&["FeedNeedsPermissionsException"], Cause::Forbidden),
    (&["FeedIdNotFoundException"], Cause::FeedMissing),
    (&["ProjectDoesNotExist"], Cause::FeedMissing),
    (&["TF200016"], Cause::FeedMissing),
    (&["TF400733"], Cause::RateLimited),
    // Credentials.
    (&["no token found for"], Cause::NoToken),
    (&["token rejected for"], Cause::TokenRejected),
    // The network before the status: a proxy's status stands in brackets behind its error.
    (&["response 407"], Cause::ProxySignIn),
    (&["code 407 from proxy"], Cause::ProxySignIn),
    (&["got 407"], Cause::ProxySignIn),
    (&["over proxy"], Cause::Proxy),
    (&["resolve proxy"], Cause::Proxy),
    (&["CONNECT tunnel failed"], Cause::Proxy),
    (&["CRYPT_E_NO_REVOCATION_CHECK"], Cause::Revocation),
    (&["CRYPT_E_REVOCATION_OFFLINE"], Cause::Revocation),
    (&["[5] "], Cause::Proxy),
    (&["[6] "], Cause::Dns),
    (&["[7] "], Cause::Refused),
    (&["[28] "], Cause::Timeout),
    (&["transfer too slow"], Cause::Timeout),
    (&["[51] "], Cause::Certificate),
    (&["[60] "], Cause::Certificate),
    (&["[77] "], Cause::CaFile),
    (&["[35] "], Cause::Tls),
    (&["[18] "], Cause::CutOff),
    (&["[52] "], Cause::CutOff),
    (&["[55] "], Cause::CutOff),
    (&["[56] "], Cause::CutOff),
    (&["[92] "], Cause::CutOff),
    // The bare status.
    (&["got 203"], Cause::SignInPage),
    (&["got 302"], Cause::SignInPage),
    (&["got 401"], Cause::Unauthorized),
    // Only the storage behind the downloads is addressed with a query, the signature.
    (&["got 403", "?***"], Cause::StorageRefused),
    (&["got 404", "?***"], Cause::StorageRefused),
    (&["got 403", ".blob.core.windows.net"], Cause::StorageRefused),
    // Azure refuses in JSON; a page comes from something in between.
    (&["got 403", "<!DOCTYPE"], Cause::NotARegistry),
    (&["got 403", "<!doctype"], Cause::NotARegistry),
    (&["got 403", "<html"], Cause::NotARegistry),
    (&["got 403", "<HTML"], Cause::NotARegistry),
    (&["got 403", "/download`"], Cause::MayNotSave),
    (&["got 403"], Cause::Forbidden),
    (&["got 429"], Cause::RateLimited),
    (&["got 50"], Cause::ServiceFailed),
    (&["config.json not found in registry"], Cause::FeedMissing),
    (&["got 404", "config.json"], Cause::FeedMissing),
    (&["expected value at line 1 column 1"], Cause::NotARegistry),
    (&["EOF while parsing a "], Cause::NotARegistry),
    (&["missing field `dl`"], Cause::NotARegistry),
    // Offline before absent: the index may simply not be here.
    (&["--offline"], Cause::Offline),
    (&["offline mode"], Cause::Offline),
    (&["no matching package named"], Cause::CrateMissing),
    (&["no matching package found"], Cause::CrateMissing),
    (&["failed to select a version for the requirement"], Cause::VersionMissing),
    (&["got 404"], Cause::CrateMissing),
    (&["got 410"], Cause::CrateMissing),
    (&["got 451"], Cause::CrateMissing),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_is_hidden_by_one_before_it() {
        for (index, (marks, cause)) in RULES.iter().enumerate() {
            let text = marks.join(" … ");
            let first = RULES.iter().position(|(marks, _)| marks.iter().all(|mark| text.contains(mark)));
            assert_eq!(first, Some(index), "{marks:?} {cause:?}");
        }
    }
}
