//! What stands above every screen, and what stands in for all of them.

use az_cargo_wizard::tui::Theme;

use crate::draw::{compare_text, drawn, text_of};
use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "whole":
    help => |wizard| wizard.with_feeds(world::feeds()).press("?");
    help_of_a_form => |wizard| wizard.at_config().press("?");
    help_of_the_longest_list => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("?");
    help_in_a_field => |wizard| wizard.at_config().press("<tab><f1>");
    cancel_question => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("<esc>");
    leave_question => |wizard| wizard.at_restore().fetching(world::half_a_fetch()).press("q");
}

#[test]
fn too_small() {
    let wizard = Wizard::opened(Theme::default()).with_feeds(world::feeds());
    let sizes = [(39, 9), (39, 24), (80, 9), (12, 3)];
    let frames = sizes.map(|(columns, rows)| {
        format!("{columns}x{rows}\n{}\n", text_of(drawn(&wizard, (columns, rows)).buffer()).replace(' ', "."))
    });
    compare_text("whole_too_small", &frames.concat());
}
