//! The screens behind the list of feeds: a new feed, and crates.io for a feed that lacks it.

use az_cargo_wizard::domain::feed::{Feed, Role};
use az_cargo_wizard::domain::new_feed::RequestPreview;
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::task::Event;
use az_cargo_wizard::task::create_feed::MadeFeed;

use crate::states;
use crate::wizard::Wizard;
use crate::world;

pub(crate) fn requests() -> Event {
    let body = |name: &str| {
        let source = "{\n      \"name\": \"crates.io\",\n      \"protocol\": \"Cargo\"\n    }";
        format!(
            "{{\n  \"name\": \"{name}\",\n  \"upstreamEnabled\": true,\n  \"upstreamSources\": [\n    {source}\n  ]\n}}"
        )
    };
    let feeds = "https://feeds.dev.azure.com/contoso/Storefront/_apis/packaging/feeds";
    let request = |method, url: String, body| RequestPreview { method, url, body };
    let visibility = || "{\n  \"visibility\": \"collection\"\n}".to_owned();
    Event::Previewed(vec![
        request("POST", feeds.to_owned(), body("storefront-crates")),
        request("PATCH", format!("{feeds}/storefront-crates/views/Local"), visibility()),
        request("POST", feeds.to_owned(), body("storefront-crates-publish")),
        request("PATCH", format!("{feeds}/storefront-crates-publish/views/Local"), visibility()),
    ])
}

/// A list that is longer than any screen, for a feed that has nearly everything.
fn many_sources() -> Event {
    let sources =
        (0..40).map(|index| format!("    {{ \"name\": \"source-{index:02}\", \"protocol\": \"npm\" }}"));
    let body = format!("{{\n  \"upstreamSources\": [\n{}\n  ]\n}}", sources.collect::<Vec<_>>().join(",\n"));
    let url = "https://feeds.dev.azure.com/contoso/Storefront/_apis/packaging/feeds/web".to_owned();
    Event::Previewed(vec![RequestPreview { method: "PATCH", url, body }])
}

fn taken() -> Report {
    Report::new(Exit::Failed, "feed-name-taken", "the name `storefront-crates` is taken")
        .cause("it belongs to a feed that you can't see, of another project or in the recycle bin")
        .hint("choose another name, or ask an administrator of the organization who has it")
}

fn feed_made(shortfalls: Vec<Report>) -> Event {
    let feed = Feed { role: Some(Role::Owner), ..world::rust_feed("storefront-crates", Some("Storefront")) };
    Event::FeedMade(Box::new(MadeFeed { feed, shortfalls }))
}

fn not_visible() -> Report {
    Report::new(Exit::SignIn, "visibility-not-set", "feed created; visibility not set")
        .cause("`feeds.dev.azure.com` refused the token for making or changing a feed")
        .hint(
            "set the view Local to `people in my organization`, under Views of https://dev.azure.com/contoso",
        )
}

impl Wizard {
    fn at_new_feed(self) -> Self {
        self.with_feeds(world::feeds()).press("n")
    }

    /// The requests were read to their end and agreed to.
    fn agreed(self) -> Self {
        self.press("<enter>").answer(requests()).press("<end><enter>")
    }

    /// The request that makes a feed is on its way.
    fn sending(self) -> Self {
        self.agreed().answer(Event::Sending("Storefront/storefront-crates".into()))
    }

    fn at_upstream(self) -> Self {
        let web = Feed { role: Some(Role::Owner), ..world::feed("web", Some("Storefront")) };
        self.with_feeds(vec![web]).press("p")
    }
}

