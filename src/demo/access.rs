//! Who may come in: the personal access tokens of a world, and what an `Authorization` header amounts to
//! (azure-contract 2.1, 2.2). What a refused caller is told is in `refusal`.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::ring;
use sha2::{Digest as _, Sha256};

use super::error::DemoError;
use super::pats::PatScope;
use super::world::Guid;
use crate::domain::credential::Secret;

const LENGTH: usize = 84;
const SIGNATURE: &str = "AZDO";
const SIGNATURE_AT: usize = 76;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The name, mail address and id of the person whom every token belongs to.
pub(super) const PERSON: &str = "Ana Costa";
pub(super) const ACCOUNT: &str = "ana@contoso.example";

pub(super) fn person_id() -> Guid {
    Guid::of("person", &[ACCOUNT])
}

/// The tokens of one world, each with a fixed fate (azure-contract 3.2).
#[derive(Debug, Clone)]
pub struct DemoTokens {
    /// Packaging (Read, write, & manage), projects, profile; all organizations. The one a person is shown.
    pub full: Secret,
    /// Packaging (Read & write) and projects: may make a feed, and change nothing about it.
    pub read_write: Secret,
    /// Packaging (Read) and projects: behaves as a reader everywhere.
    pub read_only: Secret,
    /// Packaging (Read & write) alone: projects and `connectionData` answer as for a scope that lacks.
    pub packaging_only: Secret,
    /// Valid, but for nothing here: only `connectionData` answers, all else is class 3.
    pub scopeless: Secret,
    /// Expired or revoked: class 3 everywhere.
    pub expired: Secret,
    /// An Entra token of somebody whom no organization knows: class 4.
    pub stranger: Secret,
}

impl DemoTokens {
    /// The tokens that belong to a world's main one.
    fn of(full: &str) -> Self {
        Self {
            full: Secret::new(full),
            read_write: derived(full, "read & write"),
            read_only: derived(full, "read only"),
            packaging_only: derived(full, "packaging only"),
            scopeless: derived(full, "scopeless"),
            expired: derived(full, "expired"),
            stranger: derived(full, "stranger"),
        }
    }
}

/// Something that a token may be allowed to do (azure-contract 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Ask `connectionData` whose token it is: no documented scope.
    WhoAmI,
    /// `vso.packaging`.
    Packaging,
    /// `vso.packaging_write`.
    PackagingWrite,
    /// `vso.packaging_manage`.
    PackagingManage,
    /// `vso.project`.
    Projects,
    /// `vso.profile`, in all organizations.
    Profile,
}

/// A token that is known and alive.
#[derive(Debug)]
pub(super) struct Grant {
    token: Secret,
    scopes: &'static [Scope],
}

impl Grant {
    pub(super) fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// Whom a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caller<'a> {
    /// No credential, one that can't be read, or one that nobody knows.
    Nobody,
    /// A token that has expired or was revoked.
    Dead,
    /// An Entra token of a person who is no member.
    Stranger,
    Known(&'a Grant),
}

/// Every token of the world.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) tokens: DemoTokens,
    grants: Vec<Grant>,
    /// Whether the personal access tokens have ended.
    ended: AtomicBool,
    /// What the person may do who has signed in to Entra: everything.
    pub(super) person: Grant,
    /// What the tokens may do that the person makes.
    made: [Grant; 3],
    /// What signs the addresses of blobs.
    pub(super) blob_key: [u8; 32],
}

impl Access {
    /// The doors that the world's main token opens.
    pub(super) fn of(token: &str) -> Self {
        use Scope::{Packaging, PackagingManage, PackagingWrite, Profile, Projects, WhoAmI};
        let tokens = DemoTokens::of(token);
        let grant = |token: &Secret, scopes| Grant { token: token.clone(), scopes };
        let grants = vec![
            grant(&tokens.full, &[WhoAmI, Packaging, PackagingWrite, PackagingManage, Projects, Profile]),
            grant(&tokens.read_write, &[WhoAmI, Packaging, PackagingWrite, Projects]),
            grant(&tokens.read_only, &[WhoAmI, Packaging, Projects]),
            grant(&tokens.packaging_only, &[Packaging, PackagingWrite]),
            grant(&tokens.scopeless, &[WhoAmI]),
        ];
        let person =
            grant(&tokens.full, &[WhoAmI, Packaging, PackagingWrite, PackagingManage, Projects, Profile]);
        let made = [PatScope::Packaging, PatScope::Write, PatScope::Manage]
            .map(|scope| grant(&tokens.full, scope.scopes()));
        let blob_key = Sha256::digest(format!("blob key of {token}")).into();
        Self { tokens, grants, ended: AtomicBool::new(false), person, made, blob_key }
    }

    /// What a token may do that was made for that scope.
    pub(super) fn of_scope(&self, scope: PatScope) -> &Grant {
        &self.made[scope as usize]
    }

