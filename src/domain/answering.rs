//! Which of several credential stores answers Cargo for a feed, and why (cargo-contract 3.2, 3.3). Facts come in; nothing
//! is read or asked here.

use super::credential::Kept;
use super::store::NativeProvider;

/// Somebody whom Cargo can ask for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answerer {
    /// This tool.
    Ours,
    /// `cargo:token`: a variable, or else the plain file.
    PlainFile,
    /// Cargo's own provider for this system's keyring, by its name.
    Native(String),
    /// One of Cargo's own for another system, which passes the question on.
    Elsewhere(String),
    /// Microsoft's `artifacts-cargo-credprovider`.
    Microsoft,
    /// Any other program, as the configuration names it.
    Program(String),
}

impl Answerer {
    /// Whom an entry of Cargo's configuration means, on a system that Rust calls so.
    #[must_use]
    pub fn of(entry: &str, system: &str) -> Self {
        let program = entry.split_whitespace().next().unwrap_or_default();
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default().trim_end_matches(".exe");
        match (program, name) {
            ("cargo:token", _) => Self::PlainFile,
            ("cargo:libsecret" | "cargo:wincred" | "cargo:macos-keychain", _) => {
                let native = NativeProvider::of_system(system).map(NativeProvider::name);
                let is_here = native == Some(program);
                if is_here { Self::Native(program.to_owned()) } else { Self::Elsewhere(program.to_owned()) }
            }
            (_, "az-cargo-wizard") => Self::Ours,
            (_, "artifacts-cargo-credprovider") => Self::Microsoft,
            _ => Self::Program(entry.to_owned()),
        }
    }

    /// What to call it in a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Ours => "az-cargo-wizard".to_owned(),
            Self::PlainFile => "`cargo:token`".to_owned(),
            Self::Native(name) | Self::Elsewhere(name) => format!("Cargo's own `{name}`"),
            Self::Microsoft => "Microsoft's `artifacts-cargo-credprovider`".to_owned(),
            Self::Program(name) => format!("the program `{name}`"),
        }
    }
}

/// What is known of the stores for one feed; every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreFacts {
    /// `CARGO_REGISTRIES_NAME_CREDENTIAL_PROVIDER` or `credential-provider` of the registry, and where it is set.
    pub own: Option<(String, String)>,
    /// `registry.global-credential-providers`, merged.
    pub list: Vec<String>,
    /// The variable that holds a token.
    pub variable: Option<String>,
    /// The file that holds one.
    pub file: Option<String>,
    /// Where this tool keeps one.
    pub ours: Option<String>,
    /// The same, where it is a place of its own.
    pub kept: Option<Kept>,
    /// The registry's name.
    pub registry: String,
    /// The middle of its variables.
    pub env_name: String,
    /// The system, as Rust names it.
    pub system: &'static str,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answering {
    /// Those who may have a token and are asked before it is clear: only they know.
    pub maybe: Vec<String>,
    /// The place of the token that Cargo takes, where one is known.
    pub takes: Option<String>,
    /// Why that one, or why none.
    pub why: String,
    pub ignored: Vec<Ignored>,
}

/// A token that Cargo does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    pub place: String,
    pub why: String,
    /// The command that mends it.
    pub mend: String,
}

impl Answering {
    /// Follows Cargo's own order.
    #[must_use]
    pub fn of(facts: &StoreFacts) -> Self {
        let order: Vec<Answerer> = match &facts.own {
            Some((own, _)) => vec![Answerer::of(own, facts.system)],
            None => facts.list.iter().rev().map(|entry| Answerer::of(entry, facts.system)).collect(),
        };
        let place = |who: &Answerer| match who {
            Answerer::Ours => facts.ours.clone(),
            Answerer::PlainFile => facts.variable.clone().or_else(|| facts.file.clone()),
            _ => None,
        };
        let winner = order.iter().position(|who| place(who).is_some());
        let before = &order[..winner.unwrap_or(order.len())];
        let may_have =
            |who: &&Answerer| matches!(who, Answerer::Native(_) | Answerer::Microsoft | Answerer::Program(_));
        let winner = winner.map(|at| &order[at]);
        Self {
            maybe: before.iter().filter(may_have).map(Answerer::words).collect(),
            takes: winner.and_then(place),
            why: why(facts, (&order, winner)),
            ignored: ignored(facts, (&order, winner)),
        }
    }

    /// All of it, each a sentence.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let Self { maybe, takes, why, ignored } = self;
        let others = maybe.join(" and ");
        let first = match (takes, maybe.is_empty()) {
            (Some(place), true) => format!("Cargo takes the token from {place}, because {why}."),
            (Some(place), false) => {
                format!(
                    "Cargo asks {others} first, which alone knows what it has; else it takes the token from {place}, because {why}."
                )
            }
            (None, false) => format!("Cargo asks {others}, which alone knows what it has: {why}."),
            (None, true) => format!("Cargo has no token for this feed: {why}."),
        };
        let ignored = ignored.iter().map(|Ignored { place, why, mend }| {
            format!("The token from {place} is ignored, because {why}; to mend it: {mend}")
        });
        std::iter::once(first).chain(ignored).collect()
    }
}

