//! What a person is told when Azure DevOps, its storage or the way to them fails, through the real client and the
//! real `cargo fetch` (azure-contract 3.2, cargo-contract 4.5 and 4.6). Every fault that the demo can script is
//! in one of these tables; the snapshots name headline, causes, hint, code and exit of each.
#![cfg(unix)]

#[path = "faults/world.rs"]
mod faults;
#[expect(dead_code, reason = "this test uses a part of what the tests share")]
mod support;

use std::collections::HashSet;

use az_cargo_wizard::demo::{Fault, Resource, Where};
use faults::{ALWAYS, Job, Row, Texts, row, told};

const WHO: Where = Where::Rest(Resource::ConnectionData);
const FEEDS: Where = Where::Rest(Resource::Feeds);
const NEW_FEED: Where = Where::Rest(Resource::NewFeed);
const ONE_FEED: Where = Where::Rest(Resource::Feed);
const VIEWS: Where = Where::Rest(Resource::Views);
const PERMISSIONS: Where = Where::Rest(Resource::Permissions);
const NEW_PAT: Where = Where::Rest(Resource::NewPat);
const PAT: Where = Where::Rest(Resource::Pat);
const PACKAGES: Where = Where::Rest(Resource::Packages);
const CONFIG: Where = Where::Config;
const INDEX: Where = Where::Index;
const DOWNLOAD: Where = Where::Download;
const BLOB: Where = Where::Blob;

/// Through our own client.
const REST: &[Row] = &[
    row!(SignIn, SignInPage at WHO, ALWAYS),
    row!(SignIn, SignInRedirect at WHO, ALWAYS),
    row!(SignIn, TokenRefused at WHO, ALWAYS),
    row!(SignIn, TokenRefused at WHO, ALWAYS; TokenRefused at FEEDS, ALWAYS),
    row!(SignIn, TokenExpired at WHO, ALWAYS),
    row!(SignIn, UnknownIdentity at WHO, ALWAYS),
    row!(SignIn, Anonymous at WHO, ALWAYS),
    row!(SignIn, ConditionalAccess at WHO, ALWAYS),
    row!(SignIn, NoRoute at WHO, ALWAYS),
    row!(SignIn, NoOrganization at WHO, ALWAYS),
    row!(SignIn, Asleep at WHO, ALWAYS),
    row!(SignIn, RateLimited at WHO, ALWAYS),
    row!(SignIn, RateLimitedBriefly at WHO, 1),
    row!(SignIn, SlowedDown at WHO, ALWAYS),
    row!(SignIn, OlderServer at WHO, 2),
    row!(SignIn, OlderServer at WHO, ALWAYS),
    row!(SignIn, NotAzure at WHO, ALWAYS),
    row!(SignIn, ServiceTrouble at WHO, 1),
    row!(SignIn, ServiceTrouble at WHO, ALWAYS),
    row!(SignIn, Garbage at WHO, ALWAYS),
    row!(SignIn, ByteOrderMark at WHO, ALWAYS),
    row!(SignIn, Late at WHO, ALWAYS),
    row!(SignIn, Slow at WHO, ALWAYS),
    row!(SignIn, CutBefore at WHO, 1),
    row!(SignIn, CutBefore at WHO, ALWAYS),
    row!(SignIn, CutInside at WHO, ALWAYS),
    row!(SignIn, Truncated at WHO, ALWAYS),
    row!(Feeds, TokenRefused at FEEDS, ALWAYS),
    row!(Feeds, MayNotRead at FEEDS, ALWAYS),
    row!(Feeds, ProjectMissing at FEEDS, ALWAYS),
    row!(Feeds, FeedMissing at FEEDS, ALWAYS),
    row!(Feeds, Garbage at FEEDS, ALWAYS),
    row!(FeedDetails, MayNotRead at PERMISSIONS, ALWAYS; FeedMissing at VIEWS, ALWAYS; TokenRefused at PACKAGES, ALWAYS),
    row!(FeedDetails, ServiceTrouble at PACKAGES, ALWAYS),
    row!(LogIn, SignInPage at CONFIG, ALWAYS),
    row!(LogIn, SignInPage at CONFIG, 1),
    row!(LogIn, TokenRefused at CONFIG, ALWAYS),
    row!(LogIn, MayNotRead at CONFIG, ALWAYS),
    row!(LogIn, FeedMissing at CONFIG, ALWAYS),
    row!(LogIn, NoRoute at CONFIG, ALWAYS),
    row!(LogIn, NotAzure at CONFIG, ALWAYS),
    row!(LogIn, Garbage at CONFIG, ALWAYS),
    row!(LogIn, ByteOrderMark at CONFIG, ALWAYS),
];

