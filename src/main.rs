//! Picks the front door and maps its result to an exit code.

use std::future::Future;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use az_cargo_wizard::cargo::provider::FLAG;
use az_cargo_wizard::cli::args::{Arguments, Command, Common, When};
use az_cargo_wizard::cli::output::{Printer, closed, has_named_a_command};
use az_cargo_wizard::cli::{cache, doctor, feeds, logins, run, setup, switch, undo};
use az_cargo_wizard::demo::{Demo, DemoOptions, Pace};
use az_cargo_wizard::domain::text::{clean, quoted};
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::host::{Host, STATE_DIR};
use az_cargo_wizard::log;
use az_cargo_wizard::task::provide_token;
use az_cargo_wizard::task::{self, DemoPlace, EntraFlags, ForceAuth, Restore, Services, Settled};
use az_cargo_wizard::tui::{self, Opening, Starting, Theme};
use clap::Parser as _;

/// Names a file for what the demo is asked, as JSON lines without credentials.
const DEMO_LOG: &str = "AZ_CARGO_WIZARD_DEMO_LOG";

fn main() -> ExitCode {
    let host = Host::os();
    // In every fetch: before anything else that takes time.
    if let Ok(host) = &host
        && host.args.get(1).is_some_and(|argument| argument == FLAG)
    {
        start_log(host, None).unwrap_or_else(|report| Printer::Lines.report(&report));
        return if provide_token::serve(host).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let arguments = Arguments::parse();
    let printer = if arguments.common.json { Printer::Json } else { Printer::Lines };
    let after_demo = after_demo(host.as_ref().ok(), &arguments);
    let exit = front_door(host, arguments, printer).unwrap_or_else(|report| {
        printer.report(&report);
        report.exit
    });
    if let Some(words) = after_demo.filter(|_| printer == Printer::Lines && has_named_a_command()) {
        printer.say(&words);
    }
    ExitCode::from(exit.code())
}

fn front_door(host: std::io::Result<Host>, arguments: Arguments, printer: Printer) -> Result<Exit, Report> {
    let host = host.map_err(|error| {
        Report::new(Exit::Failed, "no-folder", "the working folder is gone").cause(error.to_string())
    })?;
    start_log(&host, arguments.common.log.as_deref())?;
    if is_demo(&arguments.common) && arguments.common.dir.is_some() {
        return Err(Report::new(
            Exit::Usage,
            "usage",
            "`--demo` brings its own project: `--dir` does not go with it",
        )
        .hint("leave one of them out; `--demo-dir DIR` says where the demo is kept"));
    }
    // Threads of finished file work end soon, so that an idle wizard has none that wakes up to end.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_keep_alive(Duration::from_millis(500))
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Report::new(Exit::Failed, "no-runtime", "threads could not be started").cause(error.to_string())
    })?;
    let on_terminal = host.terminal.stdin && host.terminal.stdout && !arguments.common.json;
    let exit = match arguments.command.clone() {
        Some(Command::Demo) => runtime.block_on(serve_demo(&host, &arguments, printer)),
        Some(Command::Cache { command }) => runtime
            .block_on(with_services(&host, &arguments, |services| cache::cache(services, printer, command))),
        Some(Command::Feeds(flags)) => {
            let input = (flags, read_input as setup::StandardInput);
            runtime
                .block_on(with_services(&host, &arguments, |services| feeds::feeds(services, printer, input)))
        }
        Some(Command::Switch(flags)) => runtime.block_on(with_services(&host, &arguments, |services| {
            switch::switch(services, printer, (flags, read_line))
        })),
        Some(Command::Undo(flags)) => runtime.block_on(with_services(&host, &arguments, |services| {
            undo::undo(services, printer, (flags, read_line))
        })),
        Some(Command::Login(flags)) => {
            let input = (flags, read_input as setup::StandardInput);
            runtime.block_on(with_services(&host, &arguments, |services| {
                logins::login(services, printer, input)
            }))
        }
        Some(Command::Logout) => {
            runtime.block_on(with_services(&host, &arguments, |services| logins::logout(services, printer)))
        }
        Some(Command::Status) => {
            runtime.block_on(with_services(&host, &arguments, |services| logins::status(services, printer)))
        }
        Some(Command::Doctor) => {
            runtime.block_on(with_services(&host, &arguments, |services| doctor::doctor(services, printer)))
        }
        Some(Command::Uninstall { forget }) => {
            runtime.block_on(with_services(&host, &arguments, |services| {
                logins::uninstall(services, printer, forget)
            }))
        }
        Some(Command::Setup(flags)) => {
            let input = (flags, read_input as setup::StandardInput);
            runtime
                .block_on(with_services(&host, &arguments, |services| setup::setup(services, printer, input)))
        }
        Some(Command::Fetch { locked, force_auth }) if !on_terminal => {
            let force_auth = if force_auth { ForceAuth::ThisRun } else { ForceAuth::AsRemembered };
            let restore = Restore { locked, force_auth, ..Restore::default() };
            runtime
                .block_on(with_services(&host, &arguments, |services| run::fetch(services, printer, restore)))
        }
        Some(Command::Fetch { locked, force_auth }) => {
            wizard(&runtime, (host, arguments), Opening::Fetch { locked, force_auth }, printer)
        }
        None if on_terminal => wizard(&runtime, (host, arguments), Opening::Wizard, printer),
        None => Err(no_terminal()),
    };
    // What still runs belongs to a job that was given up: it must not hold the process.
    runtime.shutdown_background();
    exit
}

