//! Use cases, shared by screen and command line: a request in, events out.
