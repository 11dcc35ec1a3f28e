//! People, feeds, files and crates for the screens. Nothing here depends on the machine or the day.

use std::path::PathBuf;

use az_cargo_wizard::domain::account::Account;
use az_cargo_wizard::domain::answering::StoreFacts;
use az_cargo_wizard::domain::credential::{AccessToken, Credential, Kept, Renewal, Secret, TokenOrigin};
use az_cargo_wizard::domain::diff::diff;
use az_cargo_wizard::domain::feed::{
    Condition, CrateCount, Feed, FeedDetails, FeedName, FeedProject, Role, Upstream, View,
};
use az_cargo_wizard::domain::finding::{Finding, Hazard};
use az_cargo_wizard::domain::new_feed::RequestPreview;
use az_cargo_wizard::domain::new_pat::{PatLeft, PatMade};
use az_cargo_wizard::domain::organization::{ProjectName, Target};
use az_cargo_wizard::domain::package::CrateId;
use az_cargo_wizard::domain::plan::{ConfigScope, FileChange, OtherReplacement, Review, SetupPlan, Written};
use az_cargo_wizard::domain::progress::{FetchEvent, Phase, PlannedCrate};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryInForce, RegistryName};
use az_cargo_wizard::domain::way::Means;
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::task::check::{Checkout, Guess, HostTrust, InForce, StandIn};
use az_cargo_wizard::task::logins::KeptLogin;
use az_cargo_wizard::task::{CacheFolder, CachedCrate, Event, KeptIn, LoggedIn};

/// A personal access token as a person pastes it. On no screen, ever.
pub(crate) const TOKEN: &str = "s3cr3tTok3nOfAnaNeverShown4242424242";

/// The embedded Azure's token, which the demo shows.
pub(crate) const DEMO_TOKEN: &str = "demo4qHVdZkT1yXbN8sUwGfLrE0jPmCo2aIhKt6nQvBxWzYuDdRe7AZDOJQQJ99";

const HOME: &str = "/home/ana";
const WORKSPACE: &str = "/home/ana/src/shop";

pub(crate) fn target(text: &str) -> Target {
    Target::parse(text).unwrap()
}

fn guess(text: &str, source: &str, host: HostTrust) -> Guess {
    Guess { target: target(text), source: source.to_owned(), host }
}

/// What is found in every project.
fn findings() -> Vec<Finding> {
    vec![Finding::good("Cargo", "1.89.0"), Finding::good("Project", WORKSPACE)]
}

/// A project whose git remote names an organization, and nothing else.
pub(crate) fn checkout() -> Checkout {
    let guess =
        guess("https://dev.azure.com/contoso/Storefront/_git/shop", "git remote origin", HostTrust::Known);
    Checkout {
        findings: [findings(), vec![Finding::note("Azure CLI", "not installed")]].concat(),
        workspace: Some(WORKSPACE.into()),
        home: Some(HOME.into()),
        guesses: vec![guess],
        ..Checkout::default()
    }
}

/// A project that says nothing about an organization.
pub(crate) fn bare_checkout() -> Checkout {
    Checkout { guesses: Vec::new(), ..checkout() }
}

/// The folder that one happens to be in is no project.
pub(crate) fn no_project() -> Checkout {
    let note = "no Cargo.toml here: the user's configuration, and no Restore";
    Checkout {
        findings: vec![Finding::good("Cargo", "1.89.0"), Finding::note("Project", note)],
        workspace: None,
        ..bare_checkout()
    }
}

/// Two known organizations, and hosts that nobody has vouched for.
pub(crate) fn checkout_with_unknown_hosts() -> Checkout {
    let known = guess("fabrikam", "registry tools", HostTrust::Known);
    let server = "https://ado.attacker.example/tfs/DefaultCollection/_packaging/rust/Cargo/index/";
    let unknown = [
        guess(server, ".cargo/config.toml", HostTrust::Unknown),
        guess("http://192.168.7.9:8080/Collection", "git remote upstream", HostTrust::Unknown),
    ];
    let mut checkout = checkout();
    checkout.guesses.push(known);
    checkout.guesses.extend(unknown);
    checkout
}

fn in_force(token_in: Option<&str>) -> InForce {
    let target = target("https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates/Cargo/index/");
    let index = IndexUrl::build(
        &target.collection,
        target.project.as_ref(),
        target.feed.as_ref().unwrap(),
        target.view.as_ref(),
    );
    InForce {
        registry: RegistryInForce {
            name: RegistryName::parse("rust-crates").unwrap(),
            index,
            source: ".cargo/config.toml".to_owned(),
            replaces_crates_io: true,
        },
        target,
        host: HostTrust::Known,
        token_in: token_in.map(str::to_owned),
        login: None,
        open: false,
    }
}

