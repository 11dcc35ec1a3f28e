//! The real Cargo obeys what the wizard writes: the feed in the project's file, its provider alone in the
//! person's file, the token in `credentials.toml`. Against two registries on loopback that ask for different
//! tokens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use az_cargo_wizard::cargo::config_file::{Places, apply, review};
use az_cargo_wizard::cargo::{credentials, home};
use az_cargo_wizard::domain::credential::{Secret, TokenStore};
use az_cargo_wizard::domain::plan::{ConfigScope, SetupPlan};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::host::Env;
use sha2::{Digest as _, Sha256};

/// What a registry answers by path, and the header it wants for it.
type Answers = BTreeMap<String, (&'static str, Vec<u8>)>;

/// Serves until the test's process ends; each answer closes its connection.
fn serve(answers: impl FnOnce(u16) -> Answers) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = Arc::new(answers(port));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer(stream, &answers));
        }
    });
    port
}

fn answer(mut stream: TcpStream, answers: &Answers) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let mut token = String::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("authorization")
        {
            value.clone_into(&mut token);
        }
    }
    let (status, body): (_, &[u8]) = match answers.get(path) {
        Some((wanted, _)) if *wanted != token => ("401 Unauthorized", b""),
        Some((_, body)) => ("200 OK", body),
        None => ("404 Not Found", b""),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// A registry below `/NAME/` with one crate.
fn registry(port: u16, name: &str, token: &'static str, krate: &str) -> Answers {
    let package = package(krate);
    let sum: String =
        Sha256::digest(&package).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let config = format!("{{\"dl\":\"http://127.0.0.1:{port}/{name}/dl/{{crate}}\",\"auth-required\":true}}");
    let entry = format!(
        "{{\"name\":\"{krate}\",\"vers\":\"1.0.0\",\"deps\":[],\"features\":{{}},\"yanked\":false,\"cksum\":\"{sum}\"}}\n"
    );
    let base = format!("/{name}/_packaging/{name}/Cargo/index");
    BTreeMap::from([
        (format!("{base}/config.json"), (token, config.into_bytes())),
        (format!("{base}/{}/{}/{krate}", &krate[..2], &krate[2..4]), (token, entry.into_bytes())),
        (format!("/{name}/dl/{krate}"), (token, package)),
    ])
}

fn package(krate: &str) -> Vec<u8> {
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let manifest = format!("[package]\nname = \"{krate}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
    for (path, text) in [("Cargo.toml", manifest.as_str()), ("src/lib.rs", "")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, format!("{krate}-1.0.0/{path}"), text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn fetch(root: &Path) -> Output {
    let cargo = Path::new(env!("CARGO"));
    Command::new(cargo)
        .arg("fetch")
        .current_dir(root.join("ws"))
        .env_clear()
        .env("PATH", cargo.parent().unwrap())
        .env("HOME", root)
        .env("CARGO_HOME", root.join("home"))
        .output()
        .unwrap()
}

fn set_up(root: &Path, name: &str, index: &str, replace_crates_io: bool) {
    let plan = SetupPlan {
        scope: ConfigScope::Project,
        registry: RegistryName::parse(name).unwrap(),
        index: IndexUrl::parse(index).unwrap(),
        replace_crates_io,
        store: TokenStore::PlainFile,
        publish: None,
    };
    let places = Places {
        workspace: Some(&root.join("ws")),
        cargo_home: &root.join("home"),
        state_dir: &root.join("state"),
        env: &Env::default(),
        overwrite_replacement: false,
        program: None,
        now: 0,
    };
    let review = review(&plan, &places).unwrap();
    assert_eq!(apply(&review, &places).unwrap().len(), 2);
}

#[test]
fn cargo_fetches_with_what_was_written() {
    let port = serve(|port| {
        let mut answers = registry(port, "feed-a", "Basic b25l", "first");
        answers.extend(registry(port, "feed-b", "Basic dHdv", "second"));
        answers
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::create_dir_all(root.join("ws/src")).unwrap();
    fs::write(root.join("ws/src/lib.rs"), "").unwrap();
    let manifest = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nfirst = \"1\"\nsecond = { version = \"1\", registry = \"feed-b\" }\n";
    fs::write(root.join("ws/Cargo.toml"), manifest).unwrap();
    for (name, replaces) in [("feed-a", true), ("feed-b", false)] {
        let index = format!("sparse+http://127.0.0.1:{port}/{name}/_packaging/{name}/Cargo/index/");
        set_up(root, name, &index, replaces);
    }
    let home = root.join("home");
    // What is left in the person's file of a project that is elsewhere: a registry without index.
    let elsewhere = "[registries.elsewhere]\ncredential-provider = \"cargo:token\"\n\n";
    let user_file = fs::read_to_string(home::config_path(&home)).unwrap();
    fs::write(home::config_path(&home), elsewhere.to_owned() + &user_file).unwrap();
    let name = |text| RegistryName::parse(text).unwrap();
    let user_file = fs::read_to_string(home::config_path(&home)).unwrap();
    assert!(!user_file.contains("index"), "{user_file}");

    let refused = fetch(root);
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(
        words.contains("no token found for `feed-a`") || words.contains("no token found for `feed-b`"),
        "{words}"
    );

    credentials::store(&home, &name("feed-a"), &Secret::new("Basic b25l")).unwrap();
    credentials::store(&home, &name("feed-b"), &Secret::new("Basic dHdv")).unwrap();
    let done = fetch(root);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let caches = fs::read_dir(home.join("registry/cache")).unwrap().flatten();
    let mut crates: Vec<String> = caches
        .flat_map(|dir| fs::read_dir(dir.path()).unwrap().flatten())
        .map(|file| file.file_name().into_string().unwrap())
        .collect();
    crates.sort();
    assert_eq!(crates, ["first-1.0.0.crate", "second-1.0.0.crate"]);
}
