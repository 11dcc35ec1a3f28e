//! A loopback Azure DevOps to try everything with.
