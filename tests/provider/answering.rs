//! Which of several stores answers Cargo for a feed: what `status` says is what the real Cargo does. In the place that is
//! said to win lies a good token and in all others a bad one, and then the other way round.

use std::fs;

use az_cargo_wizard::domain::account::Account;
use az_cargo_wizard::domain::credential::{Credential, Kept, Secret};
use az_cargo_wizard::task::logins::NewLogin;
use az_cargo_wizard::task::{Event, Request};
use serde_json::Value;

use crate::support::wizard::{BINARY, product};
use crate::world::{REGISTRY, World, words};

const TOKEN: &str = "CARGO_REGISTRIES_RUST_CRATES_TOKEN";
const PROVIDER: &str = "CARGO_REGISTRIES_RUST_CRATES_CREDENTIAL_PROVIDER";
const INDEX: &str = "CARGO_REGISTRIES_RUST_CRATES_INDEX";

const PLAIN_LIST: &str = "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n";

/// The place of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Variable,
    /// `credentials.toml`.
    File,
    /// With this tool.
    Ours,
}

use Place::{File, Ours, Variable};

struct Case {
    /// Of the person's file.
    config: String,
    env: Vec<(&'static str, String)>,
    /// Where there are tokens.
    places: &'static [Place],
    /// The name of the registry in Cargo's file of tokens.
    name: &'static str,
    takes: Option<Place>,
}

fn case(config: &str, places: &'static [Place], takes: Option<Place>) -> Case {
    let alias = format!("[credential-alias]\naz-cargo-wizard = [{BINARY:?}]\n");
    Case { config: format!("{config}{alias}"), env: Vec::new(), places, name: REGISTRY, takes }
}

fn cases(index: &str) -> Vec<Case> {
    let list = |entries: &str| format!("[registry]\nglobal-credential-providers = [{entries}]\n");
    let ours_last = list("\"cargo:token\", \"az-cargo-wizard\"");
    let own = |provider: &str| format!("[registries.{REGISTRY}]\ncredential-provider = \"{provider}\"\n");
    let by_variable = vec![(PROVIDER, "cargo:token".to_owned())];
    let renamed = vec![(INDEX, index.to_owned())];
    vec![
        case(PLAIN_LIST, &[Variable, File], Some(Variable)),
        case(PLAIN_LIST, &[File, Ours], Some(File)),
        case(&ours_last, &[Variable, File, Ours], Some(Ours)),
        case(&ours_last, &[File], Some(File)),
        case(&list("\"az-cargo-wizard\", \"cargo:token\""), &[File, Ours], Some(File)),
        case(&(own("cargo:token") + &ours_last), &[File, Ours], Some(File)),
        case(&own("az-cargo-wizard"), &[Variable, File, Ours], Some(Ours)),
        case("", &[Variable, File, Ours], None),
        case(&list("\"cargo:token\", \"cargo:wincred\", \"cargo:macos-keychain\""), &[File], Some(File)),
        Case { env: by_variable, ..case(&own("no-such-program"), &[File, Ours], Some(File)) },
        // The variable hides the registry's own provider, and gives it another name.
        Case {
            env: renamed,
            name: "rust_crates",
            ..case(&(own("no-such-program") + PLAIN_LIST), &[File], Some(File))
        },
    ]
}

impl World {
    fn keep(&mut self, case: &Case, good: impl Fn(Place) -> bool) {
        let token = |place| {
            if good(place) { self.demo.token().clone() } else { Secret::new("b".repeat(52)) }
        };
        let header = |place| Credential::Pat(token(place)).header().expose().to_owned();
        let mut file = String::new();
        let mut variable = None;
        for place in case.places {
            match place {
                Variable => variable = Some(header(Variable)),
                File => file = format!("[registries.{}]\ntoken = \"{}\"\n", case.name, header(File)),
                Ours => {
                    let account =
                        Account { id: None, display_name: "Ana".into(), sign_in_name: "ana".into() };
                    let credential = Credential::Pat(token(Ours));
                    let new = NewLogin {
                        collection: self.collection(),
                        credential,
                        account,
                        kept: Kept::File,
                        pat_days: None,
                    };
                    let kept = self.ask(Request::KeepLogin(Box::new(new)));
                    assert!(matches!(kept, Event::LoggedIn(_)), "{kept:?}");
                }
            }
        }
        fs::write(self.file("credentials.toml"), file).unwrap();
        if let Some(variable) = variable {
            self.sandbox.set(TOKEN, variable);
        }
    }

    fn feed(&self) -> Value {
        let dir = self.demo.project_dir().to_str().unwrap();
        let output = product(&self.sandbox, ["status", "--json", "--dir", dir]).output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["feed"].clone()
    }
}

fn is_named(feed: &Value, place: Option<Place>) -> bool {
    let takes = feed["takes"].as_str();
    match place {
        None => takes.is_none(),
        Some(Variable) => takes == Some(TOKEN),
        Some(File) => takes.is_some_and(|takes| takes.ends_with("credentials.toml")),
        Some(Ours) => takes.is_some_and(|takes| takes.starts_with("az-cargo-wizard, in ")),
    }
}

#[test]
fn what_is_said_of_several_stores_is_what_cargo_does() {
    let mut world = World::new();
    let index = world.index();
    let project = format!(
        "[registries.{REGISTRY}]\nindex = \"{index}\"\n[source.crates-io]\nreplace-with = \"{REGISTRY}\"\n"
    );
    world.sandbox.write(world.demo.project_dir().join(".cargo/config.toml"), project);
    for (at, case) in cases(&index).into_iter().enumerate() {
        fs::write(world.file("config.toml"), &case.config).unwrap();
        for (name, value) in &case.env {
            world.sandbox.set(name, value);
        }
        let takes = case.takes;
        world.keep(&case, |place| Some(place) == takes);
        let feed = world.feed();
        assert!(is_named(&feed, takes), "case {at}: {feed}");
        let ignored = feed["ignored"].as_array().unwrap();
        assert_eq!(ignored.len(), case.places.len() - usize::from(takes.is_some()), "case {at}: {feed}");
        world.forget_crates();
        let fetched = world.fetch();
        assert_eq!(fetched.status.success(), takes.is_some(), "case {at}, {feed}: {}", words(&fetched));
        world.keep(&case, |place| Some(place) != takes);
        world.forget_crates();
        let fetched = world.fetch();
        assert!(!fetched.status.success(), "case {at}: the other tokens are not taken");
        for name in [TOKEN, PROVIDER, INDEX] {
            world.sandbox.unset(name);
        }
        world.ask(Request::ForgetLogin(world.base()));
    }
}
