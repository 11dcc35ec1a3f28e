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
        assert_eq!(sandbox.path("ws/.cargo").exists(), before.is_some(), "the folder was made for the file");
        assert_eq!(sandbox.files("state/backups"), 0, "of what was not changed no copy is left");
        assert!(journal::entries(&sandbox.path("state")).unwrap().is_empty());
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
