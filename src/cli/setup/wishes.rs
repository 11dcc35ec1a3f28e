//! What the flags of `setup` ask for: first whether they fit together, then whether all are there. Asks nobody.

use crate::domain::credential::{Kept, TokenStore};
use crate::domain::feed::{FeedName, ViewName};
use crate::domain::machine::Lasting;
use crate::domain::new_feed::{Description, FeedScope, NewFeed, Sources, Visibility};
use crate::domain::organization::{ProjectName, Target};
use crate::domain::registry::RegistryName;
use crate::domain::store::NativeProvider;
use crate::error::{Exit, Report};
use crate::host::Host;

use super::super::args::{Auth, Belongs, Setup, Store, Upstreams, WhoSees};
use super::super::signing_in::check_pat;

/// The flags as values. What is `None` was not given.
#[derive(Debug)]
pub(super) struct Wishes {
    pub(super) feed: Option<FeedName>,
    /// Of `--project`, or in front of the feed's name as the screens and the hints write it.
    pub(super) project: Option<ProjectName>,
    pub(super) view: Option<ViewName>,
    pub(super) publish: Option<FeedName>,
    pub(super) registry: Option<RegistryName>,
    /// A view holds promoted crates only, so that another one than `Local` needs a flag of its own.
    pub(super) replace_crates_io: bool,
    description: Description,
}

impl Wishes {
    /// # Errors
    /// When a value breaks a rule, or two flags contradict each other.
    pub(super) fn of(flags: &Setup) -> Result<Self, Report> {
        let (before, name, view) = parts(flags.feed.as_deref().unwrap_or_default());
        let view = view.map(view_name).transpose()?;
        let is_partial = view.as_ref().is_some_and(is_partial);
        let wishes = Self {
            feed: flags.feed.is_some().then(|| feed_name("--feed", name)).transpose()?,
            project: project(flags.project.as_deref(), before)?,
            view,
            publish: flags.publish_feed.as_deref().map(publish_name).transpose()?,
            registry: flags.registry.as_deref().map(registry_name).transpose()?,
            replace_crates_io: flags.replace_crates_io || !(flags.no_replace_crates_io || is_partial),
            description: description(flags.create.description.as_deref())?,
        };
        wishes.check(flags)?;
        Ok(wishes)
    }

    fn check(&self, flags: &Setup) -> Result<(), Report> {
        if self.feed.is_some() && self.feed == self.publish {
            return Err(contradiction("`--feed` and `--publish-feed` name the same feed")
                .hint("leave `--publish-feed` out, or name a second feed"));
        }
        check_nobody(flags)?;
        check_native(flags)?;
        if flags.store == Some(Store::ProviderFile) && !Kept::File.is_possible() {
            return Err(contradiction("on Windows no file is private enough for a credential")
                .hint("use the Credential Manager: `--store provider`"));
        }
        check_pat(flags.pat_days, flags.auth)?;
        if flags.pat_days.is_some() && flags.store == Some(Store::None) {
            return Err(contradiction("a personal access token that is kept nowhere would outlive its use")
                .hint("keep it with `--store provider` or `--store file`, or leave `--pat-days` out"));
        }
        if flags.create.scope == Some(Belongs::Organization) && self.project.is_some() {
            return Err(contradiction("`--scope organization` makes a feed that belongs to no project")
                .hint("leave the project out, or say `--scope project`"));
        }
        if flags.create.upstreams == Some(Upstreams::None) && self.replace_crates_io {
            return Err(contradiction("without upstream sources the feed cannot stand in for crates.io")
                .hint("add `--no-replace-crates-io`, or say `--upstreams crates-io`"));
        }
        if flags.overwrite_replacement && !self.replace_crates_io {
            return Err(contradiction(
                "`--overwrite-replacement` is for a feed that stands in for crates.io",
            )
            .hint("add `--replace-crates-io`, or leave `--overwrite-replacement` out"));
        }
        Ok(())
    }

