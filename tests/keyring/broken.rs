//! Keyrings that are missing, dead, silent or locked: what Cargo and a person are told, and when. That an answer comes
//! at all is the deadline's doing: the library behind it would wait for ever.

use std::os::unix::net::UnixListener;

use az_cargo_wizard::auth::vault::Slot;
use az_cargo_wizard::domain::organization::Base;
use az_cargo_wizard::record::outage::Outage;
use az_cargo_wizard::record::{self, Kept, Login, LoginKind, Record};
use serde_json::Value;

use crate::session::Session;
use crate::support::wizard::product;
use crate::world::{World, fed, words};

/// What is said of a keyring.
struct Truth {
    headline: &'static str,
    cause: &'static str,
    mends: &'static str,
    /// What a person is told in place of the cause, who waits longer than Cargo.
    of_person: Option<&'static str>,
}

/// How long it was waited for: within a second for Cargo, of which it gets nine tenths.
const SILENT: Truth = Truth {
    headline: "the keyring does not answer",
    cause: "it had 0.9 seconds",
    mends: "look for a window",
    of_person: Some("it had 5 seconds"),
};

const NONE: &str = "there is no keyring on this machine, or none for this session";
const START: &str = "start a session with a keyring";

impl World {
    /// Signed in to an organization whose credential is in the keyring, as far as is known.
    fn recorded(&self) {
        let login =
            Login { kind: LoginKind::Pat, kept: Kept::Keyring, who: "Ana".into(), expires: None, made: None };
        record::log_in(self.demo.state_dir(), &self.base(), &login).unwrap();
    }

    fn forget_outage(&self) {
        Outage::forget(self.demo.state_dir()).unwrap();
    }

    fn causes(&self) -> (String, Vec<String>) {
        let answer = self.get();
        let told = &answer["Err"];
        assert_eq!(told["kind"], "other", "never `not-found`, for then a stale token would answer: {answer}");
        let causes = told["caused-by"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&told["message"]), causes.map(text).collect())
    }

    /// What Cargo, `login` and `status` are told, whether a credential is in that keyring or not.
    fn is_told(&self, truth: &Truth) {
        self.recorded();
        self.forget_outage();
        let (message, causes) = self.causes();
        assert_eq!(message, truth.headline);
        let (mends, why) = causes.split_last().unwrap();
        assert!(why.join(" ").contains(truth.cause), "{why:?}");
        let file = format!("az-cargo-wizard login --org {} --store file", self.base());
        assert!(mends.contains(truth.mends) && mends.contains(&file), "{mends}");

        let (message, causes) = self.causes();
        assert!(message.contains(truth.headline) && message.contains(truth.cause), "{message}");
        assert_eq!(causes[0], "it was asked within the last minute");
        assert!(causes.last().unwrap().contains(&file), "{causes:?}");
        self.forget_outage();

        let before = self.demo.requests().len();
        let login = self.log_in(&[]);
        let said = words(&login);
        assert_eq!(login.status.code(), Some(1), "{said}");
        let cause = truth.of_person.unwrap_or(truth.cause);
        assert!(said.contains(truth.headline) && said.contains(cause), "{said}");
        assert!(said.contains("az-cargo-wizard login --store file"), "{said}");
        assert_eq!(self.demo.requests().len(), before, "the keyring was tried before anybody was asked");

        let status = self.status();
        assert_eq!(status["logins"][0]["found"], Value::Null, "{status}");
        assert!(status["logins"][0]["trouble"].as_str().unwrap().contains(truth.headline), "{status}");
    }
}

#[test]
fn no_session_at_all() {
    let mut world = World::new();
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let cause = "no session with a message bus is known";
    world.is_told(&Truth { headline: NONE, cause, mends: START, of_person: None });
}

#[test]
fn a_session_without_a_bus() {
    let mut world = World::new();
    world.sandbox.unset("DBUS_SESSION_BUS_ADDRESS");
    let folder = world.sandbox.root().join("tmp");
    world.sandbox.set("XDG_RUNTIME_DIR", folder);
    let cause = "No such file or directory";
    world.is_told(&Truth { headline: NONE, cause, mends: START, of_person: None });
}

#[test]
fn an_address_at_which_nobody_listens() {
    let mut world = World::new();
    let socket = world.sandbox.root().join("tmp/gone");
    drop(UnixListener::bind(&socket).unwrap());
    world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    let cause = "Connection refused";
    world.is_told(&Truth { headline: NONE, cause, mends: START, of_person: None });
    world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", "no address");
    let cause = "no secret service provider or dbus session found";
    world.is_told(&Truth { headline: NONE, cause, mends: START, of_person: None });
}