/// Where `--log` or its variable names a file.
fn start_log(host: &Host, flag: Option<&Path>) -> Result<(), Report> {
    let named = flag.or_else(|| host.env.os(log::VARIABLE).filter(|file| !file.is_empty()).map(Path::new));
    named.map_or(Ok(()), |file| log::to(&host.cwd.join(file)))
}

/// Everything on standard input, up to what a token could ever be.
fn read_input() -> std::io::Result<String> {
    const MOST: u64 = 64 * 1024;
    let mut text = String::new();
    std::io::stdin().take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

/// What the person answers to a question.
fn read_line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Who names a folder or a pace for the demo wants the demo.
fn is_demo(common: &Common) -> bool {
    common.demo || common.demo_dir.is_some() || common.demo_fast
}

/// What to know before a command that the demo has named is copied; `None`: there is no demo, or its own lines are said.
fn after_demo(host: Option<&Host>, arguments: &Arguments) -> Option<String> {
    if !is_demo(&arguments.common) || matches!(arguments.command, Some(Command::Demo)) {
        return None;
    }
    let Some(dir) = &arguments.common.demo_dir else {
        return Some(
            "that was a demo, which is gone: the commands named here would work on your own files; \
             `--demo-dir DIR` keeps a demo to go on with"
                .to_owned(),
        );
    };
    let dir = quoted(&clean(&host?.cwd.join(dir).to_string_lossy()));
    Some(format!(
        "that was a demo: put `--demo-dir {dir}` behind each `az-cargo-wizard` named here, which else works on your own \
         files; for `cargo`, run `az-cargo-wizard demo --demo-dir {dir}` and take its lines to a second terminal"
    ))
}

fn no_terminal() -> Report {
    Report::new(Exit::Usage, "no-terminal", "the wizard needs a terminal").hint(
        "without one use a command: `setup`, `feeds`, `fetch`, `cache list`, `doctor` or `demo`; see `az-cargo-wizard --help`",
    )
}

/// The services of one process, and the embedded Azure that must outlive them.
struct Started {
    services: Services,
    demo: Option<Demo>,
}

async fn start(host: Host, arguments: Arguments) -> Result<Started, Report> {
    let mut settled = settled(&arguments);
    let common = arguments.common;
    let mut demo = None;
    if is_demo(&common) {
        let started = start_demo(&host, common.demo_dir, common.demo_fast).await?;
        settled.demo = Some(place(&started));
        demo = Some(started);
    }
    Ok(Started { services: Services::new(host, settled)?, demo })
}

/// What the flags settle for a run outside the demo.
fn settled(arguments: &Arguments) -> Settled {
    let common = arguments.common.clone();
    Settled {
        dir: common.dir,
        org: common.org,
        trust_project: common.trust_project,
        ca_file: common.ca_file,
        dry_run: matches!(&arguments.command, Some(Command::Setup(flags)) if flags.dry_run),
        entra: EntraFlags { tenant: common.tenant, client_id: common.client_id, authority: common.authority },
        ..Settled::default()
    }
}

async fn start_demo(host: &Host, dir: Option<std::path::PathBuf>, fast: bool) -> Result<Demo, Report> {
    let options = DemoOptions {
        dir: dir.map(|dir| host.cwd.join(dir)),
        temp_parent: host.temp_dir.clone(),
        pace: if fast { Pace::Fast } else { Pace::Watchable },
    };
    let demo = Demo::start(options).await?;
    let now = host.clock.now().duration_since(std::time::UNIX_EPOCH);
    demo.it_is(now.map_or(0, |now| now.as_secs()));
    if let Some(file) = host.env.os(DEMO_LOG) {
        demo.log_to(host.cwd.join(file));
    }
    Ok(demo)
}

fn place(demo: &Demo) -> DemoPlace {
    DemoPlace {
        origin: demo.origin().to_owned(),
        token: demo.token().expose().to_owned(),
        project_dir: demo.project_dir().to_owned(),
        cargo_home: demo.cargo_home().to_owned(),
        state_dir: demo.state_dir().to_owned(),
    }
}

async fn with_services<F: Future<Output = Exit>>(
    host: &Host,
    arguments: &Arguments,
    command: impl FnOnce(Arc<Services>) -> F,
) -> Result<Exit, Report> {
    let started = start(host.clone(), arguments.clone()).await?;
    if !matches!(arguments.command, Some(Command::Undo(_)))
        && let Some(damage) = task::new_damage(&started.services)
    {
        Printer::Lines.say(&format!("note: {damage}"));
    }
    let exit = command(Arc::new(started.services)).await;
    drop(started.demo);
    Ok(exit)
}

fn wizard(
    runtime: &tokio::runtime::Runtime,
    (host, arguments): (Host, Arguments),
    opening: Opening,
    printer: Printer,
) -> Result<Exit, Report> {
    let theme = theme(&host, arguments.common.color);
    let clock = host.clock;
    // What files tell is there with the first frame; the demo has none yet.
    let ready = (!is_demo(&arguments.common)).then(|| Services::new(host.clone(), settled(&arguments)));
    let opening = match (opening, &ready) {
        (Opening::Wizard, Some(Ok(services))) => {
            task::glance(services).map_or(Opening::Wizard, |found| Opening::Dashboard(Box::new(found)))
        }
        (opening, _) => opening,
    };
    // The demo lives until the terminal has been given back.
    let (keep, kept) = mpsc::channel();
    let ended = tui::run(
        runtime,
        (theme, opening),
        (clock, move || {
            let ready = Mutex::new(ready);
            Starting::spawn(move || {
                // What is there already is good once.
                let ready = ready.lock().ok().and_then(|mut ready| ready.take());
                let (start, keep) = (start(host.clone(), arguments.clone()), keep.clone());
                async move {
                    if let Some(ready) = ready {
                        return ready;
                    }
                    let started = start.await?;
                    // Nobody keeps it when the wizard has been left meanwhile: it ends here.
                    let _ = keep.send(started.demo);
                    Ok(started.services)
                }
            })
        }),
    );
    drop(kept);
    let ended = ended.map_err(|error| {
        Report::new(Exit::Failed, "terminal-failed", "the terminal could not be used")
            .cause(error.to_string())
    })?;
    for line in &ended.summary {
        printer.say(line);
    }
    Ok(ended.exit)
}

/// Serves the embedded Azure until it is interrupted, and says how to use it from a second terminal.
async fn serve_demo(host: &Host, arguments: &Arguments, printer: Printer) -> Result<Exit, Report> {
    let common = &arguments.common;
    let Some(dir) = common.demo_dir.clone() else {
        return Err(Report::new(Exit::Usage, "usage", "`demo` needs `--demo-dir DIR`")
            .hint("name a folder to keep the demo's project and Cargo home in"));
    };
    let demo = start_demo(host, Some(dir), common.demo_fast).await?;
    let shown = |path: &std::path::Path| quoted(&clean(&path.to_string_lossy()));
    let (project, cargo_home) = (shown(demo.project_dir()), shown(demo.cargo_home()));
    let state = shown(demo.state_dir());
    printer.say(&format!(
        "An embedded Azure DevOps answers at {} until Ctrl-C. In a second terminal:",
        demo.origin()
    ));
    printer.say("");
    let lines = [
        format!("export CARGO_HOME={cargo_home} {STATE_DIR}={state} NO_PROXY=127.0.0.1"),
        format!("cd {project}"),
        format!(
            "echo {} | az-cargo-wizard setup --org {}/contoso --feed rust-crates --with-token --store file --yes",
            place(&demo).token,
            demo.origin()
        ),
        "cargo fetch --locked".to_owned(),
    ];
    for line in lines {
        printer.data(&line).map_err(|error| closed(&error))?;
    }
    task::interrupted().await;
    drop(demo);
    Ok(Exit::Done)
}

fn theme(host: &Host, color: When) -> Theme {
    let color = match color {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            host.env.os("NO_COLOR").is_none_or(std::ffi::OsStr::is_empty)
                && host.env.text("TERM") != Some("dumb")
        }
    };
    Theme { color, unicode: is_utf8(host) }
}

/// Whether the terminal shows more than ASCII: by the locale, as every C program decides it.
fn is_utf8(host: &Host) -> bool {
    if cfg!(windows) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| host.env.text(name));
    let utf8 = |locale: &str| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    // Containers often set no locale at all while their terminals are modern ones.
    locale.is_none_or(utf8) && host.env.text("TERM") != Some("linux")
}