    /// Ends every personal access token, for good.
    pub(super) fn end_tokens(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// What the `Authorization` header says.
    pub(super) fn caller(&self, header: Option<&str>) -> Caller<'_> {
        let Some((scheme, value)) = header.and_then(|header| header.split_once(' ')) else {
            return Caller::Nobody;
        };
        let bearer = scheme.eq_ignore_ascii_case("Bearer");
        let token = if bearer { Some(Secret::new(value)) } else { password(scheme, value) };
        let Some(token) = token else { return Caller::Nobody };
        if token == self.tokens.stranger {
            return Caller::Stranger;
        }
        // A personal access token is no bearer token.
        if bearer {
            return Caller::Nobody;
        }
        if token == self.tokens.expired {
            return Caller::Dead;
        }
        match self.grants.iter().find(|grant| grant.token == token) {
            Some(_) if self.ended.load(Ordering::Relaxed) => Caller::Dead,
            Some(grant) => Caller::Known(grant),
            None => Caller::Nobody,
        }
    }
}

/// What could be a token of Entra: a bearer, or the password of a `Basic` header (azure-contract 2.1).
pub(super) fn entra_token(header: Option<&str>) -> Option<Secret> {
    let (scheme, value) = header?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("Bearer") { Some(Secret::new(value)) } else { password(scheme, value) }
}

/// What could be a personal access token: the password of a `Basic` header.
pub(super) fn personal_token(header: Option<&str>) -> Option<Secret> {
    let (scheme, value) = header?.split_once(' ')?;
    password(scheme, value)
}

/// The password of a `Basic` header in canonical base64; the user may be anything.
fn password(scheme: &str, value: &str) -> Option<Secret> {
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| Secret::new(password))
}

/// A new token of the form of azure-contract 2.2.
///
/// # Errors
/// When the system has no random numbers.
pub(super) fn random_token() -> Result<String, DemoError> {
    let mut bytes = [0; LENGTH];
    ring::default_provider().secure_random.fill(&mut bytes).map_err(|_| DemoError::Random)?;
    Ok(shaped(&bytes))
}

/// Whether a text could be a token that a demo has made.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Another token of the same world, that can't be guessed without the first.
fn derived(token: &str, name: &str) -> Secret {
    Secret::new(derived_text(token, name))
}

/// The same before it is wrapped, for whoever hands it out.
pub(super) fn derived_text(token: &str, name: &str) -> String {
    let bytes: Vec<u8> = (0..3_u8)
        .flat_map(|part| <[u8; 32]>::from(Sha256::digest(format!("{name} {part} {token}"))))
        .take(LENGTH)
        .collect();
    shaped(&bytes)
}

fn shaped(bytes: &[u8]) -> String {
    let mut text: String =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    text.replace_range(SIGNATURE_AT..SIGNATURE_AT + SIGNATURE.len(), SIGNATURE);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn a_new_token_has_azures_form_and_is_another_one_each_time() {
        let (one, other) = (random_token().unwrap(), random_token().unwrap());
        assert_ne!(one, other);
        assert_eq!((one.len(), &one[76..80]), (84, "AZDO"));
        assert!(is_token(&one) && !is_token("") && !is_token(&one[1..]));
    }

    #[test]
    fn the_user_of_a_basic_header_may_be_anything_but_its_base64_must_be_canonical() {
        let token = random_token().unwrap();
        let access = Access::of(&token);
        for header in [basic(&format!(":{token}")), basic(&format!("PAT:{token}"))] {
            assert!(matches!(access.caller(Some(&header)), Caller::Known(_)));
            assert!(matches!(access.caller(Some(&format!("{header}="))), Caller::Nobody));
        }
        for header in [basic(&token), format!("Bearer {token}"), token.clone(), basic(":wrong")] {
            assert!(matches!(access.caller(Some(&header)), Caller::Nobody), "{header}");
        }
        assert!(matches!(access.caller(None), Caller::Nobody));
    }

    #[test]
    fn every_other_token_has_its_fate_and_belongs_to_one_world() {
        let access = Access::of("x");
        let DemoTokens { read_only, scopeless, expired, stranger, .. } = access.tokens.clone();
        let caller = |token: &Secret| access.caller(Some(&basic(&format!(":{}", token.expose()))));
        assert!(matches!(caller(&read_only), Caller::Known(g) if !g.allows(Scope::PackagingWrite)));
        assert!(matches!(caller(&scopeless), Caller::Known(g) if !g.allows(Scope::Packaging)));
        assert!(matches!(caller(&expired), Caller::Dead));
        assert!(matches!(caller(&stranger), Caller::Stranger));
        let bearer = format!("Bearer {}", stranger.expose());
        assert!(matches!(access.caller(Some(&bearer)), Caller::Stranger));
        assert_ne!(DemoTokens::of("y").read_only, read_only);
    }
}
