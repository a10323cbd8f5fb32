//! Tests of the crate as a whole: a text in, JSON, events or an error out.

mod composed;
mod events;
mod hostile;
mod properties;
mod table;
mod tree;
