//! What the tool remembers between runs.
