//! The Organization step.

use crate::states;
use crate::world;

states! { "organization":
    known_guess => |wizard| wizard.checked(world::checkout());
    unknown_hosts => |wizard| wizard.checked(world::checkout_with_unknown_hosts());
    many_guesses => |wizard| wizard.checked(world::many_guesses(30));
    many_guesses_far => |wizard| wizard.checked(world::many_guesses(30)).press(&"j".repeat(29));
    wide_guess => |wizard| wizard.checked(world::wide_checkout());
    another_one => |wizard| wizard.checked(world::checkout_with_unknown_hosts()).press("jj");
    nothing_known => |wizard| wizard.checked(world::bare_checkout());
    typed => |wizard| wizard.checked(world::bare_checkout()).press("fabrikam");
    typed_error => |wizard| wizard.checked(world::bare_checkout()).press("not an organization<enter>");
    http_server_asked => |wizard| wizard
        .checked(world::bare_checkout())
        .paste("http://ado.example:8080/DefaultCollection")
        .press("<enter>");
    long_typed => |wizard| wizard
        .checked(world::bare_checkout())
        .paste(&format!("https://dev.azure.com/contoso/{}/_artifacts", "日本語".repeat(40)));
}
