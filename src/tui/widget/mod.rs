//! The parts that screens are made of. Each draws from values; none starts anything.

pub(super) mod above;
pub(super) mod cached_crates;
pub(super) mod diff_lines;
pub(super) mod field;
pub(super) mod filter;
pub(super) mod key_bar;
pub(super) mod list_window;
pub(super) mod modal;
pub(super) mod overflow;
pub(super) mod page;
pub(super) mod reading;
pub(super) mod request;
pub(super) mod scroll;
pub(super) mod secret_field;
pub(super) mod step_rail;
pub(super) mod tab_bar;
pub(super) mod table;
