//! Every way to sign in that needs no terminal of its own: the device code, the environment, and the list of one's
//! organizations.

use az_cargo_wizard::demo::{Demo, Fate, Fault, Resource, Where};
use az_cargo_wizard::domain::text::is_control;
use az_cargo_wizard::task::Settled;

use crate::driver::{Journey, World, in_demo};

fn at_sign_in(world: &World, demo: &Demo) -> Journey {
    let mut journey = Journey::start(world, in_demo(demo));
    journey.wait_for("Which organization");
    journey.press("<enter>");
    journey.wait_for("Sign in to http");
    journey
}

/// With the cursor on the device code, and a code on the screen.
fn with_code(journey: &mut Journey, demo: &Demo) {
    journey.press("<up><enter>");
    journey.wait_for("Waiting for you; the code is good for 1");
    let codes = demo.waiting_codes();
    let spaced: Vec<String> = codes[0].chars().map(String::from).collect();
    journey.wait_for(&spaced.join(" "));
    journey.wait_for(&format!("{}/devicelogin", demo.origin()));
}

#[test]
fn a_code_that_is_entered_signs_in() {
    let world = World::new();
    let demo = world.demo();
    demo.hold_codes();
    let mut journey = at_sign_in(&world, &demo);
    with_code(&mut journey, &demo);
    demo.settle_codes(Fate::Approved);
    journey.wait_for("Which feed shall Cargo use?");
    journey.wait_for("· Entra");
    let requests = demo.requests();
    let of_entra: Vec<_> = requests.iter().filter(|request| request.path.contains("/oauth2/")).collect();
    assert!(of_entra.len() >= 2 && of_entra.iter().all(|request| !request.authorized), "{of_entra:?}");
    let tenant = requests.iter().find(|request| request.path == "/contoso/").unwrap();
    assert!(!tenant.authorized && tenant.status == 401, "the tenant is asked for without a credential");
    let tenant_named = of_entra.iter().all(|request| !request.path.starts_with("/organizations/"));
    assert!(tenant_named, "the tenant that was found is the one that is signed in to");
}

#[test]
fn by_itself_the_demo_approves_a_code_that_was_asked_for_often_enough() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    journey.press("<up><enter>");
    journey.wait_for("Which feed shall Cargo use?");
    let pending = demo.requests().into_iter().filter(|request| request.path.ends_with("/token"));
    assert_eq!(pending.map(|request| request.status).collect::<Vec<_>>(), [400, 400, 400, 200]);
}

/// Signed in with a device code, at Log in for a credential that is kept in Cargo's own file.
fn at_log_in_for_the_file(journey: &mut Journey) {
    journey.press("<up><enter>");
    journey.wait_for("Which feed shall Cargo use?");
    journey.settle();
    journey.press("<enter>");
    journey.wait_for("What shall Cargo's configuration say?");
    journey.settle();
    journey.press("<s-tab>");
    for _ in 0..3 {
        if !journey.screen().contains("● plain token file") {
            journey.press("<space>");
        }
    }
    journey.wait_for("● plain token file");
    journey.press("<enter>");
    journey.wait_for("This will be written");
    journey.press("<enter>");
    journey.wait_for("● make a personal access token");
}

#[test]
fn who_signs_in_to_entra_has_a_token_made_for_the_file() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = at_sign_in(&world, &demo);
    at_log_in_for_the_file(&mut journey);
    journey.press("<tab><c-u>14<enter>");
    journey.wait_for("/contoso/_apis/tokens/pats");
    journey.wait_for("\"scope\": \"vso.packaging_write\"");
    journey.wait_for("\"allOrgs\": false");
    let posts = |demo: &Demo| {
        let requests = demo.requests().into_iter();
        requests.filter(|request| request.method == "POST" && request.path.ends_with("/tokens/pats")).count()
    };
    assert_eq!(posts(&demo), 0, "it was only shown");
    journey.press("<enter>");
    journey.wait_for("Every crate of the lock file is in the cache");
    journey.wait_for("· PAT");
    assert_eq!(posts(&demo), 1);
    let kept = std::fs::read_to_string(demo.cargo_home().join("credentials.toml")).unwrap();
    assert!(
        kept.contains("token = \"Basic ") && !kept.contains("Bearer"),
        "the sign-in itself is kept nowhere"
    );
    let summary = journey.summary();
    assert!(summary.contains("Made the personal access token `az-cargo-wizard on "), "{summary}");
    assert!(summary.contains("for contoso alone; it ends on "), "{summary}");
    assert!(summary.contains("/contoso/_usersSettings/tokens"), "{summary}");
    let header = kept.lines().find_map(|line| line.strip_prefix("token = \"Basic ")).unwrap();
    assert!(!summary.contains(&header[..12]));
    journey.assert_not_shown(&header[..12]);
}

