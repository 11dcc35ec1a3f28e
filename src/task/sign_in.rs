//! Every way to sign in: get the credential, and have the organization say whose it is. What a host says of its
//! tenant decides only whom to sign in as, never where a credential goes (product.md, 'Trust').

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::auth::entra::Entra;
use crate::auth::{az, environment, jwt, pat, tenant};
use crate::azure::{Azure, AzureError};
use crate::domain::account::Account;
use crate::domain::credential::{AccessToken, Credential, NEEDED_SCOPE, Secret, TokenOrigin};
use crate::domain::entra::{Challenge, ShownCode, Tenant};
use crate::domain::organization::{Collection, Target};
use crate::domain::way::{Means, Purpose, Way};
use crate::error::{Exit, Report};
use crate::record;

use super::services::Services;
use super::{Event, Events, blocking};

/// Whom to sign in to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// `None`: to no organization yet, but to be told which ones there are.
    pub collection: Option<Collection>,
    pub with: SignInWith,
}

/// What to sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInWith {
    /// A typed personal access token.
    Token(Secret),
    AzureCli,
    DeviceCode,
    Environment,
    /// What a sign-in has given already, for another organization or for none.
    Held(Credential),
}

impl SignInWith {
    fn way(&self) -> Option<Way> {
        match self {
            Self::Token(_) => Some(Way::Pat),
            Self::AzureCli => Some(Way::AzureCli),
            Self::DeviceCode => Some(Way::DeviceCode),
            Self::Environment => Some(Way::Environment),
            Self::Held(_) => None,
        }
    }
}

/// What a sign-in is waiting for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningIn {
    /// The organization, to say which tenant it belongs to.
    FindingTenant,
    AskingAzureCli,
    /// The person, to enter a code.
    Code(ShownCode),
    /// A token of the environment was found, in this variable.
    Using(String),
    /// The organization, to say who this is.
    Proving,
}

/// Signs in; giving up ends what was started for it.
pub(super) async fn run(
    services: &Arc<Services>,
    request: SignIn,
    (events, cancelled): (&Events, oneshot::Receiver<()>),
) {
    let event = tokio::select! {
        biased;
        _ = cancelled => Event::Cancelled,
        outcome = sign_in(services, request, events) => {
            outcome.unwrap_or_else(|report| Event::Failed(Box::new(report)))
        }
    };
    events.send(event).await;
}

async fn sign_in(services: &Arc<Services>, request: SignIn, events: &Events) -> Result<Event, Report> {
    let SignIn { collection, with } = request;
    check_way(services, (&with, collection.as_ref())).await?;
    let warning = match &with {
        SignInWith::Token(token) => pat::accept(token)?.1,
        _ => None,
    };
    let credential = obtain(services, (with, collection.as_ref()), events).await?;
    events.send(Event::SigningIn(SigningIn::Proving)).await;
    let Some(collection) = collection else { return list_mine(services, credential).await };
    let azure = services.azure(collection.clone(), Some(credential.clone()))?;
    let account = azure.who_am_i().await.map_err(|error| {
        let report = refused(error, &credential);
        warning.iter().fold(report, |report, warning| report.cause(warning.to_string()))
    })?;
    if !collection.is_cloud() && !services.dry_run {
        let state_dir = services.state_dir.clone();
        blocking(move || record::name(&state_dir, &collection.base())).await??;
    }
    Ok(Event::SignedIn { account, credential })
}

/// A way that can't work for the organization is not tried, wherever the wish comes from.
async fn check_way(
    services: &Arc<Services>,
    (with, collection): (&SignInWith, Option<&Collection>),
) -> Result<(), Report> {
    let Some(way @ (Way::AzureCli | Way::DeviceCode | Way::Pat)) = with.way() else { return Ok(()) };
    let means = means(services).await?;
    let purpose = collection.map_or(Purpose::ListMine, Purpose::Organization);
    match means.ways(purpose).into_iter().find(|offered| offered.way == way && !offered.works) {
        // Whether there is an `az` is said best by who looks for it.
        Some(offered) if way != Way::AzureCli || services.demo.is_some() => {
            Err(impossible(&offered.note, way))
        }
        Some(offered) if collection.is_some_and(|collection| !collection.is_cloud()) => {
            Err(impossible(&offered.note, way))
        }
        _ => Ok(()),
    }
}