/// A feed that is to be made: never asked for twice, where the first time may have worked.
const CREATE: &[Row] = &[
    row!(Create, FeedNameRefused at NEW_FEED, ALWAYS),
    row!(Create, FeedNameTaken at NEW_FEED, ALWAYS),
    row!(Create, TokenRefused at NEW_FEED, ALWAYS),
    row!(Create, MayNotSave at NEW_FEED, ALWAYS),
    row!(Create, Asleep at NEW_FEED, ALWAYS),
    row!(Create, ServiceTrouble at NEW_FEED, 1),
    row!(Create, RateLimited at NEW_FEED, ALWAYS),
    row!(Create, RateLimitedBriefly at NEW_FEED, 1),
    row!(Create, Late at NEW_FEED, ALWAYS),
    row!(Create, CutBefore at NEW_FEED, 1),
    row!(Create, CutInside at NEW_FEED, 1),
    row!(Create, Garbage at NEW_FEED, ALWAYS),
    row!(Create, TokenRefused at VIEWS, ALWAYS),
    row!(Create, MayNotRead at VIEWS, ALWAYS),
    row!(Create, ServiceTrouble at VIEWS, ALWAYS),
    row!(Create, FeedMissing at ONE_FEED, 1),
];

/// A personal access token that is to be made: never asked for twice, and none is left that nobody keeps.
const PATS: &[Row] = &[
    row!(MakePat, PatTooLong at NEW_PAT, ALWAYS),
    row!(MakePat, PatDenied at NEW_PAT, ALWAYS),
    row!(MakePat, PatInvalidAccess at NEW_PAT, ALWAYS),
    row!(MakePat, PatOfAllOrganizations at NEW_PAT, ALWAYS),
    row!(MakePat, PatOfAllOrganizations at NEW_PAT, ALWAYS; TokenRefused at PAT, ALWAYS),
    row!(MakePat, PatOfAllOrganizations at NEW_PAT, ALWAYS; CutBefore at PAT, 1),
    row!(MakePat, SignInRedirect at NEW_PAT, ALWAYS),
    row!(MakePat, SignInPage at NEW_PAT, ALWAYS),
    row!(MakePat, TokenRefused at NEW_PAT, ALWAYS),
    row!(MakePat, UnknownIdentity at NEW_PAT, ALWAYS),
    row!(MakePat, ConditionalAccess at NEW_PAT, ALWAYS),
    row!(MakePat, Garbage at NEW_PAT, ALWAYS),
    row!(MakePat, ServiceTrouble at NEW_PAT, 1),
    row!(MakePat, RateLimitedBriefly at NEW_PAT, 1),
    row!(MakePat, CutBefore at NEW_PAT, 1),
    row!(MakePat, CutInside at NEW_PAT, 1),
    row!(MakePat, ByteOrderMark at NEW_PAT, ALWAYS),
];

/// Through the real Cargo, before it knows what to download.
const AT_THE_INDEX: &[Row] = &[
    row!(Fetch, SignInPage at CONFIG, ALWAYS),
    row!(Fetch, SignInRedirect at CONFIG, ALWAYS),
    row!(Fetch, TokenRefused at CONFIG, ALWAYS),
    row!(Fetch, TokenExpired at CONFIG, ALWAYS),
    row!(Fetch, UnknownIdentity at CONFIG, ALWAYS),
    row!(Fetch, Anonymous at CONFIG, ALWAYS),
    row!(Fetch, ConditionalAccess at CONFIG, ALWAYS),
    row!(Fetch, MayNotRead at CONFIG, ALWAYS),
    row!(Fetch, FeedMissing at CONFIG, ALWAYS),
    row!(Fetch, ProjectMissing at CONFIG, ALWAYS),
    row!(Fetch, NoRoute at CONFIG, ALWAYS),
    row!(Fetch, Asleep at CONFIG, ALWAYS),
    row!(Fetch, RateLimited at CONFIG, ALWAYS),
    row!(Fetch, NotAzure at CONFIG, ALWAYS),
    row!(Fetch, ServiceTrouble at CONFIG, ALWAYS),
    row!(Fetch, Garbage at CONFIG, ALWAYS),
    row!(Fetch, ByteOrderMark at CONFIG, ALWAYS),
    row!(Fetch, Late at CONFIG, ALWAYS),
    row!(Fetch, CutBefore at CONFIG, ALWAYS),
    row!(Fetch, CutInside at CONFIG, ALWAYS),
    row!(Fetch, Truncated at CONFIG, ALWAYS),
    row!(Fetch, TokenRefused at INDEX, ALWAYS),
    row!(Fetch, MayNotRead at INDEX, ALWAYS),
    row!(Fetch, NoRoute at INDEX, ALWAYS),
    row!(Fetch, ByteOrderMark at INDEX, ALWAYS),
    row!(Fetch, ServiceTrouble at INDEX, ALWAYS),
    row!(FetchAgain, ServiceTrouble at INDEX, 1),
];

