//! The wizard on the terminal: one loop, pure `update` and `view`, and the widgets they are made of.
//! Knows use cases (`task`) and words (`domain`); never a server, a file or a child process.

mod app;
mod dashboard;
mod effects;
mod header;
mod keymap;
mod layout;
mod made_token;
mod making;
mod msg;
mod resuming;
mod run;
mod screen;
mod session;
mod step;
mod terminal;
mod theme;
mod widget;

pub use app::App;
pub use effects::Starting;
pub use keymap::{Key, key_table};
pub use layout::SMALLEST;
pub use msg::{Effect, Msg};
pub use run::{Ended, run};
pub use session::{Opening, Step};
pub use theme::Theme;
