//! The rules from outside: every format is found, every place is found, and what is no secret stays.

mod formats;
mod places;
mod properties;
mod unchanged;
