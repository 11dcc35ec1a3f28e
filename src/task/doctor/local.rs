//! What files, environment and Cargo tell.

use std::path::Path;

use semver::Version;

use crate::cargo::home::{self, ConfigLayer};
use crate::cargo::install;
use crate::cargo::precedence::{self, Winner};
use crate::cargo::settings::{Replacement, Settings};
use crate::cargo::workspace::{self, ReadableRoot};
use crate::cargo::{credentials, traps};
use crate::domain::lifetime::Lifetime;
use crate::domain::text;
use crate::error::{Exit, Report};
use crate::files;
use crate::task::CacheFolder;
use crate::task::check::{HostTrust, InForce};
use crate::task::logins::KeptLogin;
use crate::task::services::{Services, shown};

use super::super::{check, keeping, network};
use super::{Check, Diagnosis, without_feed};

/// Below this, in seconds, a credential is soon to be replaced.
const A_WEEK: u64 = 7 * 86_400;

/// What the files have told.
pub(super) struct Seen {
    pub(super) lines: Vec<Diagnosis>,
    pub(super) in_force: Option<InForce>,
    /// Why Cargo is not run here; `None`: it may be.
    pub(super) held_back: Option<HeldBack>,
}

/// Why Cargo is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeldBack {
    /// Nobody knows what it would run.
    Unreadable,
    /// The checkout would run programs, and nobody has agreed to that.
    Untrusted,
    /// It would never end.
    Cycle,
}

impl HeldBack {
    pub(super) fn line(self) -> Diagnosis {
        let (why, remedy) = match self {
            Self::Unreadable => ("the configuration can't be read", None),
            Self::Untrusted => (
                "this project's own settings would run programs, and nobody has agreed to that",
                Some("az-cargo-wizard, and read what they say"),
            ),
            Self::Cycle => ("`replace-with` goes round in a circle, and it would never end", None),
        };
        Check::Cargo.unknown(why, remedy.map(str::to_owned))
    }
}

/// Reads everything that is on disk. Blocks.
pub(super) fn see(services: &Services) -> Seen {
    let mut lines = vec![tool(services), toolchain(&services.dir), project(services)];
    let read = match read(services) {
        Ok(read) => read,
        Err(report) => {
            lines.push(Check::Configuration.of_report(&report));
            return Seen { lines, in_force: None, held_back: Some(HeldBack::Unreadable) };
        }
    };
    let Read { layers, settings, in_force, held_back } = read;
    lines.extend(configuration(&settings, &layers, services, in_force.as_ref()));
    let traps = traps::traps(&settings, &layers, &services.host.env);
    lines.extend(names(&traps, in_force.as_ref()));
    lines.push(index(in_force.as_ref()));
    lines.push(providers(&settings, in_force.as_ref()));
    lines.push(program(services, &settings));
    lines.push(credential(services, in_force.as_ref()));
    lines.extend(on_the_way(services, &settings));
    lines.sort_by_key(|line| line.check);
    Seen { lines, in_force, held_back }
}

struct Read {
    layers: Vec<ConfigLayer>,
    settings: Settings,
    in_force: Option<InForce>,
    held_back: Option<HeldBack>,
}

fn read(services: &Services) -> Result<Read, Report> {
    let read = check::read_now(services)?;
    let untrusted = check::question(services, &read).map(|_| HeldBack::Untrusted);
    let settings = Settings::read(&read.layers, &services.host.env)?;
    // Whoever must not be started can say nothing either.
    let cycle = matches!(settings.replacement(), Replacement::Cycle { .. }).then_some(HeldBack::Cycle);
    let in_force = check::in_force(services, &settings)?;
    Ok(Read { layers: read.layers, settings, in_force, held_back: untrusted.or(cycle) })
}

fn tool(services: &Services) -> Diagnosis {
    let version = env!("CARGO_PKG_VERSION");
    let program = services.host.program.as_deref().map_or(String::new(), |path| format!(", {}", shown(path)));
    Check::Tool.good(format!("az-cargo-wizard {version}{program}"))
}

