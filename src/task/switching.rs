//! Feed switching: what can be switched to, what a switch would change, and what may be wrong with it. Asks nobody:
//! all of it is known here.

use std::sync::Arc;

use crate::cargo::config_file::Places;
use crate::cargo::switch::{self, InFolder};
use crate::domain::feed::FeedAddress;
use crate::domain::organization::Target;
use crate::domain::plan::{ConfigChange, ConfigScope, FileChange, SwitchTo, Warning, WarningKind};
use crate::domain::registry::{IndexUrl, RegistryInForce, RegistryName};
use crate::domain::text::clean;
use crate::error::{Exit, Report};
use crate::record::upstreams::Upstreams;
use crate::record::{self, Record};

use super::check::{self, HostTrust};
use super::connect::OwnedPlaces;
use super::near::near;
use super::services::{Services, shown};
use super::{Event, blocking, tracked};

/// What Cargo calls its own registry.
pub const CRATES_IO: &str = "crates-io";

/// One thing that the project can be switched to; every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switchable {
    pub to: SwitchTo,
    /// The file or variable that names it; `None`: it was used before, or is crates.io.
    pub source: Option<String>,
    pub in_force: bool,
    /// Whether its host may be asked something.
    pub host: HostTrust,
    /// Where Cargo would find its credential.
    pub credential: Option<String>,
    /// Whether the feed takes crates from crates.io, where that was told.
    pub crates_io: Option<bool>,
}

impl Switchable {
    /// The registry's name, or `crates-io`.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.to {
            SwitchTo::CratesIo => CRATES_IO,
            SwitchTo::Registry { name, .. } => name.as_str(),
        }
    }
}

/// What the person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchWish {
    pub to: Wanted,
    /// What Cargo is to call a feed that no file names yet.
    pub registry: Option<RegistryName>,
    /// A mirror or a vendored folder gives way.
    pub overwrite_replacement: bool,
}

/// Where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// As typed: `crates-io`, the name of a registry or a feed, or an index URL.
    Typed(String),
    Known(SwitchTo),
}

/// Everything that can be switched to: what the configuration names, what was used before, crates.io.
pub(super) async fn list(services: &Arc<Services>) -> Result<Event, Report> {
    let services = services.clone();
    let list = move || -> Result<_, Report> {
        let places = OwnedPlaces::of(&services);
        let folder = InFolder::read(&services.dir, &places.borrow())?;
        all(&services, &folder)
    };
    Ok(Event::Switches(blocking(list).await??))
}

fn all(services: &Services, folder: &InFolder) -> Result<Vec<Switchable>, Report> {
    let record = Record::load(&services.state_dir);
    let mut found: Vec<(RegistryName, IndexUrl, Option<String>)> =
        folder.registries().into_iter().map(|(name, index, source)| (name, index, Some(source))).collect();
    for (name, index) in record.recent() {
        if !found.iter().any(|(_, known, _)| *known == index) {
            found.push((name, index, None));
        }
    }
    let in_force = replacing(folder);
    let upstreams = Upstreams::load(&services.state_dir);
    let mut list = Vec::with_capacity(found.len() + 1);
    for (name, index, source) in found {
        list.push(Switchable {
            in_force: in_force.as_ref().is_some_and(|registry| registry.index == index),
            host: trust(services, &index),
            credential: credential(services, folder, (&name, &index))?,
            crates_io: upstreams.has_crates_io(&index),
            source,
            to: SwitchTo::Registry { name, index },
        });
    }
    list.push(Switchable {
        to: SwitchTo::CratesIo,
        source: None,
        in_force: folder.decides().is_none(),
        host: HostTrust::Known,
        credential: None,
        crates_io: Some(true),
    });
    Ok(list)
}

fn replacing(folder: &InFolder) -> Option<RegistryInForce> {
    folder.settings.registry_in_force().filter(|registry| registry.replaces_crates_io)
}

fn trust(services: &Services, index: &IndexUrl) -> HostTrust {
    match index.target() {
        Some(target) => services.trust_in(&target.collection),
        None if services.knows(&index.url()) || is_crates_io(index) => HostTrust::Known,
        None => HostTrust::Unknown,
    }
}

fn is_crates_io(index: &IndexUrl) -> bool {
    index.url().host_str() == Some("index.crates.io")
}

