//! A plan becomes changes of Cargo's configuration files: looked at first, then made all or not at all. What a
//! file should say is `config`'s matter; links, locks and atomic writing are `files`'.

use std::path::{Path, PathBuf};

use super::config::{ConfigEdit, edit};
use super::config_notes;
use super::error::ConfigError;
use super::home;
use super::install;
use super::journal::{self, holds_secret};
use super::situation::{Situation, shown};
use crate::domain::diff::diff;
use crate::domain::journal::{Act, Entry, State};
use crate::domain::plan::{ConfigScope, FileChange, Review, SetupPlan, Written};
use crate::files::{self, FileError, Links, NewFile, Replacement};
use crate::host::Env;

/// Where things are, and what the person has agreed to beyond the plan.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The workspace's root; `None` outside a Cargo project.
    pub workspace: Option<&'a Path>,
    pub cargo_home: &'a Path,
    /// The tool's own folder, for the lock and the backups.
    pub state_dir: &'a Path,
    pub env: &'a Env,
    /// After [`ConfigError::OtherReplacement`] the person said that the feed takes its place.
    pub overwrite_replacement: bool,
    /// This program's file, where Cargo's configuration may name it.
    pub program: Option<&'a Path>,
    /// For the journal, in seconds since 1970 (UTC).
    pub now: u64,
}

/// What the plan would change, with everything worth knowing before agreeing. Writes nothing.
///
/// # Errors
/// When a file can't be read or changed safely, or another setting would defeat the plan: see the variants
/// of [`ConfigError`].
pub fn review(plan: &SetupPlan, places: &Places<'_>) -> Result<Review, ConfigError> {
    let publish = plan.for_publishing();
    let situation = Situation::read(plan, places)?;
    let second = publish.as_ref().map(|publish| Situation::read(publish, places)).transpose()?;
    let situations: Vec<&Situation<'_>> = std::iter::once(&situation).chain(&second).collect();
    let user_file = home::config_path(places.cargo_home);
    if plan.scope == ConfigScope::AsItIs {
        return credential_only(&situation, &user_file);
    }
    let providers = provider_edits(&situations)?;
    let mut wanted: Vec<ConfigEdit<'_>> =
        situations.iter().map(|situation| registry_edit(situation)).collect();
    if situation.scope == ConfigScope::User {
        wanted.extend(&providers);
    }
    let mut files = vec![change(&situation.target, situation.scope, places, &wanted)?];
    situations.iter().try_for_each(|situation| situation.check_other_files())?;
    if situation.scope == ConfigScope::Project && !providers.is_empty() {
        files.push(change(&user_file, ConfigScope::User, places, &providers)?);
    }
    let mut notes = config_notes::notes(&situation);
    notes.extend(second.iter().flat_map(config_notes::of_registry));
    for file in &files {
        if file.changes_something() && file.before.as_deref().is_some_and(holds_secret) {
            notes.push(format!("{} holds a secret, so no copy of it is kept.", shown(&file.path)));
        }
    }
    Ok(Review { plan: plan.clone(), files, notes })
}

/// For a registry that is configured already: the user's file learns where its credential is, nothing else.
fn credential_only(situation: &Situation<'_>, user_file: &Path) -> Result<Review, ConfigError> {
    let mut files = Vec::new();
    if let Some(wanted) = situation.provider_edit()? {
        files.push(change(user_file, ConfigScope::User, situation.places, &[wanted])?);
    }
    let notes = config_notes::of_provider(situation).into_iter().collect();
    Ok(Review { plan: situation.plan.clone(), files, notes })
}

/// What the file that names registry and replacement should say.
fn registry_edit<'a>(situation: &Situation<'a>) -> ConfigEdit<'a> {
    let (plan, places) = (situation.plan, situation.places);
    ConfigEdit {
        registry: Some((&plan.registry, &plan.index)),
        replace_crates_io: plan.replace_crates_io.then_some(&plan.registry),
        overwrite_replacement: places.overwrite_replacement || situation.own_replacement_is_feed(),
        ..ConfigEdit::default()
    }
}

