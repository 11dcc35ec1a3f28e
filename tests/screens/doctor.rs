//! The Doctor tab.

use az_cargo_wizard::domain::finding::Finding;
use az_cargo_wizard::error::Exit;
use az_cargo_wizard::task::doctor::{Check, Diagnosis};
use az_cargo_wizard::task::{Event, Request};
use az_cargo_wizard::tui::{Step, Theme};

use crate::draw::{USUAL, drawn, text_of};
use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "doctor":
    looking => |wizard| opened(wizard).at(300);
    one => |wizard| saying(opened(wizard), vec![Diagnosis {
        check: Check::Cargo,
        finding: Finding::failed("Cargo", "`cargo` is not on the PATH", "install Rust from https://rustup.rs"),
        exit: Exit::NotFound,
    }]).at(300);
    files_told => |wizard| saying(opened(wizard), of_files()).at(300);
    nothing_to_mend => |wizard| saying(opened(wizard), of_files()).answer(Event::Examined);
    told => |wizard| saying(opened(wizard), everything()).answer(Event::Examined);
    offline => |wizard| {
        let mut lines = of_files();
        lines.extend(Check::OF_SERVICE.map(|check| {
            let why = "couldn't find out, because could not reach `feeds.dev.azure.com`";
            let remedy = Some("check the network and the proxy, then try again".to_owned());
            line(check, Finding { remedy, ..Finding::unknown(check.subject(), why) })
        }));
        saying(opened(wizard), lines).answer(Event::Examined)
    };
    far_scrolled => |wizard| saying(opened(wizard), everything()).answer(Event::Examined).press("G<up>");
    failed => |wizard| opened(wizard).fail(world::file_is_locked());
    wide_names => |wizard| {
        let path = "/home/ana/ソース/日本語のとても長い名前のプロジェクト/👩\u{200d}💻/e\u{301}toile".repeat(2);
        let lines = vec![
            line(Check::Toolchain, Finding::good("Toolchain", format!("pinned to `1.95.0` by {path}"))),
            line(Check::Certificates, Finding::failed("Certificates", format!("{path} is not there"), "日本語の説明を読む")),
        ];
        saying(opened(wizard), lines).answer(Event::Examined)
    };
}

fn opened(wizard: Wizard) -> Wizard {
    wizard.dashboard_of(world::looked_at()).press("<s-tab>")
}

fn line(check: Check, finding: Finding) -> Diagnosis {
    Diagnosis { check, finding, exit: Exit::Failed }
}

fn saying(wizard: Wizard, lines: Vec<Diagnosis>) -> Wizard {
    lines.into_iter().fold(wizard, |wizard, line| wizard.answer(Event::Diagnosed(line)))
}

fn of_files() -> Vec<Diagnosis> {
    let good = |check: Check, text: &str| line(check, Finding::good(check.subject(), text));
    vec![
        good(Check::Tool, "az-cargo-wizard 0.1.0, /home/ana/.cargo/bin/az-cargo-wizard"),
        good(Check::Cargo, "1.89.0"),
        good(Check::Configuration, "source.crates-io.replace-with = `rust-crates` from .cargo/config.toml"),
        good(Check::RegistryName, "`rust`; its variables begin with CARGO_REGISTRIES_RUST_"),
        good(Check::Providers, "`az-cargo-wizard`, then `cargo:token`"),
        good(Check::Credential, "from az-cargo-wizard, in the system keyring, expires in 89 days"),
    ]
}

fn everything() -> Vec<Diagnosis> {
    let mut lines = of_files();
    let warning =
        |check: Check, text: &str, remedy: &str| line(check, Finding::warning(check.subject(), text, remedy));
    lines.extend([
        line(Check::Toolchain, Finding::note("Toolchain", "not pinned by the project: rustup's default")),
        line(Check::Accepted, Finding::failed(
            Check::Accepted.subject(),
            "Azure DevOps does not accept this token (401 Unauthorized: the token is unknown, expired or revoked)",
            "az-cargo-wizard login --org https://dev.azure.com/contoso",
        )),
        warning(Check::Role, "Feed Reader: crates that nobody has saved yet will fail", "ask an owner of the feed for the role Feed and Upstream Reader"),
        warning(Check::Upstreams, "no crates.io, though the feed stands in for it: only its own crates are found", "az-cargo-wizard, then a, and p on the feed (its owner may)"),
        warning(Check::Clock, "4000 s behind the service's: tokens count as ended, or as not yet good", "timedatectl set-ntp true"),
        line(Check::Cache, Finding::failed(
            Check::Cache.subject(),
            "2 files are empty, left by a run that was cut short; Cargo fails over them",
            "az-cargo-wizard cache repair",
        )),
        line(Check::SignedIn, Finding::unknown(Check::SignedIn.subject(), "couldn't find out, because could not reach `dev.azure.com`")),
    ]);
    lines
}

fn at_doctor() -> Wizard {
    opened(Wizard::opened(Theme::default()))
}

#[test]
fn the_lines_stand_in_their_order_whenever_they_come() {
    let mut turned = everything();
    turned.reverse();
    let text =
        |lines| text_of(drawn(&saying(at_doctor(), lines).answer(Event::Examined), (120, 50)).buffer());
    assert_eq!(text(everything()), text(turned));
}

#[test]
fn what_mends_a_line_is_copied() {
    let wizard = saying(at_doctor(), everything()).answer(Event::Examined).press("Gy");
    assert_eq!(wizard.copied, ["az-cargo-wizard cache repair"]);
}

#[test]
fn a_failed_check_marks_its_tab_and_is_looked_at_again() {
    let wizard = saying(at_doctor(), everything()).answer(Event::Examined);
    let text = text_of(drawn(&wizard, USUAL).buffer());
    assert!(text.contains("▸ Doctor ✗"), "{text}");
    let again = wizard.press("r");
    assert_eq!(again.request(), &Request::Doctor);
    assert!(!text_of(drawn(&again, USUAL).buffer()).contains('✗'));
}

#[test]
fn coming_back_looks_again_but_not_twice_at_once() {
    let looking = at_doctor().press("<tab><s-tab>");
    let asked =
        |wizard: &Wizard| wizard.started.iter().filter(|(_, request)| *request == Request::Doctor).count();
    assert_eq!((asked(&looking), looking.app.step()), (1, Step::Doctor));
    let again =
        looking.answer_to(|request| *request == Request::Doctor, Event::Cancelled).press("<tab><s-tab>");
    assert_eq!(asked(&again), 2);
}
