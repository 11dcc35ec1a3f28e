//! The one place that builds HTTP clients.
