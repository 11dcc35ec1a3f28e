//! The Check step.

use az_cargo_wizard::task::Event;

use crate::states;
use crate::world;

states! { "check":
    looking => |wizard| wizard.at(300);
    asking_about_hazards => |wizard| wizard.answer(Event::NeedsTrust(world::hazards()));
    asking_with_yes_chosen => |wizard| wizard.answer(Event::NeedsTrust(world::hazards())).press("j");
    passed => |wizard| wizard.checked(world::findings_of_all_kinds()).press("<esc><esc><esc>");
    cannot_go_on => |wizard| wizard.checked(world::old_cargo());
    broken_manifest => |wizard| wizard.checked(world::broken_manifest());
    failed => |wizard| wizard.fail(world::no_cargo());
    many_hazards_far => |wizard| wizard
        .answer(Event::NeedsTrust(world::many_hazards(40)))
        .press("<pagedown><pagedown><pagedown>");
    wide_names => |wizard| wizard.checked(world::wide_checkout()).press("<esc><esc><esc>");
    no_project => |wizard| wizard.checked(world::no_project()).press("<esc>");
}