fn toolchain(dir: &Path) -> Diagnosis {
    match home::pinned_toolchain(dir) {
        Some((file, channel)) => Check::Toolchain.good(format!("pinned to `{channel}` by {}", shown(&file))),
        None => Check::Toolchain.note("not pinned by the project: rustup's default"),
    }
}

/// Whether there is a project, and whether Cargo can read it.
fn project(services: &Services) -> Diagnosis {
    let check = Check::Project;
    match workspace::readable_root(&services.dir, &services.cargo_home) {
        Ok(Some(ReadableRoot { dir, beyond: None })) => check.good(shown(&dir)),
        Ok(Some(ReadableRoot { dir, beyond: Some(beyond) })) => check.note(format!(
            "{}; Cargo would look for its workspace in {}, beyond what is checked out: not followed here",
            shown(&dir),
            shown(&beyond)
        )),
        Ok(None) => check
            .note("no Cargo.toml here or above: only your own configuration counts, and nothing is fetched"),
        Err(error) => check.of_report(&error.into()),
    }
}

/// How old a Cargo may be (cargo-contract 8).
pub(super) fn cargo(version: &Version) -> Diagnosis {
    const UPDATE: &str = "rustup update";
    match (version.major, version.minor) {
        (1, ..=77) => {
            let what =
                "it reads no lock file of version 4, and leaves a line end in a token of `cargo login`";
            Check::Cargo.warning(format!("{version}: {what}"), UPDATE)
        }
        (1, 78..=85) => {
            let what = "it joins the words of two `credential-provider` lists into one";
            Check::Cargo.note(format!("{version}: {what}"))
        }
        _ => Check::Cargo.good(version.to_string()),
    }
}

/// Which file wins for each key that matters.
fn configuration(
    settings: &Settings,
    layers: &[ConfigLayer],
    services: &Services,
    in_force: Option<&InForce>,
) -> Vec<Diagnosis> {
    let check = Check::Configuration;
    let registry = in_force.map(|feed| feed.registry.name.as_str());
    let mut lines: Vec<Diagnosis> = Vec::new();
    if let Replacement::Other { name, what, file } = settings.replacement() {
        lines.push(check.note(format!("crates.io is replaced by `{name}`: {what}, in {}", shown(&file))));
    }
    let winners = precedence::winners(layers, &services.host.env, registry);
    lines.extend(winners.iter().map(wins));
    if lines.is_empty() {
        lines.push(check.note("nothing sets where crates come from: crates.io directly"));
    }
    lines
}

fn wins(winner: &Winner) -> Diagnosis {
    let Winner { key, value, from, losers } = winner;
    let text = format!("{key} = `{value}` from {from}");
    if key == "net.offline" && value == "true" {
        let text = format!("{text}: Cargo asks nobody, and fails for what is not in the cache");
        return Check::Configuration.warning(text, format!("take {key} out of {from}"));
    }
    match losers.as_slice() {
        [] => Check::Configuration.good(text),
        losers => Check::Configuration.note(format!("{text}, which wins over {}", losers.join(", "))),
    }
}

fn names(traps: &[traps::Trap], in_force: Option<&InForce>) -> Vec<Diagnosis> {
    let check = Check::RegistryName;
    if traps.is_empty() {
        let Some(feed) = in_force else { return vec![without_feed(check)] };
        let name = &feed.registry.name;
        let text = format!("`{name}`; its variables begin with CARGO_REGISTRIES_{}_", name.env_name());
        if name.as_str().contains('-') {
            let trap = "setting its _INDEX would hide its credential, because of the `-`";
            return vec![check.note(format!("{text}: {trap}"))];
        }
        return vec![check.good(text)];
    }
    let line = |trap: &traps::Trap| {
        if trap.is_fatal {
            check.failed(Exit::Failed, trap.what.as_str(), trap.remedy.as_str())
        } else {
            check.warning(trap.what.as_str(), trap.remedy.as_str())
        }
    };
    traps.iter().map(line).collect()
}

