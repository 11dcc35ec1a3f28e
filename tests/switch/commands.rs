//! `switch` and `undo` without a terminal.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::sandbox::Sandbox;
use crate::support::wizard::product;

const A: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/";
const B: &str = "sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/legacy/Cargo/index/";
const CONFIG: &str = "project/.cargo/config.toml";

/// A project of two feeds, one of them in force.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "project/Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("project/src/lib.rs", "");
    sandbox.write("project/Cargo.lock", "# as it is\nversion = 4\n");
    sandbox.write(CONFIG, config("rust"));
    sandbox
}

fn config(in_force: &str) -> String {
    format!(
        "# the team's\n[registries.rust]\nindex = \"{A}\"\n\n[registries]\nlegacy = {{ index = \"{B}\" }} # old\n\n[source.crates-io]\nreplace-with = \"{in_force}\" # see the wiki\n\n[net]\nretry = 3\n"
    )
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    product(sandbox, args).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{output:?}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], 1);
    value
}

fn text(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.root().join(CONFIG)).unwrap()
}

#[track_caller]
fn done(output: &Output) {
    assert_eq!(code(output), 0, "{}", said(output));
}

#[test]
fn a_switch_changes_one_value_and_undo_brings_it_back() {
    let sandbox = project();
    let lock = fs::read(sandbox.project().join("Cargo.lock")).unwrap();
    let dry = run(&sandbox, &["switch", "legacy", "--dry-run"]);
    done(&dry);
    assert!(said(&dry).contains("- replace-with = \"rust\""), "{}", said(&dry));
    assert!(said(&dry).contains("+ replace-with = \"legacy\""), "{}", said(&dry));
    assert_eq!(text(&sandbox), config("rust"));
    assert!(!sandbox.state_dir().join("journal.json").exists(), "a dry run leaves no entry");

    let output = run(&sandbox, &["switch", "legacy"]);
    done(&output);
    assert_eq!(text(&sandbox), config("legacy"));
    for words in ["switched to `legacy`", "into another cache folder", "Cargo has no credential for `legacy`"]
    {
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
    let again = run(&sandbox, &["switch", "legacy"]);
    assert!(code(&again) == 0 && said(&again).contains("everything is already so"), "{}", said(&again));

    let listed = json(&run(&sandbox, &["switch", "--json"]));
    let names: Vec<_> = listed["registries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["in_force"].as_bool().unwrap()))
        .collect();
    assert_eq!(names, [("rust", false), ("legacy", true), ("crates-io", false)]);

    done(&run(&sandbox, &["undo"]));
    assert_eq!(text(&sandbox), config("rust"));
    let nothing = run(&sandbox, &["undo"]);
    assert!(code(&nothing) == 5 && said(&nothing).contains("nothing to take back"), "{}", said(&nothing));
    assert_eq!(fs::read(sandbox.project().join("Cargo.lock")).unwrap(), lock);
    assert!(
        files_in(&sandbox.project().join(".cargo")) == ["config.toml"],
        "nothing is left beside the file"
    );
}

fn files_in(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn crates_io_directly_and_back() {
    let sandbox = project();
    let output = run(&sandbox, &["switch", "crates-io", "--json"]);
    done(&output);
    let value = json(&output);
    assert_eq!((&value["switched_to"], &value["changed"]), (&"crates-io".into(), &true.into()));
    let without = config("rust").replace("replace-with = \"rust\" # see the wiki\n", "");
    assert_eq!(text(&sandbox), without);
    done(&run(&sandbox, &["switch", "rust"]));
    assert_eq!(
        text(&sandbox),
        without.replace("[source.crates-io]\n", "[source.crates-io]\nreplace-with = \"rust\"\n")
    );
    done(&run(&sandbox, &["undo"]));
    done(&run(&sandbox, &["undo", "--json"]));
    assert_eq!(text(&sandbox), config("rust"));
}

#[test]
fn an_unknown_name_gets_those_that_are_near() {
    let sandbox = project();
    let output = run(&sandbox, &["switch", "legcay"]);
    assert_eq!(code(&output), 5);
    assert!(said(&output).contains("did you mean `legacy`?"), "{}", said(&output));
    let output = run(&sandbox, &["switch", "zzz", "--json"]);
    assert_eq!(json(&output)["error"]["code"], "no-such-registry");
}

#[test]
fn an_index_a_feed_of_an_organization_and_one_used_before_are_added_where_replace_with_is() {
    let sandbox = project();
    done(&run(&sandbox, &["switch", "https://pkgs.dev.azure.com/fabrikam/_packaging/New.Feed/Cargo/index/"]));
    let added = "\n[registries.new-feed]\nindex = \"sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/New.Feed/Cargo/index/\"\n";
    // The file has a `[registries]` of its own, so that the entry joins it.
    assert!(text(&sandbox).contains("replace-with = \"new-feed\" # see the wiki"), "{}", text(&sandbox));
    assert!(
        text(&sandbox).contains("New.Feed/Cargo/index/") && !text(&sandbox).contains(added),
        "{}",
        text(&sandbox)
    );
    done(&run(&sandbox, &["switch", "rust"]));
    done(&run(&sandbox, &["switch", "new-feed", "--remove"]));
    assert_eq!(text(&sandbox), config("rust"));
    let listed = said(&run(&sandbox, &["switch"]));
    assert!(listed.contains("new-feed") && listed.contains("used before"), "{listed}");
    done(&run(&sandbox, &["switch", "new-feed"]));
    done(&run(&sandbox, &["switch", "Fabrikam Fiber/other", "--org", "fabrikam", "--registry", "team"]));
    assert!(
        text(&sandbox).contains("fabrikam/Fabrikam%20Fiber/_packaging/other/Cargo/index/"),
        "{}",
        text(&sandbox)
    );
    assert!(text(&sandbox).contains("replace-with = \"team\" # see the wiki"));
    (0..5).for_each(|_| done(&run(&sandbox, &["undo"])));
    assert_eq!(text(&sandbox), config("rust"));
}

#[test]
fn a_registry_in_force_is_not_removed() {
    let sandbox = project();
    let output = run(&sandbox, &["switch", "rust", "--remove"]);
    assert!(code(&output) == 1 && said(&output).contains("switch to another one first"), "{}", said(&output));
    assert_eq!(text(&sandbox), config("rust"));
    done(&run(&sandbox, &["switch", "legacy", "--remove", "--dry-run"]));
    done(&run(&sandbox, &["switch", "legacy", "--remove"]));
    assert_eq!(
        text(&sandbox),
        config("rust").replace(&format!("legacy = {{ index = \"{B}\" }} # old\n"), "")
    );
    assert_eq!(code(&run(&sandbox, &["switch", "legacy", "--remove"])), 5);
}

#[test]
fn a_registry_that_any_source_is_replaced_by_is_not_removed() {
    let chain = "\n[source.mirror]\nregistry = \"https://mirror.example/index\"\nreplace-with = \"legacy\"\n";
    for file in [CONFIG, "cargo-home/config.toml"] {
        let sandbox = project();
        sandbox.write(CONFIG, config("mirror"));
        let with = format!("{}{chain}", fs::read_to_string(sandbox.root().join(file)).unwrap_or_default());
        sandbox.write(file, &with);
        let output = run(&sandbox, &["switch", "legacy", "--remove"]);
        assert!(
            code(&output) == 1 && said(&output).contains("`[source.mirror]` is replaced by `legacy` in"),
            "{}",
            said(&output)
        );
        assert_eq!(fs::read_to_string(sandbox.root().join(file)).unwrap(), with);
    }
}

#[test]
fn taking_a_registry_out_of_a_file_of_several_projects_says_so() {
    let sandbox = project();
    sandbox.write("cargo-home/config.toml", format!("[registries.legacy]\nindex = \"{B}\"\n"));
    let output = run(&sandbox, &["switch", "legacy", "--remove"]);
    done(&output);
    assert!(
        said(&output).contains("config.toml` is yours: it changes every project.\n"),
        "{}",
        said(&output)
    );
    sandbox.write(".cargo/config.toml", "[registries.above]\nindex = \"sparse+https://above.example/\"\n");
    let output = run(&sandbox, &["switch", "above", "--remove"]);
    done(&output);
    assert!(said(&output).contains("it changes every project below it"), "{}", said(&output));
}

#[test]
fn in_a_member_the_file_of_the_workspace_is_changed_and_taken_back_anywhere_in_it() {
    let sandbox = project();
    let package =
        |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    sandbox.write("project/Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"alone\"]\n");
    for member in ["project/crates/a", "project/crates/b", "project/alone"] {
        sandbox.write(format!("{member}/Cargo.toml"), package(member.rsplit('/').next().unwrap()));
        sandbox.write(format!("{member}/src/lib.rs"), "");
    }
    fs::remove_dir_all(sandbox.project().join(".cargo")).unwrap();
    let index = A.replace("/rust/", "/new/");
    let output = run(&sandbox, &["switch", &index, "--dir", "crates/a/src"]);
    done(&output);
    assert!(text(&sandbox).contains("[registries.new]"), "{}", said(&output));
    assert!(!sandbox.project().join("crates/a/.cargo").exists());
    assert!(!said(&output).contains("lies above this project"), "{}", said(&output));
    // A package that is left out is a project of its own.
    assert_eq!(code(&run(&sandbox, &["undo", "--dir", "alone"])), 5);
    done(&run(&sandbox, &["switch", "crates-io", "--dir", "crates/b"]));
    done(&run(&sandbox, &["undo", "--dir", "crates/a"]));
    done(&run(&sandbox, &["undo"]));
    assert!(!sandbox.project().join(".cargo").exists(), "nor is the folder left that was made for it");
    done(&run(&sandbox, &["switch", &index, "--dir", "alone"]));
    assert!(sandbox.project().join("alone/.cargo/config.toml").exists());
}

/// A `package.workspace` is the checkout's own word: it opens no other folder to links or new files.
#[cfg(unix)]
#[test]
fn a_checkout_that_names_a_workspace_elsewhere_changes_nothing_there() {
    let sandbox = project();
    let names = |root: &str| {
        let text = format!(
            "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\nworkspace = \"{root}\"\n"
        );
        sandbox.write("project/Cargo.toml", text);
    };
    let (link, persons) = (sandbox.root().join(CONFIG), sandbox.root().join("persons.toml"));
    fs::rename(&link, &persons).unwrap();
    std::os::unix::fs::symlink("../../persons.toml", &link).unwrap();
    fs::create_dir(sandbox.project().join(".git")).unwrap();
    sandbox.write("Cargo.toml", "[workspace]\n");
    for root in ["/", ".."] {
        names(root);
        let output = run(&sandbox, &["switch", "legacy"]);
        assert_ne!(code(&output), 0, "{}", said(&output));
        assert!(said(&output).contains("persons.toml"), "{}", said(&output));
        assert_eq!(fs::read_to_string(&persons).unwrap(), config("rust"), "{root}");
    }
    fs::remove_file(&link).unwrap();
    done(&run(&sandbox, &["switch", A]));
    assert!(link.exists() && !sandbox.root().join(".cargo").exists());
    done(&run(&sandbox, &["undo"]));
    assert!(!link.exists());
}

#[test]
fn what_others_have_edited_stays_and_is_asked_about() {
    let sandbox = project();
    done(&run(&sandbox, &["switch", "legacy"]));
    let theirs = config("legacy").replace("retry = 3", "retry = 9");
    sandbox.write(CONFIG, &theirs);
    let output = run(&sandbox, &["undo"]);
    assert_eq!(code(&output), 2);
    for words in ["what this tool did:", "what was edited since:", "+ retry = 9", "`--yes`"] {
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
    assert_eq!(text(&sandbox), theirs);
    let plan = json(&run(&sandbox, &["undo", "--dry-run", "--json"]));
    assert_eq!((&plan["files"][0]["how"], &plan["undone"]), (&"merged".into(), &false.into()));
    done(&run(&sandbox, &["undo", "--yes"]));
    assert_eq!(text(&sandbox), config("rust").replace("retry = 3", "retry = 9"));
}

#[test]
fn an_edit_of_our_own_line_is_never_overwritten() {
    let sandbox = project();
    done(&run(&sandbox, &["switch", "legacy"]));
    let theirs = config("theirs");
    sandbox.write(CONFIG, &theirs);
    for args in [&["undo"][..], &["undo", "--yes"], &["undo", "1", "--yes"]] {
        let output = run(&sandbox, args);
        assert_eq!(code(&output), 1, "{}", said(&output));
        assert!(said(&output).contains("edited in the same place since"), "{}", said(&output));
        assert!(said(&output).contains("what was edited since:"), "{}", said(&output));
        assert_eq!(text(&sandbox), theirs);
    }
    // Put back by hand, it is only marked.
    sandbox.write(CONFIG, config("rust"));
    assert!(said(&run(&sandbox, &["undo"])).contains("was already as before"));
    assert_eq!(code(&run(&sandbox, &["undo", "1"])), 1);
    assert_eq!(code(&run(&sandbox, &["undo", "7"])), 5);
}

#[test]
fn an_older_entry_under_a_newer_one_names_the_newer_one() {
    let sandbox = project();
    done(&run(&sandbox, &["switch", "legacy"]));
    done(&run(&sandbox, &["switch", "crates-io"]));
    let output = run(&sandbox, &["undo", "1", "--yes"]);
    assert!(
        code(&output) == 1 && said(&output).contains("last by entry 2 (switched to crates.io)"),
        "{}",
        said(&output)
    );
    let list = said(&run(&sandbox, &["undo", "--list"]));
    assert!(list.find("   2  ").unwrap() < list.find("   1  ").unwrap(), "{list}");
    assert!(list.contains("source.crates-io.replace-with"), "{list}");
}

#[test]
fn a_secret_reaches_neither_journal_nor_backup() {
    let sandbox = project();
    let secret = "Basic hunter2hunter2hunter2";
    let with = format!("{}[registries.third]\nindex = \"{A}x/\"\ntoken = \"{secret}\"\n", config("rust"));
    sandbox.write(CONFIG, &with);
    done(&run(&sandbox, &["switch", "legacy"]));
    done(&run(&sandbox, &["undo"]));
    assert_eq!(text(&sandbox), with, "exactly, without a copy");
    done(&run(&sandbox, &["switch", "legacy"]));
    sandbox.write(CONFIG, text(&sandbox).replace("retry = 3", "retry = 9"));
    let output = run(&sandbox, &["undo", "--yes"]);
    assert!(
        code(&output) == 1 && said(&output).contains("no copy of what it said is kept"),
        "{}",
        said(&output)
    );
    let output = run(&sandbox, &["switch", "third", "--remove"]);
    done(&output);
    let output = run(&sandbox, &["undo", "3"]);
    assert!(
        code(&output) == 1 && said(&output).contains("holds a secret, which is not kept"),
        "{}",
        said(&output)
    );
    for file in crate::support::wizard::files_below(&sandbox.state_dir()) {
        assert!(!fs::read_to_string(&file).unwrap().contains("hunter2"), "{}", file.display());
    }
    for args in [&["undo", "--list"][..], &["undo", "--list", "--json"], &["undo", "3", "--dry-run"]] {
        assert!(!said(&run(&sandbox, args)).contains("hunter2"));
    }
}

#[test]
fn secrets_of_every_spelling_stay_off_the_screen() {
    let sandbox = project();
    let secrets = "token = \"\"\"\nBasic \\\n  hunter2\nhunter2\"\"\"\nsecret-key = \"a\\\"hunter2\"\n\
                   [env.MY_TOKEN]\nvalue = \"hunter2\"\n[env]\nB_PAT.value = 'hunter2'\n";
    // Right above the line that changes, so that they are in sight.
    let with = config("rust")
        .replace("\n[source.crates-io]", &format!("\n[registries.third]\n{secrets}\n[source.crates-io]"));
    sandbox.write(CONFIG, &with);
    for args in [
        &["switch", "legacy", "--dry-run"][..],
        &["switch", "legacy", "--dry-run", "--json"],
        &["switch", "third", "--remove", "--dry-run"],
        &["switch", "legacy", "--json"],
        &["undo", "--dry-run"],
        &["undo", "--dry-run", "--json"],
    ] {
        let output = run(&sandbox, args);
        done(&output);
        assert!(said(&output).contains("***"), "{args:?}: {}", said(&output));
        assert!(!said(&output).contains("hunter2"), "{args:?}: {}", said(&output));
    }
    done(&run(&sandbox, &["undo"]));
    assert_eq!(text(&sandbox), with);
}

#[test]
fn programs_are_told_what_would_change_and_what_speaks_against_it() {
    let sandbox = project();
    sandbox.write("cargo-home/config.toml", "[registries.own]\nindex = \"sparse+https://own.example/\"\n");
    // As the list of its organization told it: the feed was never in force.
    let told = format!("{{\"version\":1,\"crates_io\":{{\"{B}\":false}}}}");
    sandbox.write("state/az-cargo-wizard/upstreams.json", told);
    let value = json(&run(&sandbox, &["switch", "legacy", "--dry-run", "--json"]));
    assert_eq!(value["act"], "switch");
    assert_eq!((&value["switched_to"], &value["changed"]), (&"legacy".into(), &false.into()), "{value}");
    assert_eq!(value["index"], B);
    let file = &value["files"][0];
    assert!(file["path"].as_str().unwrap().ends_with("project/.cargo/config.toml"), "{value}");
    let lines: Vec<&str> =
        file["diff"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(lines.contains(&"- replace-with = \"rust\" # see the wiki"), "{lines:?}");
    assert!(lines.contains(&"+ replace-with = \"legacy\" # see the wiki"), "{lines:?}");
    let kinds = |value: &Value| -> Vec<String> {
        let warnings = value["warnings"].as_array().unwrap();
        assert!(warnings.iter().all(|warning| warning["text"].as_str().unwrap().ends_with('.')), "{value}");
        warnings.iter().map(|warning| warning["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&value), ["no-upstream", "no-credential"], "{value}");
    assert_eq!(text(&sandbox), config("rust"), "nothing was written");
    let back = json(&run(&sandbox, &["switch", "crates-io", "--dry-run", "--json"]));
    assert_eq!((&back["switched_to"], &back["index"]), (&"crates-io".into(), &Value::Null));
    assert_eq!(kinds(&back), [""; 0]);
    sandbox.write(CONFIG, config("rust").replace(B, "sparse+https://evil.example/index/"));
    let evil = json(&run(&sandbox, &["switch", "legacy", "--dry-run", "--json"]));
    assert_eq!(kinds(&evil)[0], "unknown-host", "{evil}");
    let made = json(&run(&sandbox, &["switch", "own", "--json"]));
    assert_eq!((&made["switched_to"], &made["changed"]), (&"own".into(), &true.into()), "{made}");
    let removal = json(&run(&sandbox, &["switch", "legacy", "--remove", "--dry-run", "--json"]));
    assert_eq!((&removal["act"], &removal["changed"]), (&"remove".into(), &false.into()), "{removal}");
}

#[test]
fn what_a_checkout_alone_names_needs_more_than_a_name() {
    let sandbox = project();
    sandbox.write(CONFIG, config("rust").replace(B, "sparse+https://evil.example/index/"));
    let output = run(&sandbox, &["switch", "legacy"]);
    assert!(code(&output) == 2 && said(&output).contains("unknown host evil.example"), "{}", said(&output));
    assert!(text(&sandbox).contains("replace-with = \"rust\""));
    done(&run(&sandbox, &["switch", "legacy", "--trust-project"]));
    assert!(text(&sandbox).contains("replace-with = \"legacy\""));
}

#[test]
fn the_persons_own_name_does_not_vouch_for_another_index() {
    let sandbox = project();
    let evil = config("rust").replace(B, "sparse+https://evil.example/index/");
    sandbox.write(CONFIG, &evil);
    sandbox.write("cargo-home/config.toml", format!("[registries.legacy]\nindex = \"{B}\"\n"));
    let output = run(&sandbox, &["switch", "legacy"]);
    assert!(code(&output) == 2 && said(&output).contains("unknown host evil.example"), "{}", said(&output));
    assert_eq!(text(&sandbox), evil);
    let own = "[registries.legacy]\nindex = \"sparse+https://evil.example/index\"\n";
    sandbox.write("cargo-home/config.toml", own);
    done(&run(&sandbox, &["switch", "legacy"]));
    assert!(text(&sandbox).contains("replace-with = \"legacy\""));
}

#[test]
fn what_cannot_be_read_in_another_project_stops_no_undo() {
    let sandbox = project();
    sandbox.write("other/Cargo.toml", "[package]\nname = \"other\"\nversion = \"0.1.0\"\n");
    sandbox.write("other/src/lib.rs", "");
    sandbox.write("other/.cargo/config.toml", config("rust"));
    let other = sandbox.root().join("other");
    done(&run(&sandbox, &["switch", "legacy", "--dir", other.to_str().unwrap()]));
    let journal = sandbox.state_dir().join("journal.json");
    let begun = fs::read_to_string(&journal).unwrap().replace("\"done\"", "\"begun\"");
    assert!(begun.contains("\"begun\""));
    fs::write(&journal, begun).unwrap();
    sandbox.write("other/.cargo/config.toml", b"\xff\xfe");
    done(&run(&sandbox, &["switch", "legacy"]));
    done(&run(&sandbox, &["undo"]));
    assert_eq!(text(&sandbox), config("rust"));
}

#[test]
fn a_vendored_folder_gives_way_only_when_it_is_said() {
    let sandbox = project();
    let vendored = config("vendored-sources") + "[source.vendored-sources]\ndirectory = \"vendor\"\n";
    sandbox.write(CONFIG, &vendored);
    let output = run(&sandbox, &["switch", "rust"]);
    assert!(
        code(&output) == 1 && said(&output).contains("already replaced by `vendored-sources`"),
        "{}",
        said(&output)
    );
    assert_eq!(text(&sandbox), vendored);
    done(&run(&sandbox, &["switch", "rust", "--overwrite-replacement"]));
    assert_eq!(text(&sandbox), vendored.replace("\"vendored-sources\" #", "\"rust\" #"));
}

#[cfg(unix)]
#[test]
fn state_is_private_and_a_tracked_file_is_the_teams() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = project();
    let git = |args: &[&str]| assert!(sandbox.command("git").args(args).output().unwrap().status.success());
    git(&["init", "-q"]);
    git(&["add", "."]);
    let output = run(&sandbox, &["switch", "legacy"]);
    assert!(said(&output).contains("it changes it for the team"), "{}", said(&output));
    for file in crate::support::wizard::files_below(&sandbox.state_dir()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert!(mode & 0o777 == 0o600 || file.extension().is_some_and(|end| end == "lock"), "{name}");
    }
}

#[test]
fn uninstalling_is_an_entry_too() {
    let sandbox = project();
    let installed = "[credential-alias]\naz-cargo-wizard = [\"/opt/w\"]\n\n[registry]\nglobal-credential-providers = [\"cargo:token\", \"az-cargo-wizard\"]\n";
    sandbox.write("cargo-home/config.toml", installed);
    done(&run(&sandbox, &["uninstall"]));
    let path = sandbox.cargo_home().join("config.toml");
    assert_ne!(fs::read_to_string(&path).unwrap(), installed);
    done(&run(&sandbox, &["undo"]));
    assert_eq!(fs::read_to_string(&path).unwrap(), installed);
}

#[test]
fn a_garbled_journal_is_set_aside_and_the_work_goes_on() {
    let sandbox = project();
    sandbox.write("state/az-cargo-wizard/journal.json", "{ garbage");
    sandbox.write("state/az-cargo-wizard/state.json", b"\xff\xfe");
    let said_in = |args: &[&str]| {
        let output = run(&sandbox, args);
        (code(&output), said(&output).contains("the journal was damaged; it is kept as `"))
    };
    assert_eq!(said_in(&["switch", "legacy", "--dry-run"]), (0, true), "whoever meets it first says it");
    assert_eq!(said_in(&["switch", "legacy", "--dry-run"]), (0, false), "and nobody else");
    let undo = run(&sandbox, &["undo"]);
    assert_eq!(code(&undo), 5);
    let state_dir = sandbox.state_dir();
    let kept = format!(
        "it is kept as `{}`, with the backups in `{}`",
        state_dir.join("journal.json.garbled-1").display(),
        state_dir.join("backups").display()
    );
    assert!(said(&undo).contains(&kept), "{}", said(&undo));
    let listed = run(&sandbox, &["undo", "--list"]);
    assert!(code(&listed) == 0 && said(&listed).contains(&kept), "{}", said(&listed));
    assert!(!said(&listed).contains("nothing has been changed yet"), "{}", said(&listed));
    done(&run(&sandbox, &["switch", "legacy"]));
    done(&run(&sandbox, &["undo"]));
    assert_eq!(text(&sandbox), config("rust"));
    let garbled = sandbox.state_dir().join("journal.json.garbled-1");
    assert_eq!(fs::read_to_string(garbled).unwrap(), "{ garbage");
    assert_eq!(fs::read(sandbox.state_dir().join("state.json.garbled-1")).unwrap(), b"\xff\xfe");
}