/// What the person's file still has to say about providers.
fn provider_edits<'a>(situations: &[&Situation<'a>]) -> Result<Vec<ConfigEdit<'a>>, ConfigError> {
    situations.iter().filter_map(|situation| situation.provider_edit().transpose()).collect()
}

/// Makes the changes that were agreed to. A file that has changed since then stops everything, and when a later
/// file can't be written the earlier ones are put back.
///
/// # Errors
/// Every [`FileError`]; nothing is changed then, except after [`ConfigError::NotPutBack`].
pub fn apply(review: &Review, places: &Places<'_>) -> Result<Vec<Written>, ConfigError> {
    let what = format!("set up `{}`", review.plan.registry);
    make((Act::SetUp, what), &review.files, places)
}

/// Makes changes that were looked at, as one entry of the journal: begun before the first file is written, done
/// after the last.
///
/// # Errors
/// As [`apply`].
pub(super) fn make(
    what: (Act, String),
    files: &[FileChange],
    places: &Places<'_>,
) -> Result<Vec<Written>, ConfigError> {
    let _lock = files::lock(places.state_dir, journal::LOCK)?;
    make_locked(what, files, places)
}

fn make_locked(
    what: (Act, String),
    files: &[FileChange],
    places: &Places<'_>,
) -> Result<Vec<Written>, ConfigError> {
    let changes: Vec<&FileChange> = files.iter().filter(|file| file.changes_something()).collect();
    for change in &changes {
        if files::read(&change.path)? != change.before {
            return Err(FileError::Changed(change.path.clone()).into());
        }
    }
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let state_dir = places.state_dir;
    let noted = changes.iter().map(|change| journal::change_of(state_dir, change));
    let noted = noted.collect::<Result<Vec<_>, _>>()?;
    let written: Vec<Written> = changes
        .iter()
        .zip(&noted)
        .map(|(change, noted)| Written {
            path: change.path.clone(),
            backup: noted.backup.as_ref().map(PathBuf::from),
            was_there: change.before.is_some(),
        })
        .collect();
    let by_hand = journal::by_hand(&noted);
    let project = places.workspace.map(|root| root.to_string_lossy().into_owned());
    let entry = Entry { by_hand, ..Entry::begun(places.now, what, project, noted) };
    let id = journal::add(state_dir, entry)?;
    let mut done: Vec<(&FileChange, &Written)> = Vec::new();
    for (change, written) in changes.into_iter().zip(&written) {
        if let Err(error) = replace(change, places, change.before.as_deref(), &change.after) {
            put_back(&done, places)?;
            // Left where it can't be taken out, it is told by the hashes that nothing has happened.
            let _ = journal::forget(state_dir, id);
            return Err(error.into());
        }
        done.push((change, written));
    }
    // The same: everything has happened.
    let _ = journal::mark(state_dir, id, journal::is_now(State::Done));
    Ok(written)
}

/// Takes this tool out of the person's file; `None` where the file doesn't name it.
///
/// # Errors
/// When the file can't be read, is no TOML, or can't be written; it is then as it was.
pub fn uninstall(places: &Places<'_>) -> Result<Option<Written>, ConfigError> {
    let _lock = files::lock(places.state_dir, journal::LOCK)?;
    let path = home::config_path(places.cargo_home);
    let before = files::read(&path)?;
    let old = before.as_deref().unwrap_or_default();
    let after = install::uninstall(&path, old)?;
    let change = FileChange { lines: diff(old, &after), path, scope: ConfigScope::User, before, after };
    if change.before.is_none() {
        return Ok(None);
    }
    let what = (Act::Uninstall, "took this tool out of your Cargo configuration".to_owned());
    Ok(make_locked(what, &[change], places)?.into_iter().next())
}