fn index(in_force: Option<&InForce>) -> Diagnosis {
    let check = Check::Index;
    let Some(feed) = in_force else { return without_feed(check) };
    let address = feed.registry.index.shown();
    let view = feed.target.view.as_ref().filter(|view| !view.as_str().eq_ignore_ascii_case("Local"));
    if feed.host == HostTrust::Unknown {
        let host = feed.registry.index.url().host_str().map(text::clean).unwrap_or_default();
        let text = format!("{address}: unknown host {host}, which is asked nothing");
        let remedy =
            format!("if it is yours: az-cargo-wizard doctor --org {}", feed.target.collection.base());
        return check.warning(text, remedy);
    }
    if feed.registry.index.forced().is_none() {
        let text = format!("{address}: the ~force-auth address, which makes everyone sign in");
        return check.warning(text, format!("take ~force-auth out of {}", feed.registry.source));
    }
    if let Some(view) = view.filter(|_| feed.registry.replaces_crates_io) {
        let text =
            format!("{address}: the view `{view}` holds promoted crates only, and stands in for crates.io");
        return check.warning(text, format!("name the feed without @{view} in {}", feed.registry.source));
    }
    if feed.registry.index.url().scheme() == "http" {
        return check.note(format!("{address}: over http, which is not encrypted"));
    }
    check.good(address)
}

fn providers(settings: &Settings, in_force: Option<&InForce>) -> Diagnosis {
    let check = Check::Providers;
    if let Some(own) = in_force.and_then(|feed| settings.provider_of(&feed.registry.name)) {
        return check.good(format!("`{}` alone is asked, as {} says", own.text, shown(&own.file)));
    }
    let asked: Vec<&str> = settings.global_providers().iter().rev().map(String::as_str).collect();
    let listed = asked.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", then ");
    let Some(first) = asked.first() else {
        return match in_force {
            Some(feed) if !feed.open => {
                check.failed(Exit::SignIn, "none is configured, so Cargo sends no credential", log_in(feed))
            }
            _ => check.note("none is configured"),
        };
    };
    if *first == "cargo:libsecret" && asked.len() > 1 {
        let text =
            format!("{listed}: where the keyring can't be reached, Cargo ends there and asks no other");
        return check.note(text);
    }
    check.good(listed)
}

/// What signs somebody in, for Cargo.
pub(super) fn log_in(feed: &InForce) -> String {
    format!("az-cargo-wizard login --org {}", feed.target.collection.base())
}

/// Whether the program that Cargo is to ask is there.
fn program(services: &Services, settings: &Settings) -> Diagnosis {
    let check = Check::Program;
    let config = files::read(&home::config_path(&services.cargo_home)).ok().flatten().unwrap_or_default();
    let is_listed = settings.global_providers().iter().any(|provider| provider == install::ALIAS);
    let again = format!("az-cargo-wizard setup --store {}", keeping::usual(&services.state_dir).flag());
    match install::installed(&config) {
        None if is_listed => {
            check.failed(Exit::Failed, "it is named as a provider, but no alias says where it is", again)
        }
        None => check.note("Cargo does not ask this tool for credentials"),
        Some(program) if !program.is_file() => {
            let text = format!("{} is not there, so Cargo gets no credential", shown(&program));
            check.failed(Exit::Failed, text, again)
        }
        Some(program) if !install::lasts(&program, &services.host.temp_dir) && services.demo.is_none() => {
            let text =
                format!("{} may be gone tomorrow: a folder of builds or temporary files", shown(&program));
            check.warning(text, format!("cargo install --locked --path . && {again}"))
        }
        Some(program) => check.good(format!("Cargo asks {}", shown(&program))),
    }
}

fn credential(services: &Services, in_force: Option<&InForce>) -> Diagnosis {
    let check = Check::Credential;
    let Some(feed) = in_force else { return without_feed(check) };
    let Some(place) = &feed.token_in else {
        return if feed.open {
            check.note("none, and none is needed: the feed answered Cargo without")
        } else {
            check.failed(Exit::SignIn, format!("none for `{}`", feed.registry.name), log_in(feed))
        };
    };
    let now = services.host.clock.unix_seconds();
    let expires = feed.login.as_ref().and_then(|login| login.expires);
    let left = expires.and_then(|end| Lifetime::Until(end).words(Some(now)));
    let mut text = format!("from {place}{}", left.map_or(String::new(), |left| format!(", {left}")));
    if let Some(loser) = plain_beside(services, feed) {
        text = format!("{text}; wins over {loser}");
    }
    match expires {
        Some(end) if end <= now => check.failed(Exit::SignIn, text, log_in(feed)),
        Some(end) if end < now + A_WEEK => check.warning(text, log_in(feed)),
        _ => check.good(text),
    }
}

