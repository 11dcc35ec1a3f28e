//! The wizard on the terminal.