fn put_back(done: &[(&FileChange, &Written)], places: &Places<'_>) -> Result<(), ConfigError> {
    for (change, written) in done.iter().rev() {
        let result = match &change.before {
            Some(before) => replace(change, places, Some(&change.after), before),
            // The file itself, not a link of the person that leads to it.
            None => delete(change, places, &change.after),
        };
        result.map_err(|source| ConfigError::NotPutBack {
            file: change.path.clone(),
            backup: written.backup.clone(),
            source,
        })?;
    }
    Ok(())
}

pub(super) fn replace(
    change: &FileChange,
    places: &Places<'_>,
    expected: Option<&str>,
    text: &str,
) -> Result<(), FileError> {
    let links = links_of(change, places);
    files::replace(&Replacement { path: &change.path, expected, text, links, new_file: NewFile::Ordinary })
}

/// Deletes the file itself, not a link of the person that leads to it; not where it says something else by now.
pub(super) fn delete(change: &FileChange, places: &Places<'_>, expected: &str) -> Result<(), FileError> {
    let real = files::real_path(&change.path, links_of(change, places))?;
    match files::read(&real)? {
        Some(text) if text != expected => Err(FileError::Changed(change.path.clone())),
        _ => files::remove(&real),
    }
}

/// Where links of the file may lead: those of a folder above the workspace stay in that folder.
fn links_of<'a>(change: &'a FileChange, places: &Places<'a>) -> Links<'a> {
    let is_inside = places.workspace.is_some_and(|root| change.path.starts_with(root));
    match (change.scope, change.path.parent().and_then(Path::parent)) {
        (ConfigScope::Project, Some(folder)) if !is_inside => Links::Within(folder),
        (scope, _) => links(scope, places),
    }
}

pub(super) fn links<'a>(scope: ConfigScope, places: &Places<'a>) -> Links<'a> {
    match (scope, places.workspace) {
        (ConfigScope::Project, Some(root)) => Links::Within(root),
        _ => Links::Follow,
    }
}

