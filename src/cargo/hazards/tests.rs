use std::fs;

use super::*;

const FEED: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";

fn file(path: &str, kind: CheckoutFileKind, text: &str) -> CheckoutFile {
    CheckoutFile { path: path.into(), kind, text: text.to_owned() }
}

fn settings_knowing(text: &str, known: &dyn Fn(&Url) -> bool) -> Vec<String> {
    let files = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, text)];
    let found = hazards(&files, known).unwrap();
    assert!(found.iter().all(|hazard| hazard.file == "/p/.cargo/config.toml"));
    found.into_iter().map(|hazard| hazard.setting).collect()
}

fn settings(text: &str) -> Vec<String> {
    settings_knowing(text, &|_| false)
}

#[test]
fn every_key_that_runs_or_redirects_is_found_in_every_form() {
    for (text, expected) in [
        ("[build]\nrustc = \"./evil\"\n", "build.rustc = \"./evil\""),
        ("build.rustc-wrapper = 'sccache'\n", "build.rustc-wrapper = \"sccache\""),
        ("build = { rustc-workspace-wrapper = 'x' }\n", "build.rustc-workspace-wrapper = \"x\""),
        (
            "[registries.a]\ncredential-provider = [\n  \"./evil\", # a\n  \"b\",\n]\n",
            "registries.a.credential-provider = [\"./evil\", \"b\"]",
        ),
        (
            "[registries]\na.credential-provider = 'cargo:token-from-stdout ./evil'\n",
            "registries.a.credential-provider = \"cargo:token-from-stdout ./evil\"",
        ),
        ("[registry]\ncredential-provider = \"./evil\"\n", "registry.credential-provider = \"./evil\""),
        (
            "[registry]\nglobal-credential-providers = [\"cargo:token\", \"./evil\"]\n",
            "registry.global-credential-providers = [\"cargo:token\", \"./evil\"]",
        ),
        ("[credential-alias]\nx = [\"./evil\"]\n", "credential-alias.x = [\"./evil\"]"),
        ("[http]\nproxy = \"http://me:pw@evil:1\"\n", "http.proxy = \"http://evil:1\""),
        ("[http]\nproxy = \"me:pw@evil:1\"\n", "http.proxy = \"evil:1\""),
        ("[http]\ncainfo = \"evil.pem\"\n", "http.cainfo = \"evil.pem\""),
        ("[http]\nproxy-cainfo = \"evil.pem\"\n", "http.proxy-cainfo = \"evil.pem\""),
        (
            "[registries.a]\nindex = \"sparse+https://me:pw@evil.example/x/?sig=1\"\n",
            "registries.a.index = \"sparse+https://evil.example/x/?***\"",
        ),
        (
            "[source.a]\nregistry = \"https://evil.example/index\"\n",
            "source.a.registry = \"https://evil.example/index\"",
        ),
        (
            "[env]\nCARGO_HTTP_PROXY = { value = \"x\", force = true }\n",
            "env.CARGO_HTTP_PROXY = { value = \"x\", force = true }",
        ),
        ("[env]\nRUSTUP_TOOLCHAIN = \"x\"\n", "env.RUSTUP_TOOLCHAIN = \"x\""),
        ("[env]\nLD_PRELOAD = \"./evil.so\"\n", "env.LD_PRELOAD = \"./evil.so\""),
        ("env.Path = { value = 'evil', force = true }\n", "env.Path = { value = \"evil\", force = true }"),
        (
            "[build]\nrustflags = [\"-Zcodegen-backend=./evil.so\"]\n",
            "build.rustflags = [\"-Zcodegen-backend=./evil.so\"]",
        ),
        (
            "target.'cfg(unix)'.rustflags = '-g -Zllvm-plugins=evil.so'\n",
            "target.cfg(unix).rustflags = \"-g -Zllvm-plugins=evil.so\"",
        ),
        ("[host]\nrustflags = ['--sysroot', 'evil']\n", "host.rustflags = [\"--sysroot\", \"evil\"]"),
        ("[host.x]\nrustflags = ['@evil']\n", "host.x.rustflags = [\"@evil\"]"),
        ("[build]\ntarget = ['a', './evil.json']\n", "build.target = [\"a\", \"./evil.json\"]"),
        (
            "[patch.crates-io]\nserde = { git = \"https://me:pw@evil.example/serde\" }\n",
            "patch.crates-io.serde.git = \"https://evil.example/serde\"",
        ),
        (
            "[source.a]\ngit = \"https://evil.example/index\"\n",
            "source.a.git = \"https://evil.example/index\"",
        ),
        ("[resolver]\nlockfile-path = '/x/Cargo.lock'\n", "resolver.lockfile-path = \"/x/Cargo.lock\""),
        ("include = [\"x.toml\"]\n", "include = [\"x.toml\"]"),
    ] {
        assert_eq!(settings(text), [expected], "{text}");
    }
}

