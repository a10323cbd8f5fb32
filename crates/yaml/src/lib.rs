//! YAML exactly as Kubernetes reads it: events with byte spans, and the composition rules of `sigs.k8s.io/yaml`.
//!
//! The crate decides one thing: which JSON value a YAML text becomes when `kubectl` or the API server reads
//! it, and from which bytes each part of it came. A reader that differs from theirs is a way round a policy,
//! so their behaviour is reproduced with its accidents: the YAML 1.1 words (`on`, `y`), octal numbers, merge
//! keys where the later writer wins, the first document only, and what their scanner does with texts that the
//! YAML specification has no answer for.
//!
//! It knows nothing of Kubernetes objects, files or findings. Start reading at [`compose`], then `compose.rs`
//! (what the events mean), `parser.rs` (which events the tokens make) and `scanner.rs` (which tokens the
//! characters make).
//!
//! ```
//! use ravelin_yaml::{Build, Entry, Limits, Scalar, Span, compose, position};
//!
//! /// Collects the places of everything that is `true`.
//! #[derive(Default)]
//! struct Truths(Vec<Span>);
//!
//! impl<'a> Build<'a> for Truths {
//!     type Node = ();
//!     fn scalar(&mut self, value: Scalar<'a>, span: Span) {
//!         if value == Scalar::Bool(true) {
//!             self.0.push(span);
//!         }
//!     }
//!     fn sequence(&mut self, _: Vec<()>, _: Span) {}
//!     fn mapping(&mut self, _: Vec<Entry<'a, ()>>, _: Span) {}
//! }
//!
//! let text = "hostPID: yes\nhostNetwork: 'yes'\nhostIPC: On\n";
//! let mut truths = Truths::default();
//! compose(text, &Limits::STANDARD, &mut truths)?;
//! let lines: Vec<_> = truths.0.iter().map(|span| position(text, span.start)).collect();
//! assert_eq!(lines, [(1, 10), (3, 10)]);
//! # Ok::<(), ravelin_yaml::Error>(())
//! ```
//!
//! # Known differences
//! - [`decode`] judges the whole input, theirs only what it reads: broken UTF-8 or UTF-16 far behind the end of
//!   the first document is an error here. In UTF-16 input, also a byte order mark or a forbidden character may
//!   be noticed at another distance behind the end of the first document.
//! - Where they pick one of several values at random ([`Composed::ambiguous`]) the last one in the text wins,
//!   and an `.inf` or `.nan` among them is an error.
//! - [`Limits`] below what they allow turn texts that they accept into errors.
//! - A float whose JSON text is `-0` is handed over as the integer 0, which is what reading that JSON gives.
//! - Children of a merge list (`<<: [*a, *b]`) are counted against the aliasing rule in the order in which they
//!   are merged, once; an exact hit of their limit between two of them cannot be told apart.

#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod characters;
mod compose;
mod error;
mod event;
mod limits;
mod parser;
mod reader;
mod resolve;
mod scanner;
mod span;
mod token;

pub use compose::{Build, Composed, Duplicate, Entry, Scalar, compose};
pub use error::{Error, ErrorKind};
pub use event::{CollectionStyle, Event, ScalarStyle};
pub use limits::Limits;
pub use parser::Parser;
pub use reader::decode;
pub use span::{Span, position};

#[cfg(test)]
mod tests;