states! { "new_feed":
    form => |wizard| wizard.at_new_feed();
    refused_name => |wizard| wizard.at_new_feed().press("<c-u>").paste("two words");
    taken_name => |wizard| wizard.at_new_feed().press("<c-u>").paste("WEB");
    no_name => |wizard| wizard.at_new_feed().press("<c-u><enter>");
    visibility_asked => |wizard| wizard.at_new_feed().press("<tab><tab><space>");
    all_sources_of_the_organization => |wizard| {
        wizard.at_new_feed().press("<tab><tab><tab><space><tab><space>")
    };
    one_feed_only => |wizard| wizard.at_new_feed().press("<s-tab><s-tab><space>");
    wide_names => |wizard| wizard
        .at_new_feed()
        .press("<c-u>")
        .paste(&"very-long-name-".repeat(4))
        .press("<tab>")
        .paste(&"株式会社コントソの👩\u{200d}💻".repeat(9));
    planning => |wizard| wizard.at_new_feed().press("<enter>").at(300);
    shown => |wizard| wizard.at_new_feed().press("<enter>").answer(requests());
    shown_to_its_end => |wizard| wizard.at_new_feed().press("<enter>").answer(requests()).press("<end>");
    checking => |wizard| wizard.at_new_feed().agreed().at(300);
    sending => |wizard| wizard.at_new_feed().sending().at(300);
    failed => |wizard| wizard.at_new_feed().sending().fail(taken());
    second_failed => |wizard| wizard.at_new_feed().sending().answer(feed_made(Vec::new())).fail(taken());
    short => |wizard| {
        wizard.at_new_feed().sending().answer(feed_made(vec![not_visible()])).answer(Event::FeedsMade)
    };
    made => |wizard| {
        let listed = Event::Feeds(world::feeds());
        wizard.at_new_feed().sending().answer(feed_made(Vec::new())).answer(Event::FeedsMade).answer(listed)
    };
}

pub(crate) mod upstream {
    use super::{Feed, Role, many_sources, requests};
    use crate::states;
    use crate::world;

    states! { "upstream":
        offered => |wizard| wizard.at_upstream().press("<esc>");
        asking => |wizard| wizard.at_upstream().at(300);
        shown => |wizard| wizard.at_upstream().answer(requests());
        sending => |wizard| wizard.at_upstream().answer(requests()).press("<end><enter>").at(300);
        many => |wizard| wizard.at_upstream().answer(many_sources());
        many_to_its_end => |wizard| wizard.at_upstream().answer(many_sources()).press("<end>");
        wide_names => |wizard| {
            let name = "日本語のとても長い名前のフィード";
            let wide = Feed { role: Some(Role::Owner), ..world::feed(name, Some("株式会社コントソ")) };
            wizard.with_feeds(vec![wide]).press("p").at(300)
        };
        failed => |wizard| wizard.at_upstream().fail(world::no_network());
    }
}

mod updates {
    use az_cargo_wizard::task::Request;
    use az_cargo_wizard::task::create_feed::Change;
    use az_cargo_wizard::tui::{Step, Theme};

    use super::*;

    fn wizard() -> Wizard {
        Wizard::opened(Theme::default())
    }

    #[test]
    fn nothing_is_sent_before_the_request_was_read_to_its_end() {
        let shown = wizard().at_new_feed().press("<enter>").answer(requests());
        let read_on = shown.press("<enter>");
        assert!(matches!(read_on.request(), Request::PlanFeeds(_)), "one screen was read, more is below");
        let sent = read_on.press("<end><enter>");
        let Request::Change(change) = sent.request() else { panic!("{:?}", sent.request()) };
        assert!(matches!(&**change, Change::Create(new) if new.feeds.len() == 2));
    }

    #[test]
    fn esc_leads_back_to_the_list_and_keeps_what_was_typed() {
        let back = wizard().at_new_feed().press("x<esc>");
        assert_eq!(back.app.step(), Step::Feed);
        let again = back.press("n<enter>");
        let Request::PlanFeeds(new) = again.request() else { panic!("{:?}", again.request()) };
        assert_eq!(new.feeds[0].name.as_str(), "storefront-cratesx");
    }

    #[test]
    fn what_was_made_stands_in_the_last_lines() {
        let made = wizard().at_new_feed().sending().answer(feed_made(Vec::new())).answer(Event::FeedsMade);
        assert_eq!(made.app.step(), Step::Feed);
        assert!(matches!(made.request(), Request::Feeds { .. }), "the list is asked for again");
        assert_eq!(made.app.summary(), ["Created the feed Storefront/storefront-crates"]);
    }
}