/// Where the feed has answered without.
pub(super) fn needs_none(check: Check) -> Diagnosis {
    check.note("none, and none is needed: the feed answers everyone")
}

/// The place of a plain token that is there, too, and is not asked.
fn plain_beside(services: &Services, feed: &InForce) -> Option<String> {
    feed.login.as_ref()?;
    let plain = credentials::token_for(&services.cargo_home, &services.host.env, &feed.registry.name);
    Some(plain.ok()??.place)
}

/// What is kept, where it was looked for.
pub(super) fn kept(login: &KeptLogin) -> Diagnosis {
    let check = Check::Kept;
    let log_in = format!("az-cargo-wizard login --org {}", login.base);
    let KeptLogin { who, kind, .. } = login;
    match (&login.trouble, login.found) {
        (Some(report), _) => {
            check.failed(report.exit, report.headline.as_str(), report.hint.clone().unwrap_or(log_in))
        }
        (None, Some(false)) => check.failed(Exit::SignIn, format!("the {kind} of {who} is gone"), log_in),
        (None, Some(true)) => check.good(format!("{kind} of {who}, found where it is kept")),
        (None, None) => check.good(format!("{kind} of {who}")),
    }
}

/// Proxy and certificates.
fn on_the_way(services: &Services, settings: &Settings) -> Vec<Diagnosis> {
    if services.demo.is_some() {
        let here = "the demo answers on this machine";
        return vec![Check::Proxy.note(here), Check::Certificates.note(here)];
    }
    let http = network::of_person(&services.host).unwrap_or_else(|_| settings.http().clone());
    let proxy = match http.shown_proxy() {
        Some(proxy) => {
            let except = http.no_proxy.as_deref().map(|hosts| format!(", not for {}", text::clean(hosts)));
            Check::Proxy.good(format!("{proxy} from {}{}", http.proxy_source, except.unwrap_or_default()))
        }
        None => Check::Proxy.good("none"),
    };
    let file = services.ca_file().map(Path::to_owned).or_else(|| http.cainfo.clone());
    let certificates = match file {
        None => Check::Certificates.good("those of the system"),
        Some(file) => {
            let path = services.host.cwd.join(&file);
            if path.is_file() {
                Check::Certificates.good(format!("those of the system and {}", shown(&file)))
            } else {
                let text = format!("{} is not there", shown(&file));
                Check::Certificates.failed(Exit::NotFound, text, "name another one with --ca-file FILE")
            }
        }
    };
    vec![proxy, certificates]
}

/// Whether every cached crate can be one, by name and size; a file that was cut short shows only when it is read.
pub(super) fn cache(folders: &[CacheFolder]) -> Diagnosis {
    let check = Check::Cache;
    let files = || folders.iter().flat_map(|folder| &folder.crates);
    let crates = text::count(files().count(), "crate", "crates");
    let bytes = text::size(folders.iter().map(CacheFolder::bytes).sum());
    let text = format!("{crates}, {bytes} in {}", text::count(folders.len(), "folder", "folders"));
    let empty = files().filter(|file| file.bytes == 0).count();
    if empty > 0 {
        let what = text::count(empty, "file is empty", "files are empty");
        let text = format!("{what}, left by a run that was cut short; Cargo fails over them");
        return check.failed(Exit::Failed, text, "az-cargo-wizard cache repair");
    }
    let strange = files().filter(|file| file.id.is_none()).count();
    if strange > 0 {
        let what = text::count(strange, "file is", "files are");
        return check.warning(format!("{text}; {what} no crate"), "az-cargo-wizard cache verify");
    }
    let orphans = folders.iter().filter(|folder| folder.registry.is_none()).count();
    match orphans {
        0 => check.good(format!("{text}; `az-cargo-wizard cache verify` reads what is in them")),
        _ => check.note(format!(
            "{text}; {} to no configured registry",
            text::count(orphans, "folder belongs", "folders belong")
        )),
    }
}
