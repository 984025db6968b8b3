//! A gateway is played by a scripted server, which breaks answers in every way that one can break.

mod calls;
mod cancel;
mod kept;
mod peer;
mod refusals;
mod retries;
mod streams;