/// A project whose feed is committed, for somebody who has just cloned it.
pub(crate) fn cloned() -> Checkout {
    let feed = "`rust-crates` stands in for crates.io, from .cargo/config.toml";
    let more = vec![
        Finding::good("Configuration", "/home/ana/src/shop/.cargo/config.toml"),
        Finding::good("Feed", feed),
        Finding::note("Credential", "none for this feed yet"),
    ];
    Checkout { findings: [findings(), more].concat(), in_force: Some(in_force(None)), ..checkout() }
}

/// The same, for somebody who has a credential for it.
pub(crate) fn set_up() -> Checkout {
    let place = "/home/ana/.cargo/credentials.toml";
    Checkout { in_force: Some(in_force(Some(place))), ..cloned() }
}

/// What the files tell of it, before Cargo was asked.
pub(crate) fn glanced() -> Checkout {
    let others = ["rust-releases", "tools"].map(|name| {
        let index =
            format!("sparse+https://pkgs.dev.azure.com/contoso/Storefront/_packaging/{name}/Cargo/index/");
        (RegistryName::parse(name).unwrap(), IndexUrl::parse(&index).unwrap())
    });
    let in_force = in_force(Some("/home/ana/.cargo/credentials.toml"));
    let own = (in_force.registry.name.clone(), in_force.registry.index.clone());
    Checkout {
        workspace: Some(WORKSPACE.into()),
        home: Some(HOME.into()),
        registries: [own].into_iter().chain(others).collect(),
        in_force: Some(in_force),
        ..Checkout::default()
    }
}

/// The same after Cargo was asked.
pub(crate) fn looked_at() -> Checkout {
    Checkout {
        findings: findings(),
        cargo: Some("1.89.0".to_owned()),
        guesses: checkout().guesses,
        ..glanced()
    }
}

/// A token that this tool keeps in the keyring, and that ends in 43 minutes.
pub(crate) fn kept_login() -> KeptLogin {
    KeptLogin {
        base: target("contoso").collection.base(),
        who: "Ana Costa (ana@contoso.example)".to_owned(),
        kind: "personal access token",
        short_kind: "PAT",
        is_renewed: false,
        kept: Some(Kept::Keyring),
        expires: Some(NOON + 43 * 60),
        found: None,
        trouble: None,
    }
}

/// The same, with that sign-in.
pub(crate) fn signed_in_before() -> Checkout {
    let mut checkout = looked_at();
    let in_force = checkout.in_force.as_mut().unwrap();
    in_force.token_in = Some("az-cargo-wizard, in the system keyring".to_owned());
    in_force.login = Some(kept_login());
    checkout
}

/// Two feeds that are ready, and neither of them in the place of crates.io.
pub(crate) fn at_crates_io() -> Checkout {
    let mut checkout = looked_at();
    checkout.way_back =
        Some(Target { project: None, feed: None, ..checkout.in_force.take().unwrap().target });
    checkout
}

/// A project that takes its crates from a folder.
pub(crate) fn vendored() -> Checkout {
    let stand_in = StandIn { name: "vendored-sources".into(), source: ".cargo/config.toml".into() };
    Checkout { stand_in: Some(stand_in), in_force: None, ..looked_at() }
}

/// A project whose feed is another organization's.
pub(crate) fn of_fabrikam() -> Checkout {
    let index = IndexUrl::parse("sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/tools/Cargo/index/");
    let mut checkout = looked_at();
    let in_force = checkout.in_force.as_mut().unwrap();
    in_force.registry.name = RegistryName::parse("tools").unwrap();
    in_force.registry.index = index.unwrap();
    in_force.target = in_force.registry.index.target().unwrap();
    checkout
}

/// A project whose feed is on a host that nobody has named.
pub(crate) fn of_attacker() -> Checkout {
    let index = IndexUrl::parse("sparse+https://ado.attacker.example/t/C/_packaging/evil/Cargo/index/");
    let mut checkout = looked_at();
    let in_force = checkout.in_force.as_mut().unwrap();
    in_force.registry.name = RegistryName::parse("evil").unwrap();
    in_force.registry.index = index.unwrap();
    in_force.target = in_force.registry.index.target().unwrap();
    (in_force.host, in_force.token_in) = (HostTrust::Unknown, None);
    checkout
}

