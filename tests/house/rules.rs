//! The rules as data: where each holds, what it forbids, and why in a sentence.

/// One rule of the house.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) sentence: &'static str,
    /// Rooms, folders or files below `src` where it holds, without `.rs`: `tui`, `tui/screen`, `cargo/cache`.
    files: &'static [&'static str],
    /// The same, where it doesn't.
    except: &'static [&'static str],
    pub(crate) forbids: Forbidden,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Forbidden {
    /// Paths with all that is below them (`std::fs`), methods (`.expose()`) and macros (`println!`).
    Mentions { never: &'static [&'static str], but: &'static [&'static str] },
    /// The other modules of the folder.
    Siblings(&'static str),
    /// Lines of product code in a file.
    FileLongerThan(usize),
    /// Lines of a function, signature and braces included.
    FunctionLongerThan(usize),
}

impl Rule {
    pub(crate) fn holds_in(&self, file: &str) -> bool {
        let within = |places: &[&str]| places.iter().any(|place| is_within(file, place));
        (self.files.is_empty() || within(self.files)) && !within(self.except)
    }
}

fn is_within(file: &str, place: &str) -> bool {
    file.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
}

const EVERYWHERE: &[&str] = &[];

/// The room itself, the others that it may know, and those that everyone may.
macro_rules! knows {
    ($room:literal $(, $other:literal)*) => {
        Forbidden::Mentions {
            never: &["crate"],
            but: &[
                concat!("crate::", $room),
                $(concat!("crate::", $other),)*
                "crate::domain",
                "crate::error",
                "crate::host",
            ],
        }
    };
}

const fn never(never: &'static [&'static str]) -> Forbidden {
    Forbidden::Mentions { never, but: &[] }
}

