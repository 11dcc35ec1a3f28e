use std::fs;
use std::path::Path;

use tokio::process::Command;

use super::{basic, demo};
use crate::demo::{Demo, DemoOptions, MadeCrates, Pace};
use crate::host::Host;

/// What a feed looks like to Cargo, in the project's own file.
fn configure(demo: &Demo, index: &str) {
    let config = format!(
        "[registries.feed]\nindex = \"sparse+{}/{index}/Cargo/index/\"\n\n\
         [source.crates-io]\nreplace-with = \"feed\"\n",
        demo.origin()
    );
    fs::create_dir_all(demo.project_dir().join(".cargo")).unwrap();
    fs::write(demo.project_dir().join(".cargo/config.toml"), config).unwrap();
}

/// The real Cargo, with nothing of the environment but what rustup and the system need.
async fn fetch(demo: &Demo, token: Option<&str>) -> (bool, String) {
    let env = Host::os().unwrap().env;
    let mut command = Command::new(env!("CARGO"));
    command.args(["fetch", "--locked"]).current_dir(demo.project_dir()).env_clear();
    for name in ["PATH", "HOME", "USERPROFILE", "SystemRoot", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "TEMP"] {
        if let Some(value) = env.os(name) {
            command.env(name, value);
        }
    }
    command.env("CARGO_HOME", demo.cargo_home()).env("NO_PROXY", "127.0.0.1");
    if let Some(token) = token {
        command.env("CARGO_REGISTRIES_FEED_CREDENTIAL_PROVIDER", "cargo:token");
        command.env("CARGO_REGISTRIES_FEED_TOKEN", token);
    }
    let output = command.kill_on_drop(true).output().await.unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

fn cached_crates(cargo_home: &Path) -> usize {
    let Ok(feeds) = fs::read_dir(cargo_home.join("registry/cache")) else { return 0 };
    feeds.map(|feed| fs::read_dir(feed.unwrap().path()).unwrap().count()).sum()
}

#[tokio::test]
async fn the_real_cargo_fetches_sixty_crates_and_sends_no_token_to_the_storage() {
    let demo = demo().await;
    configure(&demo, "contoso/Storefront/_packaging/rust-crates");
    let (good, words) = fetch(&demo, Some(&basic(demo.token()))).await;
    assert!(good, "{words}");
    assert_eq!(cached_crates(demo.cargo_home()), 60);
    let requests = demo.requests();
    let blobs: Vec<_> = requests.iter().filter(|request| request.path.starts_with("/blob/")).collect();
    assert_eq!(blobs.len(), 60);
    assert!(blobs.iter().all(|request| request.status == 200 && !request.authorized));
    let asked = |end: &str| requests.iter().filter(|r| r.path.ends_with(end)).map(|r| r.status).collect();
    let statuses: Vec<u16> = asked("/config.json");
    assert_eq!(statuses, [401, 200], "Cargo asks once without a token");
}

#[tokio::test]
async fn the_real_cargo_fetches_generated_crates() {
    let options = DemoOptions { dir: None, temp_parent: super::temp_parent(), pace: Pace::Fast };
    let demo = Demo::start_with(options, MadeCrates { count: 5, kibibytes: 3 }).await.unwrap();
    configure(&demo, "contoso/Storefront/_packaging/rust-crates");
    let (good, words) = fetch(&demo, Some(&basic(demo.token()))).await;
    assert!(good, "{words}");
    assert_eq!(cached_crates(demo.cargo_home()), 5);
}

#[tokio::test]
async fn the_real_cargo_fails_as_a_reader_and_without_a_token_on_a_public_feed() {
    let demo = demo().await;
    configure(&demo, "contoso/Payments/_packaging/payments-crates");
    let (good, words) = fetch(&demo, Some(&basic(demo.token()))).await;
    assert!(!good && words.contains("AddPackage"), "{words}");
    configure(&demo, "fabrikam/OSS/_packaging/open-crates");
    let (good, words) = fetch(&demo, None).await;
    assert!(!good && words.contains("No local versions of package"), "{words}");
}
