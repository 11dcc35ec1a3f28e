//! Every screen on a hostile world.

use std::fs;

use crate::clean::assert_screen;
use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo, demo_dir, steps, token};
use crate::world::{self, ESCAPED_IN_TOML, make, write_config};

/// Opens and closes the help of the screen.
fn help(wizard: &mut Terminal) {
    wizard.send("?");
    wizard.wait_for("Esc close");
    wizard.send("<esc>");
    wizard.wait_gone("Esc close");
}

/// Reads to the end, where all has to be seen before it can be agreed to, and agrees.
fn agree(wizard: &mut Terminal) {
    while wizard.screen().contains("Enter read on") {
        let before = wizard.cells().contents();
        wizard.send("<enter>");
        wizard.wait_until("the next lines", |screen| screen.contents() != before);
    }
    wizard.send("<enter>");
}

/// Has a feed made, or what the service makes of it.
fn a_new_feed(wizard: &mut Terminal) {
    wizard.send("n");
    wizard.wait_for("A new feed in");
    wizard.send("<enter>");
    wizard.wait_for("POST");
    help(wizard);
    agree(wizard);
    wizard.wait_for("created Storefront/storefront-crates");
    wizard.wait_for("Has the crates.io upstream");
}

#[test]
fn nothing_steers_the_terminal_on_the_way_through_all_screens() {
    for (cols, rows) in [(80, 24), (120, 36)] {
        let sandbox = Sandbox::new();
        make(&sandbox);
        write_config(&sandbox, "");
        let mut wizard = Terminal::spawn(&demo(&sandbox), cols, rows);
        wizard.wait_for("Which organization");
        help(&mut wizard);
        steps::organization(&mut wizard);
        wizard.wait_for("Sign in to http://127.0.0.1:");
        help(&mut wizard);
        steps::sign_in(&mut wizard, &token(&sandbox));
        wizard.wait_for("rust-crates");
        help(&mut wizard);
        a_new_feed(&mut wizard);
        wizard.send("Gg/rust-crates<enter>");
        steps::feed(&mut wizard);
        wizard.wait_for("What shall Cargo's configuration say?");
        help(&mut wizard);
        wizard.send("<enter>");
        wizard.wait_for("This will be written when you agree");
        wizard.send("jjkk");
        help(&mut wizard);
        agree(&mut wizard);
        steps::log_in(&mut wizard);
        steps::restored(&mut wizard);
        wizard.send("d");
        wizard.wait_for("Downloaded");
        wizard.send("d");
        help(&mut wizard);
        wizard.send("<enter>");
        wizard.wait_for("60 crates, 11.2 MB in");
        help(&mut wizard);
        wizard.send("Gg");
        wizard.send("<enter>");
        assert_eq!(wizard.wait_exit(), Ended::Code(0));
        assert_screen(wizard.output());
        wizard.assert_restored();
    }
}

#[test]
fn nothing_steers_the_terminal_when_the_service_refuses() {
    let sandbox = Sandbox::new();
    make(&sandbox);
    let index = format!(
        "sparse+{}/contoso/Payments/_packaging/payments-crates/Cargo/index/",
        world::origin(&sandbox)
    );
    write_config(
        &sandbox,
        &format!("[registries.pay]\nindex = \"{index}\"\n[source.crates-io]\nreplace-with = \"pay\"\n"),
    );
    let mut wizard = Terminal::spawn(&demo(&sandbox), 120, 36);
    wizard.wait_for("Sign in to http://127.0.0.1:");
    wizard.paste("notatokenthatanybodyknows");
    wizard.send("<enter>");
    wizard.wait_for("Not signed in at");
    wizard.send("<esc>");
    wizard.wait_gone("Not signed in at");
    steps::sign_in(&mut wizard, &token(&sandbox));
    steps::log_in(&mut wizard);
    wizard.wait_for("your role cannot save it there");
    wizard.send("d");
    wizard.wait_for("AddPackage");
    wizard.send("jG");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(4));
    assert_screen(wizard.output());
}

#[test]
fn nothing_steers_the_terminal_when_the_project_is_not_trusted() {
    let sandbox = Sandbox::new();
    make(&sandbox);
    write_config(
        &sandbox,
        &format!(
            "[build]\nrustc = \"{ESCAPED_IN_TOML}\"\n[http]\nproxy = \"http://me:s3cret@ho{ESCAPED_IN_TOML}st:1\"\n\
             [env]\n\"LD_{ESCAPED_IN_TOML}\" = \"{ESCAPED_IN_TOML}\"\n\
             [credential-alias]\n\"p{ESCAPED_IN_TOML}\" = [\"{ESCAPED_IN_TOML}\"]\n"
        ),
    );
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("would do more than build");
    wizard.send("jk");
    help(&mut wizard);
    wizard.send("<enter>");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    assert_screen(wizard.output());
    assert!(!String::from_utf8_lossy(wizard.output()).contains("s3cret"));
}

#[test]
fn nothing_steers_the_terminal_when_the_lock_file_or_the_configuration_is_broken() {
    let broken = [
        ("Cargo.lock", format!("# {}\n[[package]]\nname = \"{ESCAPED_IN_TOML}", world::RAW_IN_TOML)),
        (
            ".cargo/config.toml",
            format!("# {}\n\"{ESCAPED_IN_TOML}\" = {}", world::RAW_IN_TOML, world::RAW_IN_TOML),
        ),
        ("Cargo.toml", format!("[package]\nname = \"{ESCAPED_IN_TOML}\"\n")),
        ("rust-toolchain", format!("{}\n", az_cargo_wizard::demo::PAYLOAD)),
    ];
    for (file, text) in broken {
        let sandbox = Sandbox::new();
        make(&sandbox);
        write_config(&sandbox, "");
        fs::write(demo_dir(&sandbox).join("storefront").join(file), text).unwrap();
        let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
        wizard.wait_until("a screen", |screen| screen.contents().contains("q leave"));
        wizard.send("q");
        wizard.wait_exit();
        assert_screen(wizard.output());
    }
}

#[test]
fn a_long_list_hides_neither_its_length_nor_the_answers() {
    let sandbox = Sandbox::new();
    make(&sandbox);
    let aliases = (0..300).fold(String::new(), |text, number| text + &format!("p{number} = [\"./x\"]\n"));
    write_config(&sandbox, &format!("[build]\nrustc = \"./evil\"\n[credential-alias]\n{aliases}"));
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("Its files say (301 settings):");
    for text in ["build.rustc = \"./evil\"", "lines 1 to ", "Leave, and run nothing", "I trust this project"]
    {
        wizard.wait_for(text);
    }
    wizard.send("<pagedown>");
    wizard.wait_for("credential-alias.p1 = ");
    wizard.wait_for("I trust this project");
    wizard.send("<pageup>");
    wizard.wait_for("build.rustc = \"./evil\"");
    wizard.send("<enter>");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
}