fn impossible(note: &str, way: Way) -> Report {
    Report::new(Exit::Usage, "way-not-possible", format!("{}: {note}", way.title()))
        .hint("choose another way to sign in")
}

/// What this machine has to sign in with. Runs nothing and asks nobody.
pub(super) async fn means(services: &Arc<Services>) -> Result<Means, Report> {
    let services = Arc::clone(services);
    blocking(move || services.means()).await
}

async fn obtain(
    services: &Arc<Services>,
    (with, collection): (SignInWith, Option<&Collection>),
    events: &Events,
) -> Result<Credential, Report> {
    let access = match with {
        SignInWith::Held(credential) => return Ok(credential),
        SignInWith::Token(token) => return Ok(pat::accept(&token)?.0),
        SignInWith::Environment => return from_environment(services, collection, events).await,
        SignInWith::AzureCli => {
            let tenant = tenant_of(services, collection, events).await?;
            let folders = services.checkout_folders();
            let env = services.host.env.clone();
            let az = blocking(move || az::find(&env, &folders)).await??;
            events.send(Event::SigningIn(SigningIn::AskingAzureCli)).await;
            az.token(tenant.as_ref()).await?
        }
        SignInWith::DeviceCode => {
            let tenant = tenant_of(services, collection, events).await?.unwrap_or_else(Tenant::any);
            let entra = services.entra()?;
            let code = entra.begin(&tenant).await?;
            events.send(Event::SigningIn(SigningIn::Code(code.shown.clone()))).await;
            entra.wait(code).await?
        }
    };
    Ok(Credential::Bearer(Box::new(access)))
}

async fn from_environment(
    services: &Services,
    collection: Option<&Collection>,
    events: &Events,
) -> Result<Credential, Report> {
    let Some(collection) = collection.filter(|_| services.demo.is_none()) else {
        return Err(impossible("it needs an organization of yours", Way::Environment));
    };
    let named = services.named.as_ref().map(|named| &named.collection);
    let (credential, variable) = environment::credential(&services.host.env, named, collection)?;
    events.send(Event::SigningIn(SigningIn::Using(variable.to_owned()))).await;
    Ok(credential)
}

/// The tenant that the person named, or else the one that the organization's own hosts name (azure-contract 2.5).
async fn tenant_of(
    services: &Services,
    collection: Option<&Collection>,
    events: &Events,
) -> Result<Option<Tenant>, Report> {
    if let Some(tenant) = &services.entra_app.tenant {
        return Ok(Some(tenant.clone()));
    }
    let Some(collection) = collection else { return Ok(None) };
    events.send(Event::SigningIn(SigningIn::FindingTenant)).await;
    // One of the two hosts is enough: what stands in the way of one need not stand in the way of the other.
    let packages = services.azure(collection.clone(), None)?.challenge().await;
    let challenge = match (packages, collection.identities()) {
        (Ok(challenge), _) if challenge != Challenge::default() => challenge,
        (_, Some(identities)) => services.azure(identities, None)?.challenge().await?,
        (challenge, None) => challenge?,
    };
    Ok(tenant::of_challenge(&challenge, &services.entra_app.authority))
}

/// The organizations of who has signed in, as targets.
async fn list_mine(services: &Services, credential: Credential) -> Result<Event, Report> {
    let azure = services.accounts(credential.clone())?;
    let (account, names) = azure.my_organizations().await.map_err(|error| match error {
        AzureError::NotFound(_) => {
            Report::new(Exit::NotFound, "no-profile", "this account has never used Azure DevOps")
                .hint("sign in with another account, or type the name of the organization")
        }
        other => refused(other, &credential),
    })?;
    let organizations = names.into_iter().filter_map(|name| services.organization(&name)).collect();
    Ok(Event::Mine { account, credential, organizations })
}

/// A refusal in terms of what was signed in with.
fn refused(error: AzureError, credential: &Credential) -> Report {
    // Both who-am-I and the list of feeds have said no, so that it is not for want of a scope (azure-contract 3.2).
    let is_dead = matches!(error, AzureError::TokenRefused(_));
    let is_stranger = matches!(error, AzureError::UnknownIdentity(_));
    let report = Report::from(error);
    match credential {
        Credential::Pat(_) if is_dead => report.cause(
            "neither who it belongs to nor the feeds could be asked with it: it has most likely expired, was revoked, \
             or is for another organization",
        ),
        Credential::Bearer(access) if is_dead || is_stranger => of_entra(report, access),
        _ => report,
    }
}