#[test]
fn an_ordinary_project_raises_no_question() {
    let text = format!(
        "[registries]\nrust = {{ index = \"{FEED}\", credential-provider = \"cargo:token\" }}\n\
         old = {{ index = \"sparse+https://fabrikam.pkgs.visualstudio.com/_packaging/a/Cargo/index/\" }}\n\
         [source.crates-io]\nreplace-with = \"rust\"\n\
         [source.mirror]\nregistry = \"https://github.com/rust-lang/crates.io-index\"\n\
         [source.cio]\nregistry = \"sparse+https://index.crates.io/\"\n\
         [registry]\nglobal-credential-providers = [\"cargo:token\"]\ncredential-provider = [\"cargo:token\"]\n\
         [build]\njobs = 4\n[net]\nretry = 3\n[http]\ntimeout = 3\n[env]\nFOO = \"1\"\nRUST_LOG = \"x\"\n[alias]\nx = \"run\"\n\
         [target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\nrunner = \"qemu\"\nrustflags = [\"-Clink-arg=-fuse-ld=lld\"]\n\
         [patch.crates-io]\nmine = {{ path = \"mine\" }}\n"
    );
    assert_eq!(settings(&text), [] as [&str; 0]);
}

#[test]
fn a_host_is_known_by_its_exact_name_or_by_the_person() {
    for index in [
        "sparse+http://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/",
        "sparse+https://pkgs.dev.azure.com.evil.example/x/",
        "sparse+https://pkgs.dev.azure.com:8443/x/",
        "sparse+https://pkgs.dev.azure.com@evil.example/x/",
        "sparse+https://evilpkgs.visualstudio.com/x/",
        "https://github.com/evil/crates.io-index",
        "sparse+https://127.0.0.1/x/",
        "no url at all",
    ] {
        assert_eq!(settings(&format!("[registries.a]\nindex = \"{index}\"\n")).len(), 1, "{index}");
    }
    let text = "[registries.a]\nindex = \"sparse+https://ado.corp.example/c/_packaging/r/Cargo/index/\"\n";
    let corp = |url: &Url| url.host_str() == Some("ado.corp.example");
    assert_eq!(settings_knowing(text, &corp), [] as [&str; 0]);
    assert_eq!(settings(text).len(), 1);
}

#[test]
fn nothing_shown_steers_a_terminal_or_tells_a_token() {
    let text = "[build]\nrustc = \"a\\u001b[31m\\u202Eb\\nc\"\n[registries.\"x\\u001b\"]\ncredential-provider = [\"p\", \"Bearer hunter2\"]\n";
    let found = settings(text);
    assert_eq!(found[0], "build.rustc = \"a[31mb c\"");
    assert_eq!(found[1], "registries.x.credential-provider = [\"p\", \"Bearer ***");
}

#[test]
fn a_toolchain_by_path_is_found_in_both_forms() {
    let setting = |path: &str, text: &str| {
        let found = hazards(&[file(path, CheckoutFileKind::Toolchain, text)], &|_| false).unwrap();
        found.into_iter().map(|hazard| hazard.setting).next()
    };
    let toml = "[toolchain]\npath = \"../evil\"\n";
    assert_eq!(setting("/p/rust-toolchain.toml", toml).as_deref(), Some("toolchain.path = \"../evil\""));
    assert_eq!(setting("/p/rust-toolchain", toml).as_deref(), Some("toolchain.path = \"../evil\""));
    assert_eq!(setting("/p/rust-toolchain", "/tmp/evil\n").as_deref(), Some("/tmp/evil"));
    assert_eq!(setting("/p/rust-toolchain", "nightly-2026-01-01\n"), None);
    assert_eq!(setting("/p/rust-toolchain.toml", "[toolchain]\nchannel = \"1.95\"\n"), None);
}

