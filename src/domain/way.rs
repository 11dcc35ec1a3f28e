//! The ways to sign in, and which of them can work for an organization (azure-contract 2.1).

use super::organization::{Base, Collection};

/// One way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    AzureCli,
    DeviceCode,
    Pat,
    Environment,
    Without,
}

impl Way {
    /// In the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::AzureCli, Self::DeviceCode, Self::Pat, Self::Environment, Self::Without];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::AzureCli => "Azure CLI session",
            Self::DeviceCode => "Entra device code",
            Self::Pat => "Personal access token",
            Self::Environment => "Token from the environment",
            Self::Without => "Continue without signing in",
        }
    }

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AzureCli => "azure-cli",
            Self::DeviceCode => "device-code",
            Self::Pat => "pat",
            Self::Environment => "environment",
            Self::Without => "without",
        }
    }

    /// The way of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// A token that the environment holds; its value is read only when it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentToken {
    /// The name of the variable.
    pub variable: String,
    /// The organizations that it may go to (product.md, 'Trust').
    pub bases: Vec<Base>,
}

/// What this machine has to sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Means {
    pub azure_cli: AzureCli,
    pub environment: Vec<EnvironmentToken>,
    /// The embedded Azure answers, so that nothing of the person's is used.
    pub demo: bool,
}

/// Whether there is an `az` that may be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AzureCli {
    #[default]
    Missing,
    /// The only one on `PATH` lies inside the checkout: not run (product.md, 'Trust').
    InCheckout,
    Found,
}

/// What the person is signing in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    Organization(&'a Collection),
    /// To be told one's organizations.
    ListMine,
}

/// A way, and whether it can work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    pub way: Way,
    /// What to know about it; where it can't work, why.
    pub note: String,
    pub works: bool,
}

impl Means {
    /// Every way with its word about this organization.
    #[must_use]
    pub fn ways(&self, purpose: Purpose<'_>) -> Vec<Offered> {
        Way::ALL
            .into_iter()
            .map(|way| match self.judge(way, purpose) {
                Ok(note) => Offered { way, note, works: true },
                Err(note) => Offered { way, note, works: false },
            })
            .collect()
    }

    fn judge(&self, way: Way, purpose: Purpose<'_>) -> Result<String, String> {
        let for_entra = match purpose {
            Purpose::Organization(collection) => collection.is_cloud() || self.demo,
            Purpose::ListMine => true,
        };
        let (yes, no) = (|note: &str| Ok(note.to_owned()), |note: &str| Err(note.to_owned()));
        match (way, purpose) {
            (Way::AzureCli, _) if self.demo => no("not in the demo: nothing of yours is used"),
            (Way::AzureCli | Way::DeviceCode, _) if !for_entra => {
                no("an Azure DevOps Server takes no Entra token")
            }
            (Way::AzureCli, _) => match self.azure_cli {
                AzureCli::Found => yes("what `az login` has signed in"),
                AzureCli::Missing => no("`az` is not on the PATH"),
                AzureCli::InCheckout => no("the only `az` on the PATH lies in this checkout: not run"),
            },
            (Way::DeviceCode, _) => yes("enter a code at a page, in any browser"),
            (Way::Pat | Way::Environment | Way::Without, Purpose::ListMine) => {
                no("only an Entra sign-in is told its organizations")
            }
            (Way::Pat, _) => yes("paste it here; it stays hidden"),
            (Way::Environment, Purpose::Organization(collection)) => self.environment_note(collection),
            (Way::Without, _) => yes("for public feeds"),
        }
    }

    fn environment_note(&self, collection: &Collection) -> Result<String, String> {
        if let Some(token) = self.token_for(collection) {
            return Ok(format!("from `{}`", token.variable));
        }
        match self.environment.first() {
            _ if self.demo => Err("not in the demo: nothing of yours is used".to_owned()),
            None => Err("no variable holds one".to_owned()),
            Some(token) => Err(format!("name the organization with `--org` to use `{}`", token.variable)),
        }
    }

