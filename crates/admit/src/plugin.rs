//! What a plugin is, and what it is given.

use crate::{Attributes, Cluster, Operation};
use ravelin_object::Value;
use ravelin_object::status::Status;
use std::time::Duration;

/// An admission plugin. It changes objects, refuses requests, or both.
///
/// Source: `k8s.io/apiserver/pkg/admission` `Interface`, `MutationInterface`, `ValidationInterface`.
pub trait Plugin: Send + Sync {
    /// The name in flags and configurations.
    fn name(&self) -> &'static str;

    /// Whether the plugin has to do with the operation at all.
    fn handles(&self, operation: Operation) -> bool;

    /// Whether the plugin may change objects, so that [`Plugin::admit`] is called.
    fn is_mutating(&self) -> bool;

    /// Whether the plugin judges what is to be stored, so that [`Plugin::validate`] is called.
    fn is_validating(&self) -> bool;

    /// Changes the object of a request, or refuses the request. There is no object where one is deleted.
    ///
    /// # Errors
    /// The refusal.
    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let _ = (attributes, object, old, context);
        Ok(())
    }

    /// Judges the object of a request as it is to be stored.
    ///
    /// # Errors
    /// The refusal.
    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let _ = (attributes, object, old, context);
        Ok(())
    }
}

/// What plugins are given besides the request, and what they say besides their verdict. One is made for each request
/// and goes through [`crate::Chain::admit`] and [`crate::Chain::validate`].
pub struct Context<'a> {
    /// What there is.
    pub cluster: &'a dyn Cluster,
    /// The time since 1970.
    pub now: Duration,
    /// Random numbers, evenly distributed. They need not be secret: names are made of them.
    pub random: &'a mut dyn FnMut() -> u32,
    /// What the client is warned of.
    pub warnings: Vec<String>,
    /// What the audit event is annotated with, by key.
    pub annotations: Vec<(String, String)>,
    /// Whether the mutating plugins are called a second time.
    pub reinvocation: Reinvocation,
}

/// Whether the mutating plugins are called a second time, as where a webhook has changed what earlier ones saw.
///
/// Source: `k8s.io/apiserver/pkg/admission/reinvocation.go`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reinvocation {
    /// A plugin asks for a second pass.
    pub requested: bool,
    /// This is the second pass.
    pub running: bool,
}

impl<'a> Context<'a> {
    /// The context of a new request.
    #[must_use]
    pub fn new(cluster: &'a dyn Cluster, now: Duration, random: &'a mut dyn FnMut() -> u32) -> Self {
        Self {
            cluster,
            now,
            random,
            warnings: Vec::new(),
            annotations: Vec::new(),
            reinvocation: Reinvocation::default(),
        }
    }
}

/// Why a chain cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The names of plugins are not right; the text is upstream's.
    #[error("{0}")]
    Names(String),
    /// A plugin that was asked for by name is in Kubernetes, but not in this program.
    #[error("enable-admission-plugins plugin {0:?} is not built into this server; leave it out")]
    NotBuilt(&'static str),
    /// A plugin from outside has no place in the order, or is there twice.
    #[error("admission plugin {0:?} has no place of its own in the order of plugins")]
    NoPlace(String),
    /// The configuration cannot be read.
    #[error("failed to read plugin config: {0}")]
    Configuration(String),
    /// A plugin does not accept its configuration.
    #[error("couldn't init admission plugin {plugin:?}: {why}")]
    Plugin {
        /// The plugin.
        plugin: &'static str,
        /// Why.
        why: String,
    },
}