#[test]
fn only_files_that_are_not_the_persons_are_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let evil = "[build]\nrustc = \"x\"\n";
    for (path, text) in [
        ("ws/.cargo/config.toml", evil),
        (".cargo/config", evil),
        ("home/config.toml", evil),
        ("rust-toolchain.toml", "[toolchain]\npath = \"y\"\n"),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(root.join("ws/rust-toolchain")).unwrap();
    let layers = home::config_layers(&root.join("ws"), &root.join("home")).unwrap();
    let files = checkout_files(&root.join("ws"), &layers).unwrap();
    let found = hazards(&files, &|_| false).unwrap();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(!found.iter().any(|hazard| hazard.file.contains("home")));
}

#[test]
fn an_answer_holds_for_one_place_and_one_content() {
    let files = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, "a")];
    let key = trust_key(Path::new("/p"), &files);
    assert_eq!(key.len(), 64);
    assert_eq!(key, trust_key(Path::new("/p"), &files));
    assert_ne!(key, trust_key(Path::new("/q"), &files));
    let changed = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, "b")];
    assert_ne!(key, trust_key(Path::new("/p"), &changed));
    let moved = [file("/p/.cargo/config", CheckoutFileKind::Config, "tomla")];
    assert_ne!(key, trust_key(Path::new("/p"), &moved));
    assert_ne!(key, trust_key(Path::new("/p"), &[]));
}

#[test]
fn a_file_that_is_no_toml_is_an_error() {
    let files = [file("/p/.cargo/config.toml", CheckoutFileKind::Config, "[")];
    assert!(matches!(hazards(&files, &|_| false), Err(ConfigError::Syntax { .. })));
}

#[test]
fn what_is_included_is_read_too_and_belongs_to_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let write = |path: &str, text: &str| fs::write(root.join(path), text).unwrap();
    fs::create_dir_all(root.join(".cargo")).unwrap();
    write(".cargo/config.toml", "include = [\"a.toml\", { path = \"../b.toml\" }, \"gone.toml\"]\n");
    write(".cargo/a.toml", "include = [\"config.toml\"]\n[build]\nrustc = \"a\"\n");
    write("b.toml", "[env]\nLD_PRELOAD = \"b\"\n");
    let read = || {
        let layers = home::config_layers(root, &root.join("home")).unwrap();
        checkout_files(root, &layers).unwrap()
    };
    let files = read();
    let found = hazards(&files, &|_| false).unwrap();
    let settings: Vec<&str> = found.iter().map(|hazard| hazard.setting.as_str()).collect();
    assert!(settings.contains(&"build.rustc = \"a\"") && settings.contains(&"env.LD_PRELOAD = \"b\""));
    let key = trust_key(root, &files);
    write("b.toml", "[env]\nLD_PRELOAD = \"c\"\n");
    assert_ne!(key, trust_key(root, &read()));
}

/// Files of manifests and lock files on a disk.
mod places {
    use super::*;

    const EVIL: &str = "sparse+https://evil.example/index/";

