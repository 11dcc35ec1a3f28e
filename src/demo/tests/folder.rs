use std::fs;
use std::path::Path;

use tokio::net::TcpListener;

use serde_json::json;

use super::{change, get, get_as, pats, publishing, temp_parent};
use crate::demo::{Demo, DemoError, DemoOptions, Pace};

async fn kept(dir: &Path) -> Result<Demo, DemoError> {
    let options = DemoOptions { dir: Some(dir.to_owned()), temp_parent: temp_parent(), pace: Pace::Fast };
    Demo::start(options).await
}

/// Waits until nobody listens any more where the demo did, and listens there.
async fn take_port(origin: &str) -> TcpListener {
    loop {
        match TcpListener::bind(origin.trim_start_matches("http://")).await {
            Ok(listener) => return listener,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

/// The same demo after a restart, on the same port. Another test may take that in between, but not time
/// and again.
async fn restarted(mut demo: Demo, dir: &Path) -> Demo {
    for _ in 0..5 {
        let origin = demo.origin().to_owned();
        drop(demo);
        drop(take_port(&origin).await);
        demo = kept(dir).await.unwrap();
        if demo.origin() == origin {
            return demo;
        }
    }
    panic!("it never comes back where it was");
}

#[tokio::test]
async fn a_temporary_folder_goes_with_its_demo_and_nothing_listens_any_more() {
    let demo = super::demo().await;
    let root = demo.project_dir().parent().unwrap().to_owned();
    assert!(demo.cargo_home().is_dir() && demo.state_dir().is_dir());
    assert!(root.starts_with(temp_parent().canonicalize().unwrap()));
    let origin = demo.origin().to_owned();
    drop(demo);
    assert!(!root.exists());
    drop(take_port(&origin).await);
}

#[tokio::test]
async fn a_kept_demo_goes_on_with_its_token_ports_and_saved_crates() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("kept");
    let demo = kept(&dir).await.unwrap();
    let (origin, token) = (demo.origin().to_owned(), demo.token().clone());
    let packages = "/contoso/_apis/packaging/feeds/tools/packages";
    let before = get(&demo, packages).await.names().len();
    let config = get(&demo, "/contoso/_packaging/tools/Cargo/index/config.json").await.json();
    let dl = config["dl"].as_str().unwrap().strip_prefix(&origin).unwrap().to_owned();
    for (name, version) in
        [("tidewater", "1.44.2"), ("winsill", "0.59.0"), ("wakebell", "1.1.0"), ("slabshelf", "0.4.9")]
    {
        get(&demo, &dl.replace("{crate}", name).replace("{version}", version)).await;
    }
    let after = get(&demo, packages).await.names().len();
    assert!(after > before);
    let feeds = "/contoso/Storefront/_apis/packaging/feeds";
    assert_eq!(change(&demo, "POST", feeds, &json!({ "name": "made-here" })).await.status, 201);
    let pat = pats::token(&pats::make(&demo, &pats::wanted("vso.packaging")).await);
    let own = "/contoso/Platform/_packaging/sdk-preview";
    let published = publishing::publish(&demo, own, &publishing::upload("harbor", "1.0.0")).await;
    assert_eq!(published.status, 200);
    assert!(matches!(kept(&dir).await, Err(DemoError::InUse(_))));

    let again = restarted(demo, &dir).await;
    assert_eq!(again.token(), &token);
    assert_eq!(get_as(&again, &pat, packages).await.status, 200);
    assert_eq!(get(&again, packages).await.names().len(), after);
    assert!(get(&again, feeds).await.names().contains(&"made-here".to_owned()));
    for place in ["Cargo/index/ha/rb/harbor", "cargo/api/v1/crates/harbor/1.0.0/download"] {
        assert!(get(&again, &format!("{own}/{place}")).await.status < 400, "{place}");
    }
}

#[tokio::test]
async fn a_taken_port_is_replaced_in_the_demos_own_files() {
    let dir = tempfile::tempdir().unwrap();
    let demo = kept(dir.path()).await.unwrap();
    let (old, project) = (demo.origin().to_owned(), demo.project_dir().to_owned());
    let cargo_home = demo.cargo_home().to_owned();
    fs::create_dir(project.join(".cargo")).unwrap();
    let configs =
        [project.join(".cargo/config.toml"), cargo_home.join("config.toml"), project.join(".git/config")];
    fs::write(
        &configs[0],
        format!("# ours\nindex = \"sparse+{old}/contoso/_packaging/tools/Cargo/index/\"\n"),
    )
    .unwrap();
    fs::write(&configs[1], format!("index = \"sparse+{old}/x/\"\nother = \"http://127.0.0.1:1/\"\n"))
        .unwrap();
    fs::write(project.join("src/main.rs"), &old).unwrap();
    drop(demo);
    let taken = take_port(&old).await;

    let again = kept(dir.path()).await.unwrap();
    assert_ne!(again.origin(), old);
    assert_eq!(get(&again, "/contoso/_apis/projects").await.status, 200);
    for config in &configs {
        let text = fs::read_to_string(config).unwrap();
        assert!(text.contains(&format!("{}/", again.origin())) && !text.contains(&old), "{text}");
    }
    assert!(fs::read_to_string(&configs[0]).unwrap().starts_with("# ours\n"));
    assert!(fs::read_to_string(&configs[1]).unwrap().contains("http://127.0.0.1:1/"));
    assert_eq!(fs::read_to_string(project.join("src/main.rs")).unwrap(), old, "not a file that names ports");
    drop(taken);
}

#[tokio::test]
async fn a_refusal_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine.txt"), "").unwrap();
    assert!(matches!(kept(dir.path()).await, Err(DemoError::NotADemo(_))));
    let above = tempfile::tempdir().unwrap();
    fs::create_dir(above.path().join(".cargo")).unwrap();
    fs::write(above.path().join(".cargo/config.toml"), "").unwrap();
    let refused = kept(&above.path().join("demo")).await;
    assert!(
        matches!(refused, Err(DemoError::CargoConfigAbove(path)) if path.ends_with(".cargo/config.toml"))
    );
    assert!(!above.path().join("demo").exists());
}