fn credential(
    services: &Services,
    folder: &InFolder,
    (name, index): (&RegistryName, &IndexUrl),
) -> Result<Option<String>, Report> {
    let registry = RegistryInForce {
        name: name.clone(),
        index: index.clone(),
        source: String::new(),
        replaces_crates_io: true,
    };
    check::token_in(services, &folder.settings, &registry)
}

/// What a switch would change; nothing is written.
pub(super) async fn plan(services: &Arc<Services>, wish: SwitchWish) -> Result<Event, Report> {
    let services = services.clone();
    Ok(Event::Planned(Box::new(blocking(move || plan_now(&services, &wish)).await??)))
}

fn plan_now(services: &Services, wish: &SwitchWish) -> Result<ConfigChange, Report> {
    let owned = OwnedPlaces::of(services);
    let places = Places { overwrite_replacement: wish.overwrite_replacement, ..owned.borrow() };
    let folder = InFolder::read(&services.dir, &places)?;
    let to = match &wish.to {
        Wanted::Known(SwitchTo::Registry { name, index }) => named(&folder, index.clone(), name)?,
        Wanted::Known(SwitchTo::CratesIo) => SwitchTo::CratesIo,
        Wanted::Typed(text) => resolve(services, &folder, (text, wish.registry.as_ref()))?,
    };
    let mut change = folder.switch(&to, &places)?;
    if change.is_done() {
        return Ok(change);
    }
    change.notes.extend(team_notes(&change.files));
    if let SwitchTo::Registry { name, index } = &to {
        change.warnings = warnings(services, &folder, (name, index))?;
    }
    Ok(change)
}

/// What taking a registry out of the configuration would change.
pub(super) async fn plan_removal(services: &Arc<Services>, name: String) -> Result<Event, Report> {
    let services = services.clone();
    let plan = move || -> Result<_, Report> {
        let owned = OwnedPlaces::of(&services);
        let folder = InFolder::read(&services.dir, &owned.borrow())?;
        let mut change = folder.remove(&name, &owned.borrow())?;
        change.notes.extend(team_notes(&change.files));
        Ok(change)
    };
    Ok(Event::Planned(Box::new(blocking(plan).await??)))
}

/// Makes what the person has looked at.
pub(super) async fn make(services: &Arc<Services>, change: ConfigChange) -> Result<Event, Report> {
    let services = services.clone();
    let make = move || -> Result<_, Report> {
        let was_trusted = check::is_trusted(&services)?;
        let written = switch::apply(&change, &OwnedPlaces::of(&services).borrow())?;
        // What follows is a convenience: failing, it takes nothing back.
        if was_trusted {
            let _ = check::trust_as_it_is(&services);
        }
        if let Some(SwitchTo::Registry { name, index }) = &change.to {
            let _ = record::use_feed(&services.state_dir, (name, index));
        }
        Ok(written)
    };
    Ok(Event::Applied(blocking(make).await??))
}

/// That a file is the team's.
fn team_notes(files: &[FileChange]) -> Vec<String> {
    let changed = files.iter().filter(|file| file.changes_something() && file.scope == ConfigScope::Project);
    let tracked = changed.filter(|file| tracked::is_tracked(&file.path) == Some(true));
    tracked
        .map(|file| {
            format!("git tracks `{}`: once committed, it changes it for the team.", shown(&file.path))
        })
        .collect()
}

/// What should be said before, not after.
fn warnings(
    services: &Services,
    folder: &InFolder,
    (name, index): (&RegistryName, &IndexUrl),
) -> Result<Vec<Warning>, Report> {
    let mut warnings = Vec::new();
    let mut warn = |kind, text| warnings.push(Warning { kind, text });
    let is_configured = folder.registries().iter().any(|(known, ..)| known == name);
    if trust(services, index) == HostTrust::Unknown
        && is_configured
        && folder.is_of_checkout(name, index)
        && !services.trust_project
    {
        let host = clean(index.url().host_str().unwrap_or_default());
        warn(
            WarningKind::UnknownHost,
            format!(
                "unknown host {host}: only this checkout names it, and Cargo would take every crate from there."
            ),
        );
    }
    if Upstreams::load(&services.state_dir).has_crates_io(index) == Some(false) {
        warn(
            WarningKind::NoUpstream,
            format!(
                "The feed of `{name}` has no upstream source crates.io: crates that it does not hold are not found."
            ),
        );
    }
    if credential(services, folder, (name, index))?.is_none() && !is_crates_io(index) {
        let login = match index.target() {
            Some(target) => format!("`az-cargo-wizard login --org {}`", target.collection),
            None => format!("`cargo login --registry {name}`"),
        };
        warn(
            WarningKind::NoCredential,
            format!(
                "Cargo has no credential for `{name}`: unless it answers everyone, sign in with {login}."
            ),
        );
    }
    Ok(warnings)
}