/// Names the account and the tenant of a token that the organization doesn't take.
fn of_entra(report: Report, access: &AccessToken) -> Report {
    let claims = jwt::claims(&access.token);
    let who = claims.who.unwrap_or_else(|| "an account without a name".to_owned());
    let tenant = claims.tenant.map_or_else(String::new, |tenant| format!(" of the tenant {tenant}"));
    let report = report.cause(format!("the token is for {who}{tenant}"));
    match &access.origin {
        TokenOrigin::AzureCli { tenant: Some(tenant) } => report.hint(format!(
            "sign in with an account that is a member: run `az login --tenant {tenant}`, then try again"
        )),
        _ => report.hint("sign in with an account that is a member of the organization, in its tenant"),
    }
}

/// Tells a living token without the scope from a dead one, where a list was refused (azure-contract 2.2, 3.2): only a
/// living one may ask whose it is.
pub(super) async fn explain(azure: &Azure, error: AzureError, credential: Option<&Credential>) -> Report {
    let is_pat = matches!(credential, Some(Credential::Pat(_)));
    if !is_pat || !matches!(error, AzureError::TokenRefused(_)) {
        return error.into();
    }
    let report = Report::from(error);
    match azure.who_am_i().await {
        Ok(Account { id: Some(_), .. }) => Report {
            causes: vec!["the token is alive, and its owner is known: it lacks the scope".to_owned()],
            ..report
        }
        .hint(format!("make a new token with the scope {NEEDED_SCOPE}")),
        _ => report,
    }
}

/// The next token of a sign-in that ends by itself.
///
/// # Errors
/// When nothing renews it, or what does says no.
pub async fn renew(services: &Arc<Services>, access: &AccessToken) -> Result<AccessToken, Report> {
    match &access.origin {
        TokenOrigin::DeviceCode(renewal) => Ok(services.entra()?.refresh(renewal).await?),
        TokenOrigin::AzureCli { tenant } => {
            let (env, folders) = (services.host.env.clone(), services.checkout_folders());
            let az = blocking(move || az::find(&env, &folders)).await??;
            Ok(az.token(tenant.as_deref().and_then(Tenant::parse).as_ref()).await?)
        }
        TokenOrigin::Environment(place) | TokenOrigin::Kept(place) => {
            Err(ended(&format!("the token of `{place}` has ended")))
        }
        TokenOrigin::Unrenewed => Err(ended("the sign-in has ended")),
    }
}

fn ended(what: &str) -> Report {
    Report::new(Exit::SignIn, "token-expired", format!("{what}, and nothing here renews it"))
        .hint("sign in again")
}

impl Services {
    /// Everything that this machine has to sign in with; nothing of the person's in the demo.
    fn means(&self) -> Means {
        use crate::auth::AzError;
        use crate::domain::way::AzureCli;
        if self.demo.is_some() {
            return Means { demo: true, ..Means::default() };
        }
        let azure_cli = match az::find(&self.host.env, &self.checkout_folders()) {
            Ok(_) => AzureCli::Found,
            Err(AzError::InCheckout) => AzureCli::InCheckout,
            Err(_) => AzureCli::Missing,
        };
        let named = self.named.as_ref().map(|named| &named.collection);
        Means { azure_cli, environment: environment::tokens(&self.host.env, named), demo: false }
    }

    /// Entra, as it is configured.
    fn entra(&self) -> Result<Entra, Report> {
        let (client, via) = self.client(self.entra_app.authority.as_str())?;
        Ok(Entra::new(client, self.entra_app.clone(), (self.host.clock, via)))
    }

    /// Where people are told their organizations.
    fn accounts(&self, credential: Credential) -> Result<Azure, Report> {
        let demo = self.demo_base().map(|base| Collection::Server { base });
        self.azure(demo.unwrap_or_else(Collection::accounts), Some(credential))
    }

    /// An organization of that name: the demo's own, where the demo runs.
    fn organization(&self, name: &crate::domain::organization::OrgName) -> Option<Target> {
        match self.demo_base() {
            Some(base) => Target::parse(&base.join(&[name.as_str()])),
            None => Target::parse(name.as_str()),
        }
    }
}