    /// The feed of `--create`; `None` without that flag, or while an answer is missing.
    pub(super) fn new_feed(&self, flags: &Setup, target: &Target) -> Option<NewFeed> {
        let create = &flags.create;
        let scope = match create.scope? {
            Belongs::Organization => FeedScope::Organization,
            Belongs::Project => FeedScope::Project(self.project_of(target)?.clone()),
        };
        create.create.then_some(NewFeed {
            name: self.feed.clone()?,
            description: self.description.clone(),
            visibility: visibility(create.visibility?),
            sources: sources(create.upstreams?),
            scope,
        })
    }

    fn project_of<'a>(&'a self, target: &'a Target) -> Option<&'a ProjectName> {
        self.project.as_ref().or(target.project.as_ref())
    }

    /// Everything that can't be found out, before anything is asked of the network; all of it at once. `store` is what
    /// is to be said of the missing store; `None`: none is missing.
    ///
    /// # Errors
    /// With a hint that names every missing flag.
    pub(super) fn require(
        &self,
        flags: &Setup,
        (target, store): (Option<&Target>, Option<&str>),
    ) -> Result<(), Report> {
        let create = &flags.create;
        let named = |create_only: bool, given: bool| given || (create_only && !create.create);
        let has_project = self.project.is_some() || target.is_some_and(|target| target.project.is_some());
        let feed = if has_project || create.create {
            "`--feed NAME`: the feed"
        } else {
            "`--feed NAME`: the feed, with `--project PROJECT` where its name is not enough"
        };
        let scope = if has_project {
            "`--scope project|organization`: what the new feed belongs to"
        } else {
            "`--scope project|organization`: what the new feed belongs to, with `--project PROJECT` for a project"
        };
        let needed = [
            (target.is_some(), "`--org ORG`: the organization, which nothing here names"),
            (flags.feed.is_some(), feed),
            (
                named(true, create.visibility.is_some()),
                "`--visibility tenant|organization|specific`: who may see the new feed",
            ),
            (
                named(true, create.upstreams.is_some()),
                "`--upstreams crates-io|common|none`: where the new feed takes what it doesn't have",
            ),
            (named(true, create.scope.is_some()), scope),
            (
                create.scope != Some(Belongs::Project) || has_project,
                "`--project PROJECT`: the project that the new feed belongs to",
            ),
            (
                flags.with_token || flags.auth != Auth::Pat,
                "`--with-token`: the personal access token is on standard input, or `--auth az|device|env` in its place",
            ),
            (store.is_none(), store.unwrap_or_default()),
            (flags.yes || flags.dry_run, "`--yes`; or `--dry-run`, to see what it would do"),
        ];
        let missing: Vec<&str> = needed.iter().filter(|(given, _)| !given).map(|(_, flag)| *flag).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let report = Report::new(Exit::Usage, "flag-missing", "without a screen nothing can be asked");
        Err(report.hint(format!("add {}", missing.join("; "))))
    }
}

/// `PROJECT/`, `NAME` and `@VIEW`.
fn parts(text: &str) -> (Option<&str>, &str, Option<&str>) {
    let (before, rest) = text.rsplit_once('/').map_or((None, text), |(before, rest)| (Some(before), rest));
    let (name, view) = rest.split_once('@').map_or((rest, None), |(name, view)| (name, Some(view)));
    (before, name, view)
}

fn project(flag: Option<&str>, before: Option<&str>) -> Result<Option<ProjectName>, Report> {
    let parse = |text: &str| {
        ProjectName::parse(text).ok_or_else(|| {
            contradiction("that is no name of a project").hint("name the project with `--project PROJECT`")
        })
    };
    let (flag, before) = (flag.map(parse).transpose()?, before.map(parse).transpose()?);
    match (flag, before) {
        (Some(flag), Some(before)) if flag != before => {
            Err(contradiction("`--project` and `--feed` name two projects").hint("leave one of them out"))
        }
        (flag, before) => Ok(flag.or(before)),
    }
}

fn feed_name(flag: &str, text: &str) -> Result<FeedName, Report> {
    FeedName::parse(text).map_err(|error| {
        Report::new(Exit::Usage, "feed-name", error.to_string()).hint(format!("name a feed with `{flag}`"))
    })
}