/// The same with many registries.
pub(crate) fn many_registries(number: usize) -> Checkout {
    let more = (0..number).map(|index| {
        let name = format!("feed-{index:02}");
        let address = format!("sparse+https://pkgs.dev.azure.com/contoso/_packaging/{name}/Cargo/index/");
        (RegistryName::parse(&name).unwrap(), IndexUrl::parse(&address).unwrap())
    });
    let mut checkout = looked_at();
    checkout.registries.extend(more);
    checkout
}

/// The sample project of the demo.
pub(crate) fn demo() -> Checkout {
    Checkout {
        demo_token: Some(DEMO_TOKEN.to_owned()),
        means: Means { demo: true, ..Means::default() },
        ..checkout()
    }
}

/// A checkout that would run programs and redirect traffic.
pub(crate) fn hazards() -> Vec<Hazard> {
    let hazard = |file: &str, setting: &str, effect| Hazard {
        file: file.to_owned(),
        setting: setting.to_owned(),
        effect,
    };
    vec![
        hazard(".cargo/config.toml", "build.rustc-wrapper = \"./tools/wrap.sh\"", "run this program"),
        hazard(
            ".cargo/config.toml",
            "http.proxy = \"http://proxy.attacker.example:3128\"",
            "send Cargo's traffic through this proxy",
        ),
        hazard(
            "rust-toolchain.toml",
            "toolchain.path = \"./toolchain\"",
            "run this folder's cargo and rustc",
        ),
    ]
}

/// More settings than a screen has lines.
pub(crate) fn many_hazards(number: usize) -> Vec<Hazard> {
    let hazard = |index: usize| Hazard {
        file: format!("crates/member-{index:02}/.cargo/config.toml"),
        setting: format!("build.rustc-wrapper = \"./tools/wrap-{index:02}.sh\""),
        effect: "run this program",
    };
    (0..number).map(hazard).collect()
}

/// A checkout that names many organizations.
pub(crate) fn many_guesses(number: usize) -> Checkout {
    let one = |index: usize| {
        guess(&format!("organization-{index:02}"), &format!("git remote mirror-{index:02}"), HostTrust::Known)
    };
    Checkout { guesses: (0..number).map(one).collect(), ..checkout() }
}

/// Paths, an organization and a project whose names are long and wide.
pub(crate) fn wide_checkout() -> Checkout {
    let folder = "/home/ana/ソース/日本語のとても長い名前のプロジェクト/👩\u{200d}💻/e\u{301}toile".repeat(2);
    let organization = "a-very-long-name-of-an-organization-in-the-cloud";
    let project = "株式会社コントソの大きなプロジェクト";
    let address = format!("https://dev.azure.com/{organization}/{project}/_git/shop");
    let found = guess(&address, "git remote 日本語のとても長い名前のリモート", HostTrust::Known);
    Checkout {
        findings: vec![
            Finding::good("Cargo", "1.89.0"),
            Finding::good("Project", folder.clone()),
            Finding::warning("Certificates", format!("{folder}/ca.pem"), "日本語の説明を読む"),
        ],
        workspace: Some(folder.into()),
        guesses: vec![found],
        ..checkout()
    }
}

/// A Cargo that is too old.
pub(crate) fn old_cargo() -> Checkout {
    let headline = "Cargo 1.70.0 is too old: credentials for Azure Artifacts need 1.74";
    let hint = "run `rustup update`, or change the toolchain file of the project";
    Checkout {
        findings: vec![Finding::failed("Cargo", headline, hint)],
        failure: Some(Report::new(Exit::Failed, "cargo-too-old", headline).hint(hint)),
        ..bare_checkout()
    }
}

/// A manifest that Cargo's parser draws the fault of.
pub(crate) fn broken_manifest() -> Checkout {
    let headline = "`cargo locate-project` failed";
    let hint = "run the same command in the project to see more";
    let words = "failed to parse manifest at `/home/ana/storefront/Cargo.toml`\nCaused by:\n  TOML parse error at line 2, \
                 column 8\n    |\n  2 | name = \n    |        ^\n  invalid string";
    Checkout {
        findings: vec![Finding::failed("Cargo", headline, hint)],
        failure: Some(Report::new(Exit::Cargo, "cargo-failed", headline).cause(words).hint(hint)),
        ..bare_checkout()
    }
}

