//! The Done step.

use az_cargo_wizard::task::Event;

use crate::states;
use crate::world;

states! { "done":
    looking => |wizard| wizard.at_done().at(1100);
    with_cache => |wizard| wizard.with_cache(world::cache());
    with_invalid_file => |wizard| wizard.with_cache(world::cache()).press("G");
    no_cache => |wizard| wizard.with_cache(Vec::new());
    cache_unreadable => |wizard| wizard.at_done().fail(world::file_is_locked());
    one_crate => |wizard| wizard.with_cache(world::cache_of(vec!["a".to_owned()]));
    far_scrolled => |wizard| {
        let names = (0..1000).map(|index| format!("crate-{index:04}")).collect();
        wizard.with_cache(world::cache_of(names)).press("G<up><up>")
    };
    wide_names => |wizard| wizard.with_cache(world::wide_cache());
    without_a_project => |wizard| wizard
        .checked(world::no_project())
        .press("contoso<enter>")
        .signed_in()
        .answer(Event::Feeds(world::feeds()))
        .press("<enter>")
        .reviewed(world::review)
        .agree()
        .answer(world::applied())
        .press("<enter>")
        .answer(world::logged_in());
}