#[test]
fn a_bus_that_takes_calls_and_never_answers() {
    let mut world = World::new();
    let socket = world.sandbox.root().join("tmp/silent");
    let _listener = UnixListener::bind(&socket).unwrap();
    world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    world.is_told(&SILENT);
}

#[test]
fn a_bus_without_a_secret_service() {
    let Some(session) = Session::start() else { return };
    let world = World::of(&session);
    let cause = "org.freedesktop.secrets was not provided";
    world.is_told(&Truth { headline: NONE, cause, mends: START, of_person: None });
}

#[test]
fn a_service_that_never_answers() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&[]).status.success());
    session.silence_keyring();
    world.is_told(&SILENT);
    let (_, causes) = world.causes();
    assert!(causes[0] == SILENT.cause && causes[1].contains(SILENT.mends), "{causes:?}");
    session.wake_keyring();
    assert_eq!(world.causes().1[0], "it was asked within the last minute", "and nobody asks it meanwhile");
    assert!(world.log_in(&[]).status.success());
    assert!(world.get()["Ok"]["token"].is_string(), "it is known to answer");
}

/// A write that is given up may still be done a moment later.
#[test]
fn what_may_come_into_the_keyring_is_known_before_it_is_there() {
    let Some(session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    record::name(world.demo.state_dir(), &world.base()).unwrap();
    let is_known = || Record::load(world.demo.state_dir()).is_in_keyring(&world.base());
    assert!(!is_known());
    session.silence_keyring();
    let request = format!(
        "{{\"v\":1,\"registry\":{{\"index-url\":\"{}\"}},\"kind\":\"login\",\"token\":\"{}\"}}\n",
        world.index(),
        world.demo.token().expose()
    );
    let output = fed(&mut product(&world.sandbox, ["--cargo-plugin"]), &request);
    assert!(String::from_utf8_lossy(&output.stdout).contains(SILENT.headline), "{output:?}");
    assert!(is_known(), "so that the next logout looks for it");
}

#[test]
fn a_locked_keyring() {
    let Some(mut session) = Session::with_keyring() else { return };
    let mut world = World::of(&session);
    assert!(world.log_in(&[]).status.success());
    session.lock_keyring();
    let (message, _) = world.causes();
    assert_eq!(message, "the keyring is locked");
    assert!(!session.has_asked_for_its_password(), "for Cargo no window opens");
    let (headline, mends) = ("the keyring is locked", "unlock the keyring");
    world.is_told(&Truth { headline, cause: "", mends, of_person: None });
    assert!(session.has_asked_for_its_password(), "for a person one does, where it can");

    // Remembered for this session, and no other.
    let Some(other) = Session::with_keyring() else { return };
    assert!(world.causes().0.contains("the keyring is locked"));
    assert_eq!(world.causes().1[0], "it was asked within the last minute");
    world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", other.address());
    assert_eq!(world.causes().0, "the credential is not in the system keyring any more");

    world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", session.address());
    session.end_keyring();
    session.open_keyring();
    world.forget_outage();
    assert!(world.get()["Ok"]["token"].is_string(), "what was locked is still there");
}

#[test]
fn a_service_in_which_no_keyring_was_ever_made() {
    let Some(mut session) = Session::start() else { return };
    session.lock_keyring();
    let world = World::of(&session);
    world.recorded();
    assert_eq!(world.causes().0, "the credential is not in the system keyring any more");
    let login = world.log_in(&[]);
    let said = words(&login);
    assert_eq!(login.status.code(), Some(1), "{said}");
    assert!(said.contains(NONE) && said.contains("has no keyring to keep it in"), "{said}");
}

#[test]
fn the_file_that_was_agreed_to_answers_in_its_place() {
    let Some(mut session) = Session::with_keyring() else { return };
    let world = World::of(&session);
    assert!(world.log_in(&["--store", "file"]).status.success());
    // Without taking the one in the file away.
    let token = world.demo.token().expose();
    crate::apart::write(&world.sandbox, &world.base(), (Slot::Pat, token));
    world.recorded();
    assert!(world.get()["Ok"]["token"].is_string());
    session.lock_keyring();
    for _ in 0..2 {
        assert!(world.get()["Ok"]["token"].is_string());
    }
    assert!(!session.has_asked_for_its_password());
}

#[test]
fn another_organization_is_none_of_a_broken_keyrings_business() {
    let mut world = World::new();
    let socket = world.sandbox.root().join("tmp/silent");
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    world.sandbox.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    let login =
        Login { kind: LoginKind::Pat, kept: Kept::Keyring, who: "Ana".into(), expires: None, made: None };
    let elsewhere = Base::parse("https://dev.azure.com/contoso").unwrap();
    record::log_in(world.demo.state_dir(), &elsewhere, &login).unwrap();
    assert_eq!(world.get()["Err"]["kind"], "url-not-supported");
    assert!(listener.accept().is_err(), "it was not called");
}