/// Everything that a check can say, in every state.
pub(crate) fn findings_of_all_kinds() -> Checkout {
    let mut checkout = cloned();
    checkout.findings.push(Finding::warning(
        "crates.io",
        "is replaced by `mirror`, which has no usable index, in /home/ana/.cargo/config.toml",
        "the Config step can mend it",
    ));
    checkout.findings.push(Finding::good("Proxy", "http://proxy.contoso.example:3128"));
    checkout.findings.push(Finding::good("Certificates", "/etc/ssl/contoso-root.pem"));
    checkout
}

pub(crate) fn no_cargo() -> Report {
    Report::new(Exit::NotFound, "cargo-not-found", "`cargo` is not on the PATH")
        .cause("No such file or directory (os error 2)")
        .hint("install Rust from https://rustup.rs, then check again")
}

pub(crate) fn account() -> Account {
    Account {
        id: Some("11111111-2222-3333-4444-555555555555".to_owned()),
        display_name: "Ana Costa".to_owned(),
        sign_in_name: "ana@contoso.example".to_owned(),
    }
}

pub(crate) fn signed_in() -> Event {
    Event::SignedIn { account: account(), credential: Credential::Pat(Secret::new(TOKEN)) }
}

/// A variable and a file with tokens, of which only this tool's is taken.
pub(crate) fn several_stores() -> StoreFacts {
    StoreFacts {
        list: vec!["cargo:token".to_owned(), "az-cargo-wizard".to_owned()],
        variable: Some("CARGO_REGISTRIES_RUST_CRATES_TOKEN".to_owned()),
        file: Some("~/.cargo/credentials.toml".to_owned()),
        ours: Some("az-cargo-wizard, in the system keyring".to_owned()),
        registry: "rust-crates".to_owned(),
        env_name: "RUST_CRATES".to_owned(),
        system: "linux",
        ..StoreFacts::default()
    }
}

pub(crate) fn no_keyring() -> Report {
    Report::new(Exit::Failed, "keyring-unavailable", "there is no keyring that could be used")
        .cause("no session with a message bus is known")
        .hint("keep the credential in a file")
}

pub(crate) fn no_libsecret() -> Report {
    Report::new(Exit::Failed, "native-store", "`cargo:libsecret` does not work here")
        .cause("failed to load libsecret: try installing the `libsecret` or `libsecret-1-0` package")
        .hint("keep the credential in another place")
}

/// Some day, in seconds since 1970.
pub(crate) const NOON: u64 = 1_795_348_800;

/// The organizations of who has signed in to none of them yet.
pub(crate) fn mine() -> Event {
    let organizations = vec![Target::parse("https://dev.azure.com/contoso").unwrap()];
    Event::Mine { account: account(), credential: of_entra(), organizations }
}

/// With what renews it.
pub(crate) fn of_entra() -> Credential {
    match signed_in_with_entra() {
        Event::SignedIn { credential, .. } => credential,
        other => unreachable!("{other:?}"),
    }
}

/// With a token of a device code that lives for 43 minutes.
pub(crate) fn signed_in_with_entra() -> Event {
    let renewal = Renewal {
        authority: "https://login.microsoftonline.com".to_owned(),
        tenant: "contoso.example".to_owned(),
        client_id: "client".to_owned(),
        refresh: Secret::new(TOKEN),
    };
    let access = AccessToken {
        token: Secret::new(TOKEN),
        expires: Some(NOON + 43 * 60),
        origin: TokenOrigin::DeviceCode(renewal),
    };
    Event::SignedIn { account: account(), credential: Credential::Bearer(Box::new(access)) }
}

pub(crate) fn logged_in_for_this_run() -> Event {
    Event::LoggedIn(LoggedIn {
        kept_in: None,
        left: None,
        public: false,
        forced: None,
        pat: None,
        replaced: Vec::new(),
    })
}

pub(crate) fn signed_in_with_a_wide_name() -> Event {
    let display_name = "アナ・コスタ・デ・アルメイダ・フェレイラ 👩\u{200d}💻".to_owned();
    let account = Account { display_name, ..account() };
    Event::SignedIn { account, credential: Credential::Pat(Secret::new(TOKEN)) }
}

/// An organization whose feeds may not be listed, though some may be used.
pub(crate) fn may_not_list() -> Report {
    Report::new(Exit::NotAllowed, "not-allowed", "you may not do this at `feeds.dev.azure.com`")
        .hint("ask an owner of the feed")
}

pub(crate) fn token_refused() -> Report {
    Report::new(Exit::SignIn, "token-not-accepted", "Azure DevOps does not accept this token")
        .cause("401 Unauthorized: the token is unknown, expired or revoked")
        .detail("activity id: 7d9f2c9e-1111-4222-8333-0123456789ab")
        .hint("make a new one at https://dev.azure.com/contoso/_usersSettings/tokens")
}