pub(crate) const RULES: &[Rule] = &[
    // Who may know whom.
    Rule {
        name: "domain-knows-no-room",
        sentence: "What things are does not depend on where they come from: `domain` names no other room.",
        files: &["domain"],
        except: &[],
        forbids: Forbidden::Mentions { never: &["crate"], but: &["crate::domain"] },
    },
    Rule {
        name: "error-knows-no-room",
        sentence: "Each room says how its errors become a report; `error` names none of them.",
        files: &["error"],
        except: &[],
        forbids: Forbidden::Mentions { never: &["crate"], but: &["crate::error", "crate::domain"] },
    },
    Rule {
        name: "host-knows-no-room",
        sentence: "`host` asks the operating system and names only `domain` and `error`.",
        files: &["host"],
        except: &[],
        forbids: knows!("host"),
    },
    Rule {
        name: "files-rooms",
        sentence: "`files` writes bytes and does not know what they mean.",
        files: &["files"],
        except: &[],
        forbids: knows!("files"),
    },
    Rule {
        name: "net-rooms",
        sentence: "`net` builds clients and does not know what they ask for.",
        files: &["net"],
        except: &[],
        forbids: knows!("net"),
    },
    Rule {
        name: "record-rooms",
        sentence: "`record` remembers through `files` and names no other room.",
        files: &["record"],
        except: &[],
        forbids: knows!("record", "files"),
    },
    Rule {
        name: "azure-rooms",
        sentence: "`azure` speaks to the service through `net`; it knows neither `auth`, `cargo` nor a front door.",
        files: &["azure"],
        except: &[],
        forbids: knows!("azure", "net"),
    },
    Rule {
        name: "auth-rooms",
        sentence: "`auth` gets credentials through `net` and `files`; it knows neither `azure`, `cargo` nor a front door.",
        files: &["auth"],
        except: &[],
        forbids: knows!("auth", "net", "files"),
    },
    Rule {
        name: "cargo-rooms",
        sentence: "`cargo` is the local Cargo and its files; it knows neither `azure`, `auth`, `net` nor a front door.",
        files: &["cargo"],
        except: &[],
        forbids: knows!("cargo", "files"),
    },
    Rule {
        name: "task-rooms",
        sentence: "A use case has no idea what a screen, a line of output or a demo is.",
        files: &["task"],
        except: &[],
        forbids: knows!("task", "azure", "auth", "cargo", "files", "net", "record"),
    },
    Rule {
        name: "tui-rooms",
        sentence: "The screen asks `task`, and never goes around it to a service, Cargo, a file or the demo.",
        files: &["tui"],
        except: &[],
        forbids: knows!("tui", "task"),
    },
    Rule {
        name: "cli-rooms",
        sentence: "A command asks `task`, and never goes around it to a service, Cargo, a file or the demo.",
        files: &["cli"],
        except: &[],
        forbids: knows!("cli", "task"),
    },
    Rule {
        name: "demo-rooms",
        sentence: "Were server and client to share code, a wrong field name would pass every test: `demo` names \
                   only `domain`, `files` and `error`.",
        files: &["demo"],
        except: &[],
        forbids: Forbidden::Mentions {
            never: &["crate"],
            but: &["crate::demo", "crate::domain", "crate::files", "crate::error"],
        },
    },
    Rule {
        name: "only-main-knows-the-demo",
        sentence: "The product does not know that there is a demo; `main` alone starts it.",
        files: EVERYWHERE,
        except: &["main", "demo"],
        forbids: never(&["crate::demo"]),
    },
    Rule {
        name: "screens-do-not-know-each-other",
        sentence: "Moving to another screen is a returned `Step`, never a call.",
        files: &["tui/screen"],
        except: &[],
        forbids: Forbidden::Siblings("tui/screen"),
    },
    // Who may use which library.
    Rule {
        name: "domain-is-pure",
        sentence: "`domain` computes: no runtime, network, terminal, file, environment, process or clock.",
        files: &["domain"],
        except: &[],
        forbids: never(&[
            "tokio",
            "reqwest",
            "hyper",
            "ratatui",
            "crossterm",
            "std::fs",
            "std::env",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
            "std::net::ToSocketAddrs",
            "std::process",
            "std::thread",
            "std::time::Instant",
            "std::time::SystemTime::now",
        ]),
    },
    Rule {
        name: "tui-libraries",
        sentence: "The screen neither speaks HTTP, keeps secrets, edits TOML, reads files nor runs programs.",
        files: &["tui"],
        except: &[],
        forbids: never(&["reqwest", "hyper", "keyring", "toml_edit", "std::fs", "tokio::fs", "std::process"]),
    },
    Rule {
        name: "tui-runtime",
        sentence: "Screens are pure: in `tui` only the loop and the effects use tokio.",
        files: &["tui"],
        except: &["tui/effects", "tui/run"],
        forbids: never(&["tokio"]),
    },
    Rule {
        name: "crossterm",
        sentence: "Terminal events are read in few places: the loop, the keymap, the terminal and the text fields.",
        files: EVERYWHERE,
        except: &["tui/terminal", "tui/run", "tui/keymap", "tui/widget/field", "tui/widget/secret_field"],
        forbids: never(&["crossterm", "ratatui::crossterm"]),
    },
    Rule {
        name: "cli-has-no-screen",
        sentence: "Commands print lines and never draw.",
        files: &["cli"],
        except: &[],
        forbids: never(&["ratatui", "crossterm", "tui_input"]),
    },
    // Where the outside world may be touched.
    Rule {
        name: "environment",
        sentence: "The environment, the arguments and the folders of the person come from `host`.",
        files: EVERYWHERE,
        except: &["host"],
        forbids: never(&["std::env", "etcetera"]),
    },
    Rule {
        name: "clock",
        sentence: "The time comes from `host`, so that a test can hold it still.",
        files: EVERYWHERE,
        except: &["host"],
        forbids: never(&[
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "tokio::time::Instant::now",
        ]),
    },
    Rule {
        name: "http-clients",
        sentence: "HTTP clients are built in `net`, where proxies, certificates, redirects and deadlines are settled.",
        files: EVERYWHERE,
        except: &["net"],
        forbids: never(&[
            "reqwest::Client::new",
            "reqwest::Client::builder",
            "reqwest::Client::default",
            "reqwest::ClientBuilder",
            "reqwest::get",
            "reqwest::blocking",
        ]),
    },
    Rule {
        name: "writing-files",
        sentence: "Files are written in `files`, which knows links, modes, locks and backups; the demo writes its own folder.",
        files: EVERYWHERE,
        except: &["files", "demo/project"],
        forbids: never(&[
            "std::fs::write",
            "std::fs::copy",
            "std::fs::rename",
            "std::fs::create_dir",
            "std::fs::create_dir_all",
            "std::fs::hard_link",
            "std::fs::soft_link",
            "std::fs::set_permissions",
            "std::fs::DirBuilder",
            "std::fs::OpenOptions",
            "std::fs::File::create",
            "std::fs::File::create_new",
            "std::fs::File::options",
            "std::os::unix::fs::symlink",
            "std::os::windows::fs",
            "tokio::fs",
            "tempfile",
            ".set_len()",
            ".set_permissions()",
        ]),
    },
    Rule {
        name: "deleting-files",
        sentence: "Files are deleted in `files`; crates of Cargo's cache, under Cargo's locks, in two places of `cargo`.",
        files: EVERYWHERE,
        except: &["files", "demo/project", "cargo/cache", "cargo/recover"],
        forbids: never(&["std::fs::remove_file", "std::fs::remove_dir", "std::fs::remove_dir_all"]),
    },
    Rule {
        name: "stdout",
        sentence: "Standard output belongs to the printers, the credential protocol and the terminal (`host` only asks what it is).",
        files: EVERYWHERE,
        except: &["cli/output", "cargo/provider", "tui/terminal", "host"],
        forbids: never(&[
            "std::io::stdout",
            "tokio::io::stdout",
            "ratatui::init",
            "ratatui::try_init",
            "ratatui::run",
            "ratatui::restore",
            "ratatui::try_restore",
            "print!",
            "println!",
            "dbg!",
        ]),
    },
    Rule {
        name: "stderr",
        sentence: "Standard error belongs to the printers, the credential protocol, the terminal and the end of `main`.",
        files: EVERYWHERE,
        except: &["cli/output", "cargo/provider", "tui/terminal", "host", "main"],
        forbids: never(&["std::io::stderr", "tokio::io::stderr", "eprint!", "eprintln!"]),
    },
    Rule {
        name: "exit",
        sentence: "The process ends by returning from `main`, after everything that must be restored has been.",
        files: EVERYWHERE,
        except: &[],
        forbids: never(&["std::process::exit", "std::process::abort"]),
    },
    Rule {
        name: "secrets",
        sentence: "A secret leaves its wrapper only where it is encoded, sent to its own service, checked, or handed to Cargo.",
        files: EVERYWHERE,
        except: &[
            "domain/credential",
            "azure/client",
            "auth/pat",
            "auth/entra",
            "auth/environment",
            "auth/jwt",
            "auth/vault",
            "cargo/credentials",
            "cargo/native",
            "cargo/provider",
            "task/provide_token",
            "task/restore",
            // The demo's own token, which is there to be shown and pasted.
            "main",
        ],
        forbids: never(&[
            ".expose()",
            "crate::domain::credential::Secret::expose",
            ".expose_secret()",
            "secrecy::ExposeSecret",
        ]),
    },
    // How long things may be.
    Rule {
        name: "file-length",
        sentence: "A file above 500 lines, its tests aside, is two rooms.",
        files: EVERYWHERE,
        except: &[],
        forbids: Forbidden::FileLongerThan(500),
    },
    Rule {
        name: "function-length",
        sentence: "A function above 80 lines is several.",
        files: EVERYWHERE,
        except: &[],
        forbids: Forbidden::FunctionLongerThan(80),
    },
];
