//! Cargo's own providers, through the real Cargo: with its file of tokens, which works everywhere, in the place of a
//! keyring; and the one for the keyring of Linux where there is none.

use std::fs;

use az_cargo_wizard::cargo::error::ConfigError;
use az_cargo_wizard::cargo::native::{Native, Registry};
use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::host::Env;

use crate::support::wizard::product;
use crate::world::{REGISTRY, World, fed, words};

impl World {
    fn env(&self) -> Env {
        self.sandbox.host(&[]).env
    }

    /// What a provider does for the demo's registry.
    fn native<T>(&self, provider: &str, act: impl AsyncFnOnce(Native<'_>, Registry<'_>) -> T) -> T {
        let (name, index) = (RegistryName::parse(REGISTRY).unwrap(), IndexUrl::parse(&self.index()).unwrap());
        let env = self.env();
        let native = Native { env: &env, dir: self.demo.project_dir(), provider };
        self.run_to_its_end(act(native, Registry { name: &name, index: &index }))
    }

    fn header(&self) -> Secret {
        Credential::Pat(self.demo.token().clone()).header()
    }
}

#[test]
fn cargo_keeps_hands_out_and_forgets_what_it_is_given() {
    let world = World::new();
    let file = world.file("credentials.toml");
    world.native("cargo:token", async |native, registry| {
        native.try_out().await.unwrap();
        assert!(!file.exists(), "a trial keeps nothing");
        // Nothing is kept yet, and Cargo says so.
        let nobody = native.prove(registry).await.unwrap_err();
        assert!(
            matches!(&nobody, ConfigError::NativeFailed { words, .. } if words.contains("no token found"))
        );
        native.keep(registry, &world.header()).await.unwrap();
        native.prove(registry).await.unwrap();
    });
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.contains(&format!("token = \"{}\"", world.header().expose())), "as it goes over the wire");
    world.native("cargo:token", async |native, registry| native.forget(registry).await.unwrap());
    assert!(!fs::read_to_string(&file).unwrap().contains("Basic"));
}

#[test]
fn a_provider_of_another_system_and_one_without_a_message_bus_say_why_they_do_not_work() {
    let mut world = World::new();
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    for provider in ["cargo:wincred", "cargo:libsecret"].into_iter().skip(usize::from(cfg!(windows))) {
        if cfg!(target_os = "macos") {
            return;
        }
        let error = world.native(provider, async |native, _| native.try_out().await.unwrap_err());
        let ConfigError::NativeFailed { provider: named, words } = error else { panic!("{error:?}") };
        assert_eq!(named, provider);
        assert!(!words.is_empty());
        let report = world.native(provider, async |native, registry| {
            native.keep(registry, &world.header()).await.unwrap_err()
        });
        assert!(!format!("{report:?}").contains(world.header().expose()));
    }
}

#[test]
fn without_a_keyring_setup_refuses_the_native_store_and_says_why() {
    let mut world = World::new();
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let org = format!("{}/contoso", world.demo.origin());
    let flags =
        ["setup", "--org", &org, "--with-token", "--store", "native", "--feed", "rust-crates", "--yes"];
    let output = fed(&mut product(&world.sandbox, flags), &format!("{}\n", world.demo.token().expose()));
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("there is no keyring"), "{}", words(&output));
    assert!(world.demo.requests().is_empty(), "nobody was asked");
    let entra =
        ["setup", "--org", &org, "--auth", "device", "--store", "native", "--feed", "rust-crates", "--yes"];
    let output = product(&world.sandbox, entra).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(words(&output).contains("for personal access tokens"), "{}", words(&output));
}

#[test]
fn without_the_flag_the_store_that_fits_is_taken_or_named_with_its_reason() {
    let mut world = World::new();
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let org = format!("{}/contoso", world.demo.origin());
    let flags = ["setup", "--org", &org, "--with-token", "--feed", "rust-crates", "--yes"];
    let output = product(&world.sandbox, flags).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    for part in [
        "--store provider|provider-file|native|file|none",
        "`file` would fit, in plain text, because no keyring answers",
    ] {
        assert!(words(&output).contains(part), "{part}: {}", words(&output));
    }
    world.sandbox.set("TF_BUILD", "True");
    let args = [&flags[..6], &["--dry-run", "--dir", world.demo.project_dir().to_str().unwrap()]].concat();
    let output = fed(&mut product(&world.sandbox, &args), &format!("{}\n", world.demo.token().expose()));
    assert!(output.status.success(), "{}", words(&output));
    assert!(
        words(&output).contains("kept in: this run only, because a pipeline's machine (Azure Pipelines)"),
        "{}",
        words(&output)
    );
}