fn why(facts: &StoreFacts, (order, winner): (&[Answerer], Option<&Answerer>)) -> String {
    match (&facts.own, winner) {
        (Some((own, set_in)), _) => {
            format!("{set_in} names `{own}` for this registry, and nobody else is asked")
        }
        (None, Some(winner)) if order.first() == Some(winner) => {
            format!("{} ends the list of providers, whose last one is asked first", winner.words())
        }
        (None, Some(winner)) => {
            format!("{} is the first of the list, from its end on, that has one", winner.words())
        }
        (None, None) if order.is_empty() => {
            "no credential provider is configured, without which Cargo uses none; run: az-cargo-wizard setup"
                .to_owned()
        }
        (None, None) => "nobody else in the list of providers has one".to_owned(),
    }
}

fn ignored(facts: &StoreFacts, (order, winner): (&[Answerer], Option<&Answerer>)) -> Vec<Ignored> {
    let StoreFacts { registry, env_name, .. } = facts;
    let mut found = Vec::new();
    let plain_wins = winner == Some(&Answerer::PlainFile);
    let instead = |who: &Answerer| match (winner, &facts.own) {
        (_, Some((own, _))) => format!("only `{own}` is asked for this registry"),
        (Some(winner), None) if order.contains(who) => format!("{} is asked before", winner.words()),
        _ => format!("{} is not asked", who.words()),
    };
    if let Some(variable) = facts.variable.as_ref().filter(|_| !plain_wins) {
        let (place, mend) = (variable.clone(), format!("unset {variable}"));
        found.push(Ignored { place, why: instead(&Answerer::PlainFile), mend });
    }
    if let Some(file) = &facts.file {
        let variable = facts.variable.as_ref().filter(|_| plain_wins);
        let why = variable.map(|variable| format!("the variable {variable} wins"));
        let mend = match (&variable, plain_wins) {
            (None, true) => None,
            (Some(variable), _) => Some(format!("unset {variable}")),
            (None, false) => Some(format!(
                "CARGO_REGISTRIES_{env_name}_CREDENTIAL_PROVIDER=cargo:token cargo logout --registry {registry}"
            )),
        };
        let why = why.unwrap_or_else(|| instead(&Answerer::PlainFile));
        found.extend(mend.map(|mend| Ignored { place: file.clone(), why, mend }));
    }
    if let Some(ours) = facts.ours.as_ref().filter(|_| winner != Some(&Answerer::Ours)) {
        let mend = format!("az-cargo-wizard setup --store {}", facts.kept.unwrap_or(Kept::Keyring).flag());
        found.push(Ignored { place: ours.clone(), why: instead(&Answerer::Ours), mend });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> StoreFacts {
        StoreFacts {
            variable: Some("CARGO_REGISTRIES_MY_FEED_TOKEN".to_owned()),
            file: Some("credentials.toml".to_owned()),
            ours: Some("az-cargo-wizard, in the system keyring".to_owned()),
            registry: "my-feed".to_owned(),
            env_name: "MY_FEED".to_owned(),
            system: "linux",
            ..StoreFacts::default()
        }
    }

    fn list(entries: &[&str]) -> StoreFacts {
        StoreFacts { list: entries.iter().map(ToString::to_string).collect(), ..facts() }
    }

    #[test]
    fn every_provider_is_called_by_its_name() {
        let words = |entry| Answerer::of(entry, "linux").words();
        assert_eq!(Answerer::of("/opt/bin/az-cargo-wizard", "linux"), Answerer::Ours);
        assert_eq!(
            words("C:\\x\\artifacts-cargo-credprovider.exe"),
            "Microsoft's `artifacts-cargo-credprovider`"
        );
        assert_eq!(Answerer::of("cargo:wincred", "linux"), Answerer::Elsewhere("cargo:wincred".to_owned()));
        assert_eq!(Answerer::of("cargo:wincred", "windows"), Answerer::Native("cargo:wincred".to_owned()));
        assert_eq!(
            words("cargo:token-from-stdout pass show azure"),
            "the program `cargo:token-from-stdout pass show azure`"
        );
        assert_eq!(words("corp-sso"), "the program `corp-sso`");
    }

    /// What is said where several stores have something.
    #[test]
    fn the_winner_is_named_with_its_reason_and_the_others_with_what_mends_them() {
        let own = |own: &str| StoreFacts { own: Some((own.to_owned(), "config.toml".to_owned())), ..facts() };
        let without_variable = |facts: StoreFacts| StoreFacts { variable: None, ..facts };
        let only = |entries: &[&str]| StoreFacts { variable: None, file: None, ours: None, ..list(entries) };
        let all = [
            list(&["cargo:token", "az-cargo-wizard"]),
            list(&["az-cargo-wizard", "cargo:token"]),
            without_variable(list(&["cargo:token", "artifacts-cargo-credprovider"])),
            own("cargo:token"),
            own("cargo:libsecret"),
            StoreFacts {
                ours: Some("az-cargo-wizard, in a file of this tool that only you can read".to_owned()),
                kept: Some(Kept::File),
                ..own("cargo:libsecret")
            },
            own("az-cargo-wizard"),
            list(&[]),
            only(&["cargo:token", "cargo:wincred"]),
            only(&["cargo:token", "corp-sso", "cargo:libsecret"]),
        ];
        let told: Vec<String> = all.iter().map(|facts| Answering::of(facts).sentences().join("\n")).collect();
        insta::assert_snapshot!(told.join("\n\n"));
    }
}