pub(crate) fn no_network() -> Report {
    Report::new(Exit::Network, "network", "could not reach `feeds.dev.azure.com`")
        .cause("dns error: failed to lookup address information")
        .hint("check the network and the proxy, then try again")
}

/// A feed, to be refined.
pub(crate) fn feed(name: &str, project: Option<&str>) -> Feed {
    Feed {
        id: format!("id-of-{}-{name}", project.unwrap_or_default()),
        name: FeedName::parse(name).unwrap(),
        description: String::new(),
        project: project.map(|name| FeedProject {
            id: format!("id-of-{name}"),
            name: ProjectName::parse(name).unwrap(),
            public: false,
        }),
        upstreams: Vec::new(),
        upstreams_told: true,
        role: Some(Role::Collaborator),
        condition: Condition::Sound,
    }
}

pub(crate) fn crates_io() -> Upstream {
    upstream("crates.io", "Cargo", "https://index.crates.io/")
}

pub(crate) fn upstream(name: &str, protocol: &str, location: &str) -> Upstream {
    let (name, protocol, location) = (name.to_owned(), protocol.to_owned(), location.to_owned());
    Upstream { name, protocol, location, enabled: true }
}

/// A feed that can stand in for crates.io.
pub(crate) fn rust_feed(name: &str, project: Option<&str>) -> Feed {
    Feed { upstreams: vec![crates_io()], ..feed(name, project) }
}

/// One of each kind; the first is the one for the project at hand.
pub(crate) fn feeds() -> Vec<Feed> {
    let mut public = rust_feed("open-crates", Some("Community"));
    public.project.as_mut().unwrap().public = true;
    vec![
        Feed {
            description: "Everything the shop is built from.".to_owned(),
            role: Some(Role::Contributor),
            ..rust_feed("rust-crates", Some("Storefront"))
        },
        Feed { role: Some(Role::Reader), ..rust_feed("rust-releases", Some("Storefront")) },
        Feed {
            upstreams: vec![upstream("npmjs", "npm", "https://registry.npmjs.org/")],
            ..feed("web", None)
        },
        Feed { role: None, ..public },
        Feed { condition: Condition::UnderMaintenance, role: Some(Role::Owner), ..rust_feed("moving", None) },
    ]
}

pub(crate) fn many_feeds(number: usize) -> Vec<Feed> {
    let roles = [Role::Reader, Role::Collaborator, Role::Contributor, Role::Owner];
    let feed = |index: usize| {
        let name = format!("feed-{index:04}");
        let project = format!("Project {:02}", index % 12);
        let project = (!index.is_multiple_of(5)).then_some(project.as_str());
        let feed = if index.is_multiple_of(3) { feed(&name, project) } else { rust_feed(&name, project) };
        Feed { role: Some(roles[index % 4]), ..feed }
    };
    (0..number).map(feed).collect()
}

/// Names that are long, wide, or put together from several characters.
pub(crate) fn wide_feeds() -> Vec<Feed> {
    vec![
        rust_feed(&"very-long-name-".repeat(4), Some("A project whose name goes on and on without an end")),
        rust_feed("日本語のとても長い名前のフィード", Some("株式会社コントソの大きなプロジェクト")),
        rust_feed("crates-🦀-👩\u{200d}💻-❤\u{fe0f}", Some("Ünïcödé e\u{301}")),
        rust_feed("plain", None),
        feed("فيد-عربي", Some("مشروع")),
    ]
}

pub(crate) fn details(feed: &Feed) -> Event {
    let view = |name: &str, visibility: &str| View { name: name.into(), visibility: visibility.into() };
    Event::FeedDetails(FeedDetails {
        feed_id: feed.id.clone(),
        role: feed.role,
        upstreams: None,
        views: vec![
            view("Local", "people in my organization"),
            view("Prerelease", "specific people"),
            view("Release", "people in my Entra tenant"),
        ],
        crates: Some(CrateCount::AtLeast(1000)),
    })
}

const CONFIG_BEFORE: &str = "\
# How we build.
[build]
jobs = 4

[net]
retry = 3

[registries.tools]
index = \"sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/tools/Cargo/index/\"

[alias]
x = \"run --package xtask --\"
";

fn change(path: &str, scope: ConfigScope, before: Option<&str>, after: &str) -> FileChange {
    FileChange {
        path: path.into(),
        scope,
        before: before.map(str::to_owned),
        after: after.to_owned(),
        lines: diff(before.unwrap_or_default(), after),
    }
}

