//! The Feed step.

use crate::states;
use crate::world;

states! { "feed":
    loading => |wizard| wizard.at_sign_in().signed_in().at(500);
    empty => |wizard| wizard.with_feeds(Vec::new());
    one => |wizard| wizard.with_feeds(vec![world::feeds().remove(0)]);
    many => |wizard| wizard.with_feeds(world::feeds());
    details => |wizard| {
        let feeds = world::feeds();
        let details = world::details(&feeds[0]);
        wizard.with_feeds(feeds).at(0).at(250).answer(details)
    };
    details_alone => |wizard| {
        let feeds = world::wide_feeds();
        let details = world::details(&feeds[0]);
        wizard.with_feeds(feeds).at(0).at(250).answer(details).press("d")
    };
    details_failed => |wizard| wizard.with_feeds(world::feeds()).at(0).at(250).fail(world::no_network());
    reader_only => |wizard| wizard.with_feeds(world::feeds()).press("j");
    without_crates_io => |wizard| wizard.with_feeds(world::feeds()).press("jj");
    public_and_role_unknown => |wizard| wizard.with_feeds(world::feeds()).press("jjj");
    under_maintenance => |wizard| wizard.with_feeds(world::feeds()).press("G");
    filtering => |wizard| wizard.with_feeds(world::many_feeds(1234)).press("/0 03");
    filtered => |wizard| wizard.with_feeds(world::many_feeds(1234)).press("/0 03<enter>j");
    filter_without_match => |wizard| wizard.with_feeds(world::feeds()).press("/zzz");
    far_scrolled => |wizard| wizard.with_feeds(world::many_feeds(1234)).press("G<up><up>");
    failed => |wizard| wizard.at_sign_in().signed_in().fail(world::no_network());
    named => |wizard| wizard.at_sign_in().signed_in().fail(world::may_not_list()).press("<c-u>Shop/rust crates<enter>");
    named_asking => |wizard| {
        wizard.at_sign_in().signed_in().fail(world::may_not_list()).press("<c-u>Shop/rust<enter>").at(300)
    };
    wide_names => |wizard| wizard.with_feeds(world::wide_feeds());
    wide_name_with_details => |wizard| wizard.with_feeds(world::wide_feeds()).press("gj");
}