    /// The token of the environment that may go to the organization.
    #[must_use]
    pub fn token_for(&self, collection: &Collection) -> Option<&EnvironmentToken> {
        let base = collection.base();
        self.environment.iter().find(|token| token.bases.contains(&base))
    }
}

/// The best of the ways that can work.
#[must_use]
pub fn best(ways: &[Offered]) -> Option<Way> {
    const BEST_FIRST: [Way; 5] = [Way::AzureCli, Way::Environment, Way::Pat, Way::DeviceCode, Way::Without];
    let works = |way: &Way| ways.iter().any(|offered| offered.way == *way && offered.works);
    BEST_FIRST.into_iter().find(works)
}

#[cfg(test)]
mod tests {
    use super::super::organization::Target;
    use super::*;

    fn collection(text: &str) -> Collection {
        Target::parse(text).unwrap().collection
    }

    fn working(means: &Means, purpose: Purpose<'_>) -> Vec<Way> {
        means.ways(purpose).into_iter().filter(|way| way.works).map(|way| way.way).collect()
    }

    fn full() -> Means {
        let variable = "AZURE_DEVOPS_EXT_PAT".to_owned();
        let environment = vec![EnvironmentToken { variable, bases: vec![collection("contoso").base()] }];
        Means { azure_cli: AzureCli::Found, environment, demo: false }
    }

    #[test]
    fn a_cloud_organization_takes_every_way_and_a_servers_collection_two() {
        use Way::{AzureCli, DeviceCode, Environment, Pat, Without};
        let (cloud, server) = (collection("contoso"), collection("https://ado.example/DefaultCollection"));
        assert_eq!(
            working(&full(), Purpose::Organization(&cloud)),
            [AzureCli, DeviceCode, Pat, Environment, Without]
        );
        assert_eq!(working(&full(), Purpose::Organization(&server)), [Pat, Without]);
        let mut means = full();
        means.environment[0].bases.push(server.base());
        assert_eq!(working(&means, Purpose::Organization(&server)), [Pat, Environment, Without]);
    }

    #[test]
    fn the_best_way_comes_first_and_is_one_that_works() {
        let cloud = collection("contoso");
        let best_of = |means: &Means, purpose| best(&means.ways(purpose)).unwrap();
        let here = Purpose::Organization(&cloud);
        assert_eq!(best_of(&full(), here), Way::AzureCli);
        assert_eq!(best_of(&Means { azure_cli: AzureCli::InCheckout, ..full() }, here), Way::Environment);
        assert_eq!(best_of(&Means::default(), here), Way::Pat);
        assert_eq!(best_of(&Means::default(), Purpose::ListMine), Way::DeviceCode);
    }

    #[test]
    fn a_way_that_cannot_work_says_why() {
        let note = |means: &Means, way: Way, purpose| {
            let ways = means.ways(purpose);
            let offered = ways.into_iter().find(|offered| offered.way == way && !offered.works);
            offered.unwrap_or_else(|| panic!("{way:?} works")).note
        };
        let (cloud, other) = (collection("contoso"), collection("fabrikam"));
        assert!(note(&Means::default(), Way::AzureCli, Purpose::Organization(&cloud)).contains("PATH"));
        let inside = Means { azure_cli: AzureCli::InCheckout, ..Means::default() };
        assert!(note(&inside, Way::AzureCli, Purpose::Organization(&cloud)).contains("checkout"));
        let elsewhere = note(&full(), Way::Environment, Purpose::Organization(&other));
        assert!(elsewhere.contains("--org") && elsewhere.contains("AZURE_DEVOPS_EXT_PAT"), "{elsewhere}");
        assert!(note(&full(), Way::Pat, Purpose::ListMine).contains("organizations"));
        let demo = Means { demo: true, ..full() };
        assert!(note(&demo, Way::AzureCli, Purpose::Organization(&cloud)).contains("demo"));
        assert!(
            note(&Means::default(), Way::Environment, Purpose::Organization(&cloud)).contains("variable")
        );
    }
}