/// The project's file changes; the user's is new.
pub(crate) fn review(plan: SetupPlan) -> Review {
    let name = plan.registry.as_str();
    let entry = format!("[registries.{name}]\nindex = \"{}\"\n", plan.index.as_str());
    let replacement = format!(
        "\n[source.crates-io]\nreplace-with = \"{name}\"\n\n[source.{name}]\nregistry = \"{}\"\n",
        plan.index.as_str()
    );
    let project = format!("{CONFIG_BEFORE}\n{entry}{replacement}");
    let user = "[registry]\nglobal-credential-providers = [\"cargo:token\"]\n";
    let project_file = format!("{WORKSPACE}/.cargo/config.toml");
    let user_file = format!("{HOME}/.cargo/config.toml");
    Review {
        plan,
        files: vec![
            change(&project_file, ConfigScope::Project, Some(CONFIG_BEFORE), &project),
            change(&user_file, ConfigScope::User, None, user),
        ],
        notes: vec!["git tracks .cargo/config.toml: this changes it for the team.".to_owned()],
    }
}

/// Longer than any screen, with lines that are wider than any screen.
pub(crate) fn long_review(plan: SetupPlan) -> Review {
    let argument = "-C link-arg=-Wl,--very-long-option ".repeat(6);
    let after = (0..60).fold(String::new(), |text, index| {
        format!("{text}[target.triple-{index:02}]\nrustflags = [\"{argument}\"] # 日本語のコメント\n")
    });
    let file = format!("{WORKSPACE}/.cargo/config.toml");
    Review { plan, files: vec![change(&file, ConfigScope::Project, None, &after)], notes: Vec::new() }
}

/// Everything is there already.
pub(crate) fn nothing_to_write(plan: SetupPlan) -> Review {
    let file = format!("{WORKSPACE}/.cargo/config.toml");
    let files = vec![change(&file, ConfigScope::Project, Some(CONFIG_BEFORE), CONFIG_BEFORE)];
    Review { plan, files, notes: Vec::new() }
}

/// What the user's own file lacks, for a feed that was configured before.
pub(crate) fn review_of_the_users_file(plan: SetupPlan) -> Review {
    let mut review = review(plan);
    review.files.remove(0);
    review.notes.clear();
    review
}

pub(crate) fn file_is_locked() -> Report {
    Report::new(Exit::Failed, "file-not-written", "could not write .cargo/config.toml")
        .cause("Permission denied (os error 13)")
        .hint("nothing was changed; make the file writable and try again")
}

pub(crate) fn applied() -> Event {
    Event::Applied(vec![
        Written {
            path: format!("{WORKSPACE}/.cargo/config.toml").into(),
            backup: Some(format!("{HOME}/.local/state/az-cargo-wizard/backup/0001/config.toml").into()),
            was_there: true,
        },
        Written { path: format!("{HOME}/.cargo/config.toml").into(), backup: None, was_there: false },
    ])
}

pub(crate) fn logged_in() -> Event {
    let kept_in = Some(KeptIn::CargosFile(PathBuf::from(format!("{HOME}/.cargo/credentials.toml"))));
    Event::LoggedIn(LoggedIn {
        kept_in,
        left: None,
        public: false,
        forced: None,
        pat: None,
        replaced: Vec::new(),
    })
}

/// With a token that was made for it.
pub(crate) fn logged_in_with_a_made_token() -> Event {
    let Event::LoggedIn(logged_in) = logged_in() else { unreachable!("logged in") };
    let pat = PatMade { name: "az-cargo-wizard on LAPTOP-7".to_owned(), ends: NOON + 30 * 86_400 };
    Event::LoggedIn(LoggedIn { pat: Some(pat), ..logged_in })
}

/// The same, where one was made for the sign-in before.
pub(crate) fn logged_in_after_a_made_token(revoked: bool) -> Event {
    let Event::LoggedIn(logged_in) = logged_in_with_a_made_token() else { unreachable!("logged in") };
    let replaced = PatLeft {
        name: "az-cargo-wizard on LAPTOP-7".to_owned(),
        ends: NOON + 9 * 86_400,
        revoked,
        why: None,
        page: "https://dev.azure.com/contoso/_usersSettings/tokens".to_owned(),
    };
    Event::LoggedIn(LoggedIn { replaced: vec![replaced], ..logged_in })
}

