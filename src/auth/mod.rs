//! How a person becomes a credential.
