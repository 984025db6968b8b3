//! What the stories need: a home for the program, repositories to read, a server to ask.

mod gateway;
mod home;
pub(crate) mod questions;
mod repository;
mod sample;
mod server;

pub(crate) use gateway::{Gateway, calls, stream};
pub(crate) use home::Home;
pub(crate) use repository::Repository;
pub(crate) use sample::Sample;
pub(crate) use server::Server;