/// The request that would make it.
pub(crate) fn token_request() -> Event {
    let body = "{\n  \"displayName\": \"az-cargo-wizard on LAPTOP-7\",\n  \"scope\": \"vso.packaging_write\",\n  \
                \"validTo\": \"2026-12-22T11:55:00Z\",\n  \"allOrgs\": false\n}";
    Event::Previewed(vec![RequestPreview {
        method: "POST",
        url: "https://vssps.dev.azure.com/contoso/_apis/tokens/pats?api-version=7.1-preview.1".to_owned(),
        body: body.to_owned(),
    }])
}

pub(crate) fn lives_too_long() -> Report {
    let headline =
        "no personal access token was made: it would live longer than a policy of the Entra tenant allows";
    Report::new(Exit::NotAllowed, "pat-lifespan-policy-violation", headline)
        .cause("the service says `patLifespanPolicyViolation`")
        .hint("ask for fewer days, such as 7 (`--pat-days 7`); an administrator of the Entra tenant sets how many are allowed")
}

pub(crate) fn feed_refused() -> Report {
    Report::new(Exit::NotAllowed, "needs-permission", "your role on the feed is too low")
        .cause("403 Forbidden: User 'ana' lacks permission to complete this action. You need to have 'ReadPackages'.")
        .hint("ask for the role Feed Reader on the feed")
}

pub(crate) fn crate_id(name: &str, version: &str) -> CrateId {
    CrateId::parse(name, version).unwrap()
}

const CRATES: [(&str, &str, Option<u64>); 12] = [
    ("anyhow", "1.0.100", Some(47_210)),
    ("bitflags", "2.9.4", None),
    ("hashbrown", "0.16.0", None),
    ("itoa", "1.0.15", Some(11_231)),
    ("libc", "0.2.176", None),
    ("memchr", "2.7.6", None),
    ("proc-macro2", "1.0.101", None),
    ("quote", "1.0.41", None),
    ("ryu", "1.0.20", Some(48_738)),
    ("serde", "1.0.228", None),
    ("syn", "2.0.106", None),
    ("windows-sys", "0.61.1+build.5", None),
];

fn id_at(index: usize) -> CrateId {
    crate_id(CRATES[index].0, CRATES[index].1)
}

pub(crate) fn planned() -> FetchEvent {
    let crates = CRATES.iter().map(|(name, version, cached)| PlannedCrate {
        id: crate_id(name, version),
        source: "rust-crates".to_owned(),
        cached: *cached,
    });
    FetchEvent::Planned(crates.collect())
}

pub(crate) fn stored(index: usize, bytes: u64) -> FetchEvent {
    FetchEvent::Stored { id: id_at(index), bytes }
}

/// Half way: rows in every state that a running fetch has.
pub(crate) fn half_a_fetch() -> Vec<FetchEvent> {
    vec![
        FetchEvent::Phase(Phase::Starting),
        planned(),
        FetchEvent::Phase(Phase::Updating { index: "rust-crates".to_owned() }),
        FetchEvent::Phase(Phase::Downloading),
        FetchEvent::Line(" Downloading crates ...".to_owned()),
        FetchEvent::Downloaded(id_at(1)),
        stored(1, 56_780),
        FetchEvent::Downloaded(id_at(4)),
        FetchEvent::Line("  Downloaded libc v0.2.176 (registry `rust-crates`)".to_owned()),
        stored(4, 791_622),
        FetchEvent::Unpacked(id_at(4)),
        FetchEvent::Downloaded(id_at(5)),
        FetchEvent::Remaining { crates: 6, bytes: Some(1_912_004) },
    ]
}

/// All of it.
pub(crate) fn fetch() -> Vec<FetchEvent> {
    let mut events = half_a_fetch();
    let rest = [2, 5, 6, 7, 9, 10, 11];
    events.extend(rest.map(|index| stored(index, 10_000 * u64::try_from(index).unwrap())));
    events.push(FetchEvent::Line("   Downloaded 9 crates (1.5MiB) in 6.81s".to_owned()));
    events
}

/// Nothing was missing.
pub(crate) fn fetch_of_cached() -> Vec<FetchEvent> {
    let crates = CRATES.iter().map(|(name, version, _)| PlannedCrate {
        id: crate_id(name, version),
        source: "rust-crates".to_owned(),
        cached: Some(4_096),
    });
    vec![FetchEvent::Planned(crates.collect())]
}