/// The feed for publishing may be written with its project too; names are unique in an organization.
fn publish_name(text: &str) -> Result<FeedName, Report> {
    feed_name("--publish-feed", text.rsplit_once('/').map_or(text, |(_, name)| name))
}

fn view_name(text: &str) -> Result<ViewName, Report> {
    ViewName::parse(text).ok_or_else(|| {
        Report::new(Exit::Usage, "view-name", "what follows `@` in `--feed` names no view")
            .hint("leave it out, or name a view such as `Local`")
    })
}

fn registry_name(text: &str) -> Result<RegistryName, Report> {
    RegistryName::parse(text).map_err(|error| {
        Report::new(Exit::Usage, "registry-name", error.to_string()).hint("name it with `--registry NAME`")
    })
}

fn description(text: Option<&str>) -> Result<Description, Report> {
    Description::parse(text.unwrap_or_default()).map_err(|error| {
        Report::new(Exit::Usage, "description", error.to_string()).hint("shorten `--description`")
    })
}

/// Whether it may hold fewer crates than the feed.
pub(super) fn is_partial(view: &ViewName) -> bool {
    !view.as_str().eq_ignore_ascii_case(ViewName::local().as_str())
}

/// Where the credential is kept; nowhere, where there is none. Whether there is a keyring is not asked here.
pub(super) fn store(flags: &Setup) -> TokenStore {
    match (flags.auth, flags.store) {
        (Auth::Nobody, _) | (_, Some(Store::None)) => TokenStore::ThisRunOnly,
        (_, Some(Store::Provider)) => TokenStore::Provider(Kept::Keyring),
        (_, Some(Store::ProviderFile)) => TokenStore::Provider(Kept::File),
        // The one that is tried.
        (_, Some(Store::Native)) => {
            NativeProvider::of_system(Host::system()).map_or(TokenStore::PlainFile, TokenStore::Native)
        }
        (_, Some(Store::File) | None) => TokenStore::PlainFile,
    }
}

/// How long the credential of that way can be of use; a token that is made for it lasts.
pub(super) fn lasting(flags: &Setup) -> Lasting {
    match flags.auth {
        _ if flags.pat_days.is_some() => Lasting::Long,
        Auth::Pat | Auth::Nobody => Lasting::Long,
        Auth::Az | Auth::Device => Lasting::Renewed("an Entra access token ends within the hour"),
        Auth::Env => Lasting::Ends("the environment has its token in the next run, too"),
    }
}

/// Only what nothing has to renew is of use to Cargo's own provider.
fn check_native(flags: &Setup) -> Result<(), Report> {
    if flags.store == Some(Store::Native) && lasting(flags) != Lasting::Long {
        return Err(contradiction(
            "`--store native` renews nothing, so that it is for personal access tokens",
        )
        .hint("say `--auth pat --with-token`, or `--store provider`"));
    }
    Ok(())
}

/// `--auth none` goes with nothing that needs somebody.
fn check_nobody(flags: &Setup) -> Result<(), Report> {
    let somebodys = [
        (flags.with_token, "--with-token"),
        (flags.create.create, "--create"),
        (flags.publish_feed.is_some(), "--publish-feed"),
        (flags.store.is_some_and(|store| store != Store::None), "--store"),
    ];
    let found = somebodys.iter().find(|(given, _)| *given && flags.auth == Auth::Nobody);
    found.map_or(Ok(()), |(_, flag)| {
        Err(contradiction(&format!(
            "`{flag}` needs somebody who is signed in, and `--auth none` signs nobody in"
        ))
        .hint("leave one of them out"))
    })
}

fn visibility(who: WhoSees) -> Visibility {
    match who {
        WhoSees::Tenant => Visibility::Tenant,
        WhoSees::Organization => Visibility::Organization,
        WhoSees::Specific => Visibility::Specific,
    }
}

fn sources(upstreams: Upstreams) -> Sources {
    match upstreams {
        Upstreams::CratesIo => Sources::CratesIo,
        Upstreams::Common => Sources::Common,
        Upstreams::None => Sources::None,
    }
}

fn contradiction(what: &str) -> Report {
    Report::new(Exit::Usage, "usage", what)
}
