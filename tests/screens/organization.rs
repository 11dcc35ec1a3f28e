//! The Organization step.

use crate::states;
use crate::world;

states! { "organization":
    known_guess => |wizard| wizard.checked(world::checkout());
    unknown_hosts => |wizard| wizard.checked(world::checkout_with_unknown_hosts());
    another_one => |wizard| wizard.checked(world::checkout_with_unknown_hosts()).press("jj");
    nothing_known => |wizard| wizard.checked(world::bare_checkout());
    typed => |wizard| wizard.checked(world::bare_checkout()).press("fabrikam");
    typed_error => |wizard| wizard.checked(world::bare_checkout()).press("not an organization<enter>");
    long_typed => |wizard| wizard
        .checked(world::bare_checkout())
        .paste(&format!("https://dev.azure.com/contoso/{}/_artifacts", "日本語".repeat(40)));
}