pub(crate) fn planned_thousands(number: usize) -> FetchEvent {
    let crates = (0..number).map(|index| PlannedCrate {
        id: crate_id(&format!("crate-{index:05}"), "1.2.3"),
        source: "rust-crates".to_owned(),
        cached: index.is_multiple_of(7).then_some(1_000),
    });
    FetchEvent::Planned(crates.collect())
}

/// The longest name that crates.io allows, the longest version one meets, and a source with a wide name.
pub(crate) fn planned_wide() -> FetchEvent {
    let version = "10.20.30-alpha.12345+build.67890.and.more";
    let crates = [("c".repeat(64), version), ("short".to_owned(), "1.0.0")];
    let planned = crates.map(|(name, version)| PlannedCrate {
        id: crate_id(&name, version),
        source: "日本語のとても長い名前".to_owned(),
        cached: None,
    });
    FetchEvent::Planned(planned.into())
}

pub(crate) fn retries() -> Vec<FetchEvent> {
    let retry = |tries_left, reason: &str| FetchEvent::Retry { tries_left, reason: reason.to_owned() };
    let mut events = half_a_fetch();
    events.push(retry(3, "[28] Timeout was reached (download of `serde v1.0.228` failed)"));
    events.push(retry(
        2,
        "[56] Failure when receiving data from the peer (Recv failure: Connection reset by peer)",
    ));
    events
}

pub(crate) fn not_saved() -> Report {
    Report::new(
        Exit::NotAllowed,
        "not-saved-upstream",
        "nobody has saved `serde 1.0.228` in the feed yet, and your role may not",
    )
    .cause("403 Forbidden: User 'ana' lacks permission to complete this action. You need to have 'AddUpstreamPackage'.")
    .cause("failed to download from `https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates/Cargo/api/v1/crates/serde/1.0.228/download`")
    .hint("ask an owner of the feed for the role Feed and Upstream Reader, or ask a member to fetch the crate once")
}

pub(crate) fn sign_in_needed() -> Report {
    Report::new(Exit::SignIn, "token-expired", "the feed does not accept the stored credential any more")
        .cause("401 Unauthorized")
        .hint("sign in again")
}

fn cached(id: Option<CrateId>, file: &str, bytes: u64, in_lock_file: bool) -> CachedCrate {
    CachedCrate { id, file: file.to_owned(), bytes, in_lock_file }
}

/// The crates of the lock file, one that it does not name, and a file that no Cargo has put there.
pub(crate) fn cache() -> Vec<CacheFolder> {
    let of_lock = CRATES.iter().zip(1_u64..).map(|((name, version, _), place)| {
        let id = crate_id(name, version);
        let file = id.file_name();
        cached(Some(id), &file, place * 12_345, true)
    });
    let mut crates: Vec<CachedCrate> = of_lock.collect();
    crates.push(cached(Some(crate_id("old", "0.1.0")), "old-0.1.0.crate", 999, false));
    crates.push(cached(None, "..%2f..%2fevil.crate", 13, false));
    vec![folder("pkgs.dev.azure.com-3a5c1f0e9b7d2468", Some("rust-crates"), crates)]
}

/// Crates of these names.
pub(crate) fn cache_of(names: Vec<String>) -> Vec<CacheFolder> {
    let crates = names.into_iter().map(|name| {
        let id = crate_id(&name, "1.2.3");
        let file = id.file_name();
        cached(Some(id), &file, 27_500, true)
    });
    vec![folder("pkgs.dev.azure.com-3a5c1f0e9b7d2468", Some("rust-crates"), crates.collect())]
}

pub(crate) fn wide_cache() -> Vec<CacheFolder> {
    let mut folders = cache_of(vec!["c".repeat(64), "short".to_owned()]);
    folders[0].crates.push(cached(None, "日本語のとても長い名前のファイル-👩\u{200d}💻.crate", 1, false));
    folders
}

pub(crate) fn folder(dir_name: &str, registry: Option<&str>, crates: Vec<CachedCrate>) -> CacheFolder {
    CacheFolder {
        dir_name: dir_name.to_owned(),
        path: format!("{HOME}/.cargo/registry/cache/{dir_name}").into(),
        registry: registry.map(str::to_owned),
        crates,
    }
}

/// Vendored crates stand in for crates.io.
pub(crate) fn replaced() -> Event {
    Event::Replaced(Box::new(OtherReplacement {
        name: "vendored-sources".into(),
        what: "a folder of vendored crates: third-party/vendor".into(),
        file: PathBuf::from(WORKSPACE).join(".cargo/config.toml"),
        line: Some(5),
        effect: "That line will say `rust-crates`; what it named before stays in the file, unused.".into(),
    }))
}
