//! The kind of machine this is, and which store fits it. Facts come in; nothing is asked here.

use super::credential::{Kept, TokenStore};

/// What a machine tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The service that runs a pipeline's job here.
    pub pipeline: Option<&'static str>,
    pub container: bool,
    pub wsl: bool,
    pub ssh: bool,
}

/// The kind of machine, as far as it matters to where a credential can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Machine {
    #[default]
    Desktop,
    /// Somebody's session over SSH.
    Ssh,
    /// Linux on Windows.
    Wsl,
    Container,
    /// The machine of a job, by the name of the service that runs it.
    Pipeline(&'static str),
}

impl Machine {
    /// A job is that wherever it runs, and a container one however it is reached.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        match *facts {
            Facts { pipeline: Some(service), .. } => Self::Pipeline(service),
            Facts { container: true, .. } => Self::Container,
            Facts { wsl: true, .. } => Self::Wsl,
            Facts { ssh: true, .. } => Self::Ssh,
            _ => Self::Desktop,
        }
    }

    /// In brackets behind what it explains; nothing for the usual one.
    fn words(self) -> String {
        match self {
            Self::Desktop => String::new(),
            Self::Ssh => " (SSH session)".to_owned(),
            Self::Wsl => " (WSL)".to_owned(),
            Self::Container => " (container)".to_owned(),
            Self::Pipeline(service) => format!(" ({service})"),
        }
    }
}

/// What the trial of the keyring has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring<'a> {
    /// Not tried yet.
    Unknown,
    /// The demo leaves it alone.
    Demo,
    Works,
    /// It does not, and the person has agreed to a file of this tool before.
    Agreed,
    /// It does not, and why.
    Fails(&'a str),
}

/// How long a credential can be of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// For weeks or months: a personal access token.
    Long,
    /// This tool gets the next token; kept elsewhere it ends, and why.
    Renewed(&'static str),
    /// Nothing renews it, and why.
    Ends(&'static str),
}

/// The store that fits, and why in one sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommended {
    pub store: TokenStore,
    pub why: String,
    /// Whether the person has said yes to it before.
    pub agreed: bool,
}

impl Recommended {
    /// Whether a person has to say yes first: a secret would lie in plain text on the disk.
    #[must_use]
    pub fn needs_consent(&self) -> bool {
        !self.agreed && matches!(self.store, TokenStore::PlainFile | TokenStore::Provider(Kept::File))
    }
}

/// The store for a credential on this machine.
#[must_use]
pub fn recommend(machine: Machine, keyring: Keyring<'_>, lasting: Lasting) -> Recommended {
    let here = machine.words();
    let and_renewed = if matches!(lasting, Lasting::Renewed(_)) { ", and this tool renews it" } else { "" };
    let (store, why) = match (machine, keyring, lasting) {
        (Machine::Pipeline(_), ..) => (
            TokenStore::ThisRunOnly,
            format!("a pipeline's machine{here} is gone after the job, so nothing is kept on it"),
        ),
        (_, _, Lasting::Ends(why)) => {
            (TokenStore::ThisRunOnly, format!("{why}, so that keeping it is of no use"))
        }
        (_, Keyring::Works, _) => (
            TokenStore::Provider(Kept::Keyring),
            format!("a keyring answers here{here}, so that no file holds the credential{and_renewed}"),
        ),
        (_, Keyring::Agreed, _) => (
            TokenStore::Provider(Kept::File),
            format!("no keyring answers here{here}, and you have agreed to this file before"),
        ),
        (_, Keyring::Fails(reason), Lasting::Long) => {
            (TokenStore::PlainFile, format!("no keyring answers here{here}: {reason}"))
        }
        (_, Keyring::Fails(reason), Lasting::Renewed(_)) if Kept::File.is_possible() => (
            TokenStore::Provider(Kept::File),
            format!(
                "no keyring answers here{here}: {reason}; and kept anywhere else the sign-in is not renewed"
            ),
        ),
        (_, Keyring::Fails(reason), Lasting::Renewed(why)) => {
            (TokenStore::ThisRunOnly, format!("no keyring answers here{here}: {reason}; and {why}"))
        }
        (_, Keyring::Demo, Lasting::Long) => {
            (TokenStore::PlainFile, "the demo leaves the keyring alone".to_owned())
        }
        (_, Keyring::Unknown, Lasting::Long) => {
            (TokenStore::PlainFile, "no keyring has answered yet".to_owned())
        }
        (_, Keyring::Demo | Keyring::Unknown, Lasting::Renewed(why)) => {
            (TokenStore::ThisRunOnly, why.to_owned())
        }
    };
    Recommended { store, why, agreed: keyring == Keyring::Agreed }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENEWED: Lasting = Lasting::Renewed("an Entra access token ends within the hour");

    #[test]
    fn a_job_is_one_wherever_it_runs() {
        let all = Facts { pipeline: Some("Azure Pipelines"), container: true, wsl: true, ssh: true };
        assert_eq!(Machine::of(&all), Machine::Pipeline("Azure Pipelines"));
        assert_eq!(Machine::of(&Facts { pipeline: None, ..all }), Machine::Container);
        assert_eq!(Machine::of(&Facts { pipeline: None, container: false, ..all }), Machine::Wsl);
        assert_eq!(Machine::of(&Facts { ssh: true, ..Facts::default() }), Machine::Ssh);
        assert_eq!(Machine::of(&Facts::default()), Machine::Desktop);
    }

    /// Every kind of machine, with and without a keyring, for a credential of each kind.
    #[cfg(not(windows))]
    #[test]
    fn each_machine_gets_the_store_that_fits_with_its_reason() {
        let machines = [
            Machine::Desktop,
            Machine::Ssh,
            Machine::Wsl,
            Machine::Container,
            Machine::Pipeline("GitHub Actions"),
        ];
        let keyrings = [Keyring::Works, Keyring::Agreed, Keyring::Fails("no message bus")];
        let lasting = [Lasting::Long, RENEWED, Lasting::Ends("the token of a pipeline ends with its job")];
        let mut lines = String::new();
        for machine in machines {
            for keyring in keyrings {
                for lasting in lasting {
                    let recommended = recommend(machine, keyring, lasting);
                    let consent = if recommended.needs_consent() { ", asked first" } else { "" };
                    lines += &format!("{}{consent}: {}\n", recommended.store.name(), recommended.why);
                }
            }
        }
        insta::assert_snapshot!(lines);
    }

    #[test]
    fn before_the_trial_and_in_the_demo_nothing_is_promised() {
        for keyring in [Keyring::Unknown, Keyring::Demo] {
            assert_eq!(recommend(Machine::Desktop, keyring, Lasting::Long).store, TokenStore::PlainFile);
            assert_eq!(recommend(Machine::Desktop, keyring, RENEWED).store, TokenStore::ThisRunOnly);
        }
    }
}