fn change(
    path: &Path,
    scope: ConfigScope,
    places: &Places<'_>,
    wanted: &[ConfigEdit<'_>],
) -> Result<FileChange, ConfigError> {
    files::real_path(path, links(scope, places))?;
    let before = files::read(path)?;
    let old = before.as_deref().unwrap_or_default();
    let after = wanted.iter().try_fold(old.to_owned(), |text, wanted| edit(path, &text, wanted))?;
    Ok(FileChange { path: path.to_owned(), scope, lines: diff(old, &after), before, after })
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;
    use crate::domain::credential::TokenStore;
    use crate::domain::plan::PublishRegistry;
    use crate::domain::registry::{IndexUrl, RegistryName};

    pub(in crate::cargo) const INDEX: &str =
        "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";
    pub(in crate::cargo) const OTHER: &str =
        "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/other/Cargo/index/";
    const PROVIDER: &str = "[registries.rust]\ncredential-provider = \"cargo:token\"\n";

    /// A workspace, a `CARGO_HOME` and a state folder that nothing else touches.
    pub(in crate::cargo) struct Sandbox {
        dir: tempfile::TempDir,
        pub(in crate::cargo) env: Env,
    }

    impl Sandbox {
        pub(in crate::cargo) fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            for name in ["ws", "home", "state"] {
                fs::create_dir(dir.path().join(name)).unwrap();
            }
            Self { dir, env: Env::default() }
        }

        pub(in crate::cargo) fn path(&self, path: &str) -> PathBuf {
            self.dir.path().join(path)
        }

        pub(in crate::cargo) fn write(&self, path: &str, text: &str) {
            let path = self.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.replace("<I>", INDEX).replace("<O>", OTHER)).unwrap();
        }

        pub(in crate::cargo) fn read(&self, path: &str) -> String {
            fs::read_to_string(self.path(path)).unwrap()
        }

        pub(in crate::cargo) fn with<T>(&self, act: impl FnOnce(&Places<'_>) -> T) -> T {
            let (workspace, cargo_home, state_dir) = (self.path("ws"), self.path("home"), self.path("state"));
            act(&Places {
                workspace: Some(&workspace),
                cargo_home: &cargo_home,
                state_dir: &state_dir,
                env: &self.env,
                overwrite_replacement: false,
                program: None,
                now: 0,
            })
        }

        pub(in crate::cargo) fn review(&self, plan: &SetupPlan) -> Result<Review, ConfigError> {
            self.with(|places| review(plan, places))
        }

        fn apply(&self, review: &Review) -> Result<Vec<Written>, ConfigError> {
            self.with(|places| apply(review, places))
        }

        pub(in crate::cargo) fn set_up(&self, plan: &SetupPlan) -> Vec<Written> {
            let review = self.review(plan).unwrap();
            self.apply(&review).unwrap()
        }

        /// Names of the files with a text of their own in a folder below.
        fn files(&self, dir: &str) -> usize {
            fs::read_dir(self.path(dir)).map_or(0, Iterator::count)
        }
    }

    pub(in crate::cargo) fn plan(scope: ConfigScope, store: TokenStore) -> SetupPlan {
        SetupPlan {
            scope,
            registry: RegistryName::parse("rust").unwrap(),
            index: IndexUrl::parse(INDEX).unwrap(),
            replace_crates_io: true,
            store,
            publish: None,
        }
    }

    pub(in crate::cargo) fn project() -> SetupPlan {
        plan(ConfigScope::Project, TokenStore::PlainFile)
    }

    pub(in crate::cargo) fn user() -> SetupPlan {
        plan(ConfigScope::User, TokenStore::PlainFile)
    }

    fn registry_and_replacement() -> String {
        format!("[registries.rust]\nindex = \"{INDEX}\"\n\n[source.crates-io]\nreplace-with = \"rust\"\n")
    }

    #[test]
    fn a_project_gets_the_feed_and_the_person_the_provider() {
        let sandbox = Sandbox::new();
        sandbox.write("home/config.toml", "# mine\r\n");
        let written = sandbox.set_up(&project());
        assert_eq!(sandbox.read("ws/.cargo/config.toml"), registry_and_replacement());
        let mine = format!("# mine\r\n\r\n{}", PROVIDER.replace('\n', "\r\n"));
        assert_eq!(sandbox.read("home/config.toml"), mine);
        assert_eq!(written[0].backup, None, "there was no project file");
        assert_eq!([written[0].was_there, written[1].was_there], [false, true]);
        assert_eq!(fs::read_to_string(written[1].backup.as_ref().unwrap()).unwrap(), "# mine\r\n");
        let again = sandbox.review(&project()).unwrap();
        assert!(again.is_done(), "{again:?}");
        assert!(sandbox.apply(&again).unwrap().is_empty());
    }

    #[test]
    fn the_users_file_gets_everything_at_once() {
        let sandbox = Sandbox::new();
        let review = sandbox.review(&user()).unwrap();
        assert_eq!(review.files.len(), 1);
        sandbox.apply(&review).unwrap();
        let expected =
            registry_and_replacement().replacen("\n\n", "\ncredential-provider = \"cargo:token\"\n\n", 1);
        assert_eq!(sandbox.read("home/config.toml"), expected);
        assert!(!sandbox.path("ws/.cargo").exists());
    }

    #[test]
    fn a_registry_to_publish_to_is_named_beside_the_feed_and_has_a_provider_of_its_own() {
        let publish = PublishRegistry {
            name: RegistryName::parse("rust-publish").unwrap(),
            index: IndexUrl::parse(OTHER).unwrap(),
        };
        let pair = SetupPlan { publish: Some(publish.clone()), ..project() };
        let second = format!("[registries.rust-publish]\nindex = \"{OTHER}\"\n");
        let sandbox = Sandbox::new();
        sandbox.set_up(&pair);
        let text = sandbox.read("ws/.cargo/config.toml");
        assert!(text.contains(&second) && text.contains("replace-with = \"rust\""), "{text}");
        let provider = "credential-provider = \"cargo:token\"";
        let mine = sandbox.read("home/config.toml");
        assert_eq!(mine.matches(provider).count(), 2, "{mine}");
        assert!(sandbox.review(&pair).unwrap().is_done());

        let sandbox = Sandbox::new();
        sandbox.set_up(&SetupPlan { scope: ConfigScope::User, ..pair.clone() });
        let text = sandbox.read("home/config.toml");
        assert!(text.contains(&second.replace("\"\n", &format!("\"\n{provider}\n"))), "{text}");
        assert_eq!(text.matches(provider).count(), 2);

        let sandbox = Sandbox::new();
        sandbox.write("home/config.toml", "[registries.elsewhere]\nindex = '<O>'\n");
        let refused = sandbox.review(&pair);
        assert!(matches!(&refused, Err(ConfigError::SameIndex { other, .. }) if other == "elsewhere"));
    }

    #[test]
    fn this_run_only_names_no_provider() {
        let sandbox = Sandbox::new();
        sandbox.set_up(&plan(ConfigScope::Project, TokenStore::ThisRunOnly));
        assert_eq!(sandbox.read("ws/.cargo/config.toml"), registry_and_replacement());
        assert!(!sandbox.path("home/config.toml").exists());
    }

    #[test]
    fn a_file_that_changed_since_the_review_stops_everything() {
        let sandbox = Sandbox::new();
        sandbox.write("home/config.toml", "# seen\n");
        let review = sandbox.review(&project()).unwrap();
        sandbox.write("home/config.toml", "# changed\n");
        let error = sandbox.apply(&review).unwrap_err();
        assert!(matches!(error, ConfigError::File(FileError::Changed(_))), "{error:?}");
        assert!(!sandbox.path("ws/.cargo/config.toml").exists(), "the first file was not written either");
        assert_eq!(sandbox.read("home/config.toml"), "# changed\n");
        assert_eq!(sandbox.files("state/backups"), 0);
    }

    #[test]
    fn a_file_that_was_edited_a_moment_ago_is_not_deleted() {
        let sandbox = Sandbox::new();
        let path = "ws/.cargo/config.toml";
        let review = sandbox.review(&project()).unwrap();
        let change = &review.files[0];
        sandbox.write(path, "# mine\n");
        let error = sandbox.with(|places| delete(change, places, &change.after)).unwrap_err();
        assert!(matches!(error, FileError::Changed(_)), "{error:?}");
        assert_eq!(sandbox.read(path), "# mine\n");
        sandbox.write(path, &change.after);
        sandbox.with(|places| delete(change, places, &change.after)).unwrap();
        assert!(!sandbox.path(path).exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn when_the_second_file_fails_the_first_is_put_back() {
        for before in [None, Some("[net]\nretry = 3\n")] {
            let sandbox = Sandbox::new();
            if let Some(before) = before {
                sandbox.write("ws/.cargo/config.toml", before);
            }
            let nowhere = "/proc/no-such-process/config.toml";
            std::os::unix::fs::symlink(nowhere, sandbox.path("home/config.toml")).unwrap();
            let review = sandbox.review(&project()).unwrap();
            assert_eq!(review.files.len(), 2);
            assert!(matches!(sandbox.apply(&review), Err(ConfigError::File(FileError::Io { .. }))));
            let left = fs::read_to_string(sandbox.path("ws/.cargo/config.toml")).ok();
            assert_eq!(left.as_deref(), before);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_projects_link_may_not_leave_the_workspace_and_the_persons_may_go_anywhere() {
        use std::os::unix::fs::symlink;
        let sandbox = Sandbox::new();
        sandbox.write("elsewhere/config.toml", "# dotfiles\n");
        symlink(sandbox.path("elsewhere"), sandbox.path("ws/.cargo")).unwrap();
        let error = sandbox.review(&project()).unwrap_err();
        assert!(matches!(error, ConfigError::File(FileError::LinkLeaves { .. })), "{error:?}");
        fs::remove_file(sandbox.path("ws/.cargo")).unwrap();
        symlink(sandbox.path("elsewhere/config.toml"), sandbox.path("home/config.toml")).unwrap();
        sandbox.set_up(&user());
        assert!(fs::symlink_metadata(sandbox.path("home/config.toml")).unwrap().is_symlink());
        assert!(sandbox.read("elsewhere/config.toml").starts_with("# dotfiles\n\n[registries.rust]"));
    }

    #[test]
    fn the_old_name_is_written_where_it_is_read() {
        let sandbox = Sandbox::new();
        sandbox.write("ws/.cargo/config", "[net]\nretry = 3\n");
        sandbox.write("ws/.cargo/config.toml", "# ignored by Cargo\n");
        let review = sandbox.review(&project()).unwrap();
        assert!(review.notes.iter().any(|note| note.contains("ignores")), "{:?}", review.notes);
        sandbox.apply(&review).unwrap();
        assert!(sandbox.read("ws/.cargo/config").contains(INDEX));
        assert_eq!(sandbox.read("ws/.cargo/config.toml"), "# ignored by Cargo\n");
    }

    #[test]
    fn a_project_in_the_home_itself_has_one_file() {
        let sandbox = Sandbox::new();
        let (workspace, state) = (sandbox.path("ws"), sandbox.path("state"));
        let places = Places {
            workspace: Some(&workspace),
            cargo_home: &workspace.join(".cargo"),
            state_dir: &state,
            env: &sandbox.env,
            overwrite_replacement: false,
            program: None,
            now: 0,
        };
        let review = review(&project(), &places).unwrap();
        assert_eq!((review.files.len(), review.files[0].scope), (1, ConfigScope::User));
        apply(&review, &places).unwrap();
        assert!(sandbox.read("ws/.cargo/config.toml").contains("credential-provider"));
    }

    #[test]
    fn a_token_in_a_configuration_file_reaches_no_backup() {
        let sandbox = Sandbox::new();
        sandbox.write("home/config.toml", "[registries]\nold = { token = 'hunter2', index = '<O>' }\n");
        let review = sandbox.review(&user()).unwrap();
        assert!(review.notes.iter().any(|note| note.contains("no copy of it is kept")), "{:?}", review.notes);
        assert!(!format!("{:?}", review.files[0].lines).contains("hunter2"));
        let written = sandbox.apply(&review).unwrap();
        assert_eq!(written[0].backup, None);
        assert!(written[0].was_there);
        assert_eq!(sandbox.files("state/backups"), 0);
        assert!(sandbox.read("home/config.toml").contains("hunter2"));
    }

    #[test]
    fn passwords_of_proxies_and_tokens_of_the_environment_reach_no_backup() {
        for (text, kept) in [
            ("[http]\nproxy = 'ana:hunter2@proxy:3128'\n", 0),
            ("[env]\nCARGO_REGISTRY_TOKEN = { value = 'hunter2' }\n", 0),
            ("[registries.old]\nindex = 'sparse+https://hunter2@host/'\n", 0),
            ("# [registries.old]\n# token = \"Basic hunter2\"\n", 0),
            ("#proxy = ana:hunter2@proxy:3128\n[net]\nretry = 3\n", 0),
            ("[http]\nproxy = 'proxy:3128'\n[registries.old]\nindex = 'ssh://git@host/'\n", 1),
        ] {
            let sandbox = Sandbox::new();
            sandbox.write("home/config.toml", text);
            let review = sandbox.review(&user()).unwrap();
            assert!(!format!("{:?}", review.files[0].lines).contains("hunter2"), "{text}");
            sandbox.apply(&review).unwrap();
            assert_eq!(sandbox.files("state/backups"), kept, "{text}");
        }
    }
}
