//! A message bus of the test's own in a private folder, and a keyring on it. Nothing of the person's session is asked,
//! and everything ends with it.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery staple";

const SERVICE: &str = "org.freedesktop.secrets";

/// How often the bus is asked whether a program has come up; each time takes milliseconds.
const TRIES: usize = 5_000;

/// Starts no program by itself: what is on it the test has put there.
const CONFIG: &str = r#"<busconfig>
<type>session</type>
<listen>unix:path=@BUS@</listen>
<auth>EXTERNAL</auth>
<policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
</policy>
</busconfig>
"#;

/// A session like that of a person at a desktop.
pub(crate) struct Session {
    dir: TempDir,
    address: String,
    bus: Child,
    keyring: Option<Child>,
}

impl Session {
    /// A bus and nothing on it; `None`, and why, where the programs are missing, or not allowed: the keyring's asks for
    /// memory that is never swapped, which some containers refuse.
    pub(crate) fn start() -> Option<Self> {
        for program in ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"] {
            if let Err(error) = command(program).arg("--version").output() {
                let why = match error.kind() {
                    ErrorKind::NotFound => "not installed (Debian: dbus, gnome-keyring)".to_owned(),
                    _ => format!("not to be started: {error}"),
                };
                // Not by a macro, whose words a test that passes never shows.
                let _ = std::io::stderr().write_all(format!("skipped: `{program}` is {why}\n").as_bytes());
                return None;
            }
        }
        // Of mode 0700.
        let dir = tempfile::Builder::new().prefix("az-cargo-wizard-bus-").tempdir().unwrap();
        let config = dir.path().join("bus.conf");
        fs::write(&config, CONFIG.replace("@BUS@", dir.path().join("bus").to_str().unwrap())).unwrap();
        let mut bus = command("dbus-daemon");
        let bus = bus.arg("--config-file").arg(config).args(["--nofork", "--print-address"]);
        let mut bus = bus.stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim_end().to_owned();
        assert!(address.starts_with("unix:path="), "the bus did not start");
        Some(Self { dir, address, bus, keyring: None })
    }

    /// A bus with a keyring that is open.
    pub(crate) fn with_keyring() -> Option<Self> {
        let mut session = Self::start()?;
        session.open_keyring();
        Some(session)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Starts the keyring as a login does, with the person's password; made where there is none.
    pub(crate) fn open_keyring(&mut self) {
        let mut keyring = self.spawn_keyring(&["--unlock"]);
        keyring.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        self.wait_for(keyring);
    }

    /// Starts it as in a session that nobody has logged in to with a password. Its window for one cannot open: no
    /// program for that is on the bus.
    pub(crate) fn lock_keyring(&mut self) {
        self.end_keyring();
        let keyring = self.spawn_keyring(&[]);
        self.wait_for(keyring);
    }

    /// Stops it in the middle of its life: it owns its name and answers nobody.
    pub(crate) fn silence_keyring(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on.
    pub(crate) fn wake_keyring(&self) {
        self.signal(Signal::CONT);
    }

    pub(crate) fn end_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            keyring.kill().unwrap();
            keyring.wait().unwrap();
        }
        while self.has_keyring() {}
    }

    /// How many entries of ours are in it.
    pub(crate) fn entries(&self) -> usize {
        let attributes = "dict:string:string:service,az-cargo-wizard";
        let path = "/org/freedesktop/secrets";
        let found = self.ask(SERVICE, path, ["org.freedesktop.Secret.Service.SearchItems", attributes]);
        found.lines().filter(|line| line.contains("object path")).count()
    }

    /// Whether its window for the password was asked for, which cannot open here.
    pub(crate) fn has_asked_for_its_password(&self) -> bool {
        fs::read_to_string(self.words()).unwrap().contains("prompt")
    }

    fn words(&self) -> PathBuf {
        self.dir.path().join("keyring.err")
    }

    fn spawn_keyring(&self, args: &[&str]) -> Child {
        let mut keyring = command("gnome-keyring-daemon");
        keyring.args(["--foreground", "--components=secrets"]).args(args);
        for (name, folder) in [("HOME", "home"), ("XDG_DATA_HOME", "home/data"), ("XDG_RUNTIME_DIR", "run")] {
            let folder = self.dir.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            make_private(&folder);
            keyring.env(name, folder);
        }
        keyring.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        let words = fs::File::create(self.words()).unwrap();
        keyring.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(words).spawn().unwrap()
    }

    /// Until it owns its name.
    fn wait_for(&mut self, mut keyring: Child) {
        for _ in 0..TRIES {
            if self.has_keyring() {
                self.keyring = Some(keyring);
                return;
            }
            let ended = keyring.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", fs::read_to_string(self.words()).unwrap());
        }
        let _ = keyring.kill();
        panic!("the keyring did not come up");
    }

    fn has_keyring(&self) -> bool {
        let name = format!("string:{SERVICE}");
        let asked = ["org.freedesktop.DBus.NameHasOwner", &name];
        self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", asked).contains("boolean true")
    }

    fn ask(&self, who: &str, path: &str, what: [&str; 2]) -> String {
        let mut asked = command("dbus-send");
        asked.arg(format!("--bus={}", self.address)).arg(format!("--dest={who}"));
        let output = asked.args(["--print-reply", path]).args(what).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn signal(&self, signal: Signal) {
        let keyring = self.keyring.as_ref().unwrap();
        kill_process(Pid::from_child(keyring), signal).unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in self.keyring.iter_mut().chain([&mut self.bus]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// With nothing of the person's session.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn make_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
}