/// Through the real Cargo, while crates are downloaded.
const AT_THE_DOWNLOAD: &[Row] = &[
    row!(Fetch, NoLocalVersions at DOWNLOAD, 1),
    row!(Fetch, MayNotSave at DOWNLOAD, 1),
    row!(Fetch, MayNotRead at DOWNLOAD, 1),
    row!(Fetch, TokenRefused at DOWNLOAD, 1),
    row!(Fetch, TokenExpired at DOWNLOAD, 1),
    row!(Fetch, FeedMissing at DOWNLOAD, 1),
    row!(Fetch, NoRoute at DOWNLOAD, 1),
    row!(Fetch, RateLimited at DOWNLOAD, 1),
    row!(FetchAgain, RateLimitedBriefly at DOWNLOAD, 1),
    row!(Fetch, StorageRefused at BLOB, 1),
    row!(Fetch, NotAzure at BLOB, 1),
    row!(Fetch, WrongBytes at BLOB, 1),
    row!(Fetch, Slow at BLOB, ALWAYS),
    row!(Fetch, CutInside at BLOB, 1),
    row!(Fetch, Truncated at BLOB, 1),
    row!(FetchAgain, Truncated at BLOB, 1),
    row!(FetchAgain, ServiceTrouble at BLOB, 1),
    row!(Fetch, TokensEnd at BLOB, 9),
];

#[track_caller]
fn assert_told(name: &str, told: &str) {
    insta::with_settings!({
        filters => vec![
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "GUID"),
            (r"`[a-z-]+ \d+\.\d+\.\d+`", "`CRATE VERSION`"),
            (r"`[a-z-]+` is neither", "`CRATE` is neither"),
            (r"date: .*", "date: DATE"),
        ],
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, told);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_azure_is_explained() {
    assert_told("rest", &told(REST, Texts::Plain).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_cannot_be_made_is_explained_and_asked_for_once() {
    assert_told("create", &told(CREATE, Texts::Plain).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_made_is_explained_and_asked_for_once() {
    assert_told("pats", &told(PATS, Texts::Plain).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_index_is_explained() {
    assert_told("index", &told(AT_THE_INDEX, Texts::Plain).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_download_is_explained() {
    assert_told("download", &told(AT_THE_DOWNLOAD, Texts::Plain).await);
}

/// Whether a row is about the way and not about words.
fn has_no_words(row: &Row) -> bool {
    row.faults.iter().all(|(fault, ..)| {
        matches!(
            fault,
            Fault::Late
                | Fault::Slow
                | Fault::CutBefore
                | Fault::CutInside
                | Fault::Truncated
                | Fault::ServiceTrouble
                | Fault::RateLimitedBriefly
                | Fault::SlowedDown
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_hostile_azure_steers_a_terminal() {
    told(REST.iter().chain(CREATE).chain(PATS).filter(|row| !has_no_words(row)), Texts::Hostile).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_hostile_feed_steers_a_terminal() {
    let rows = [AT_THE_INDEX, AT_THE_DOWNLOAD].into_iter().flatten();
    told(rows.filter(|row| !has_no_words(row)), Texts::Hostile).await;
}

#[test]
fn no_fault_is_unused() {
    let rows = [REST, CREATE, PATS, AT_THE_INDEX, AT_THE_DOWNLOAD].into_iter().flatten();
    let used: HashSet<Fault> = rows.flat_map(|row| row.faults).map(|(fault, ..)| *fault).collect();
    let unused: Vec<_> = Fault::ALL.into_iter().filter(|fault| !used.contains(fault)).collect();
    assert_eq!(unused, []);
}