/// What the person means: `crates-io`, an index, a registry of a file, one that was used, a feed of `--org`.
fn resolve(
    services: &Services,
    folder: &InFolder,
    (text, registry): (&str, Option<&RegistryName>),
) -> Result<SwitchTo, Report> {
    if [CRATES_IO, "crates.io"].contains(&text) {
        return Ok(SwitchTo::CratesIo);
    }
    let configured = folder.registries();
    if let Some((name, index, _)) = configured.iter().find(|(name, ..)| name.as_str() == text) {
        return Ok(SwitchTo::Registry { name: name.clone(), index: index.clone() });
    }
    let record = Record::load(&services.state_dir);
    if let Some((name, index)) = record.recent().find(|(name, _)| name.as_str() == text) {
        return named(folder, index, registry.unwrap_or(&name));
    }
    let index = match index_typed(text) {
        Some(index) => index,
        None => feed_of_org(services, text).ok_or_else(|| unknown(text, folder, &record))?,
    };
    services.refuse_outside_demo(&index)?;
    let before = record.recent().find(|(_, known)| *known == index).map(|(name, _)| name);
    let feed = index.target().and_then(|target| target.feed);
    let suggested = feed.as_ref().map(RegistryName::suggest);
    match registry.cloned().or(before).or(suggested) {
        Some(name) => named(folder, index, &name),
        None => Err(Report::new(Exit::Usage, "flag-missing", "this index needs a name")
            .hint("say what Cargo is to call it with `--registry NAME`")),
    }
}

fn index_typed(text: &str) -> Option<IndexUrl> {
    let has_prefix = text.starts_with("sparse+");
    let text = if has_prefix { text.to_owned() } else { format!("sparse+{text}") };
    IndexUrl::parse(&text).or_else(|| IndexUrl::parse(&format!("{text}/")))
}

/// The feed of that name in the organization that `--org` names.
fn feed_of_org(services: &Services, text: &str) -> Option<IndexUrl> {
    let Target { collection, project, .. } = services.named.as_ref()?;
    let FeedAddress { project: own, name, view } = FeedAddress::parse(text).ok()?;
    Some(IndexUrl::build(collection, own.as_ref().or(project.as_ref()), &name, view.as_ref()))
}

/// Cargo accepts one name for an index, and one index for a name.
fn named(folder: &InFolder, index: IndexUrl, name: &RegistryName) -> Result<SwitchTo, Report> {
    let configured = folder.registries();
    if let Some((name, index, _)) = configured.iter().find(|(_, known, _)| *known == index) {
        return Ok(SwitchTo::Registry { name: name.clone(), index: index.clone() });
    }
    match configured.iter().find(|(known, ..)| known.env_name() == name.env_name()) {
        Some((known, other, source)) => Err(Report::new(
            Exit::Usage,
            "registry-name-taken",
            format!("the registry `{known}` already stands for `{other}` in {source}"),
        )
        .hint("choose another name with `--registry NAME`")),
        None => Ok(SwitchTo::Registry { name: name.clone(), index }),
    }
}

/// Nothing of that name, with what comes near.
fn unknown(text: &str, folder: &InFolder, record: &Record) -> Report {
    let known = folder.registries().into_iter().map(|(name, ..)| name);
    let known = known.chain(record.recent().map(|(name, _)| name)).map(|name| name.to_string());
    let near = near(text, known.chain([CRATES_IO.to_owned()]));
    let report = Report::new(
        Exit::NotFound,
        "no-such-registry",
        format!("no registry or feed `{}` is known here", clean(text)),
    );
    match &near[..] {
        [] => report.hint("`az-cargo-wizard switch` lists those that are; name a new one by its index URL, or with `--org ORG`"),
        near => report.hint(format!("did you mean {}?", near.join(" or "))),
    }
}