    fn found_in(files: &[(&str, &str)], mine: &str) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.replace("<E>", EVIL)).unwrap();
        }
        let mine = ConfigLayer {
            path: "/me/config.toml".into(),
            origin: Origin::User,
            text: mine.replace("<E>", EVIL),
        };
        let files = checkout_files(&dir.path().join("p"), &[mine]).unwrap();
        let root = dir.path().canonicalize().unwrap();
        let found = hazards(&files, &|_| false).unwrap();
        let shown = |hazard: Hazard| format!("{}: {}", hazard.file, hazard.setting);
        found.into_iter().map(|hazard| shown(hazard).replace(root.to_str().unwrap(), "")).collect()
    }

    #[test]
    fn an_index_in_any_table_of_dependencies_is_found() {
        for text in [
            "[dependencies]\na = { version = '1', registry-index = '<E>' }\n",
            "[dev-dependencies.a]\nregistry-index = '<E>'\n",
            "[build_dependencies]\na.registry-index = \"<E>\"\n",
            "[target.'cfg(unix)'.dependencies]\na = { registry-index = '<E>' }\n",
            "[workspace.dependencies]\na = { registry-index = '<E>' }\n",
            "[patch.crates-io]\na = { registry-index = '<E>' }\n",
            "[replace]\n'a:1.0.0' = { registry-index = '<E>' }\n",
        ] {
            let found = found_in(&[("p/Cargo.toml", text)], "");
            assert_eq!(found, [format!("/p/Cargo.toml: registry-index = \"{EVIL}\"")], "{text}");
        }
    }

    #[test]
    fn an_index_in_a_lock_file_is_found_once_however_often_it_stands_there() {
        let crates: String =
            ["a", "b"].map(|name| format!("[[package]]\nname = '{name}'\nsource = '<E>'\n")).concat();
        let old = "package = [{ name = 'a', source = 'registry+https://evil.example/git' }]\n";
        let expected = [format!("/p/Cargo.lock: source = \"{EVIL}\"")];
        assert_eq!(found_in(&[("p/Cargo.lock", &crates)], ""), expected);
        assert_eq!(
            found_in(&[("p/Cargo.lock", old)], ""),
            ["/p/Cargo.lock: source = \"https://evil.example/git\""]
        );
        // One that the manifest names too is one question.
        let manifest = "[dependencies]\na = { registry-index = '<E>' }\n";
        assert_eq!(found_in(&[("p/Cargo.toml", manifest), ("p/Cargo.lock", &crates)], "").len(), 1);
    }

    #[test]
    fn members_and_crates_beside_it_are_looked_into_and_circles_end() {
        let evil =
            "[dependencies]\na = { registry-index = '<E>' }\n[dev-dependencies]\nback = { path = '../..' }\n";
        for (root, member) in [
            ("[workspace]\nmembers = ['crates/*']\n", "crates/one"),
            ("[workspace]\nmembers = ['./crates/one']\n", "crates/one"),
            ("[workspace]\nmembers = ['**']\n", "x/y/z"),
            ("[workspace]\nmembers = ['{a']\n[dependencies]\none = { path = 'crates/one' }\n", "crates/one"),
        ] {
            let member = format!("p/{member}/Cargo.toml");
            let found = found_in(&[("p/Cargo.toml", root), (&member, evil)], "");
            assert_eq!(found, [format!("/{member}: registry-index = \"{EVIL}\"")], "{root}");
        }
    }

    #[test]
    fn what_is_known_or_the_persons_own_or_no_index_is_nothing() {
        let lock = format!(
            "[[package]]\nsource = 'registry+https://github.com/rust-lang/crates.io-index'\n\
             [[package]]\nsource = '{FEED}'\n[[package]]\nsource = 'git+https://evil.example/r#1'\n"
        );
        let manifest = "[dependencies]\na = { git = 'https://evil.example/r' }\nb = { registry = 'x' }\n";
        let none: [&str; 0] = [];
        assert_eq!(found_in(&[("p/Cargo.toml", manifest), ("p/Cargo.lock", &lock)], ""), none);
        assert_eq!(found_in(&[("p/Cargo.toml", "[dep"), ("p/Cargo.lock", "= 1")], ""), none);
        let mine = "[registries.corp]\nindex = '<E>'\n";
        assert_eq!(found_in(&[("p/Cargo.lock", "[[package]]\nsource = '<E>'\n")], mine), none);
    }

    #[test]
    fn a_yes_holds_until_another_index_comes() {
        let dir = tempfile::tempdir().unwrap();
        let key = |lock: &str| {
            fs::write(dir.path().join("Cargo.lock"), lock.replace("<E>", EVIL)).unwrap();
            trust_key(dir.path(), &checkout_files(dir.path(), &[]).unwrap())
        };
        let one = key("[[package]]\nname = 'a'\nsource = '<E>'\n");
        assert_eq!(key("[[package]]\nname = 'a'\nsource = '<E>'\n[[package]]\nname = 'b'\n"), one);
        assert_ne!(key("[[package]]\nname = 'a'\nsource = 'sparse+https://more.example/'\n"), one);
    }
}