#[test]
fn a_token_that_a_policy_forbids_is_explained_and_can_be_given_up() {
    let world = World::new();
    let demo = world.demo();
    demo.arm(Fault::PatTooLong, Where::Rest(Resource::NewPat), 1);
    let mut journey = at_sign_in(&world, &demo);
    at_log_in_for_the_file(&mut journey);
    journey.press("<enter>");
    journey.wait_for("This will be sent");
    journey.press("<enter>");
    journey.wait_for("✗ Log in Cargo");
    journey.wait_for("patLifespanPolicyViolation");
    journey.wait_for("for fewer days");
    // The choice is still there, with its answer.
    journey.press("<tab><c-u>7<enter>");
    journey.wait_for("This will be sent");
    journey.press("<enter>");
    journey.wait_for("Every crate of the lock file is in the cache");
    journey.wait_for("· PAT");
}

#[test]
fn a_code_that_is_declined_may_be_tried_again_and_given_up() {
    let world = World::new();
    let demo = world.demo();
    demo.hold_codes();
    let mut journey = at_sign_in(&world, &demo);
    with_code(&mut journey, &demo);
    demo.settle_codes(Fate::Declined);
    journey.wait_for("The sign-in was declined");
    journey.wait_for("✗ Sign in to Azure");
    journey.press("r");
    journey.wait_for("Waiting for you");
    demo.settle_codes(Fate::Expired);
    journey.wait_for("The code has ended before it was entered");
    journey.press("r");
    journey.wait_for("Waiting for you");
    journey.press("<esc>");
    journey.settle();
    journey.wait_for("Personal access token");
    let asked = demo.requests().len();
    // Another way is open, and the code is not asked for any more.
    journey.sign_in(demo.token());
    journey.wait_for("Which feed shall Cargo use?");
    assert!(demo.requests()[asked..].iter().all(|request| !request.path.contains("/oauth2/")));
}

#[test]
fn organizations_are_listed_after_sign_in_and_the_chosen_one_proves_it() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.wait_for("Which organization");
    journey.press("<down><down><down><enter>");
    journey.wait_for("Sign in to list your organizations");
    journey.wait_for("only an Entra sign-in is told its organizations");
    journey.press("<enter>");
    journey.wait_for("Signed in as Ana Costa");
    journey.wait_for("fabrikam  from your account");
    journey.press("<enter>");
    journey.wait_for("Which feed shall Cargo use?");
    let paths: Vec<String> = demo.requests().into_iter().map(|request| request.path).collect();
    assert!(paths.contains(&"/fabrikam/_apis/connectionData".to_owned()), "{paths:?}");
    assert_eq!(paths.iter().filter(|path| path.ends_with("/devicecode")).count(), 1, "one sign-in is enough");
}

#[test]
fn giving_up_the_list_leads_back_and_to_the_usual_ways() {
    let world = World::new();
    let demo = world.demo();
    let mut journey = Journey::start(&world, in_demo(&demo));
    journey.wait_for("Which organization");
    journey.press("<down><down><down><enter>");
    journey.wait_for("Sign in to list your organizations");
    journey.press("<esc>");
    journey.wait_for("Which organization");
    journey.press("<up><up><up><enter>");
    journey.sign_in(demo.token());
    journey.wait_for("Which feed shall Cargo use?");
}

#[test]
fn nothing_of_a_hostile_entra_reaches_the_screen() {
    let world = World::new();
    let demo = world.demo();
    demo.turn_hostile();
    demo.hold_codes();
    let mut journey = at_sign_in(&world, &demo);
    journey.press("<up><enter>");
    journey.wait_for("Waiting for you");
    assert!(!journey.screen().chars().any(|c| c != '\n' && is_control(c)));
    demo.settle_codes(Fate::Declined);
    journey.wait_for("The sign-in was declined");
    assert!(!journey.screen().chars().any(|c| c != '\n' && is_control(c)));
}

/// A served demo for somebody who brings a token of the environment.
fn served(demo: &Demo, org: &str) -> Settled {
    Settled { org: Some(format!("{}/{org}", demo.origin())), ..Settled::default() }
}

#[test]
fn a_token_of_the_environment_goes_to_the_organization_that_a_flag_names() {
    let mut world = World::new();
    let demo = world.demo();
    world.sandbox.set("NO_PROXY", "127.0.0.1");
    world.sandbox.set("AZURE_DEVOPS_EXT_PAT", demo.token().expose());
    world.sandbox.unset("http_proxy");
    world.sandbox.unset("HTTP_PROXY");
    let mut journey = Journey::start(&world, served(&demo, "contoso"));
    journey.wait_for("Which organization");
    journey.press("<enter>");
    journey.wait_for("● Token from the environment  from `AZURE_DEVOPS_EXT_PAT`");
    journey.wait_for("an Azure DevOps Server takes no Entra token");
    journey.press("<enter>");
    journey.wait_for("Which feed shall Cargo use?");
    journey.assert_not_shown(&demo.token().expose()[..12]);
}
