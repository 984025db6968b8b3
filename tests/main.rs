//! Drives the real program from outside: its own data directory, its own port, a client's view.

mod structure;
