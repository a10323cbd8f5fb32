//! `ravelin rbac`: what roles and bindings come to.

mod diff;
mod matrix;
mod reduce;

use super::access::{Access, PolicyArgs, Subject, binding_kind};
use crate::ExitStatus;
use ravelin_authz::bootstrap::{self, Version};
use ravelin_authz::rbac::{AnyBinding, AnyRole, Objects, Unknown, Who};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// What roles and bindings come to: as a table, as a difference, as what could be left out
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ravelin rbac matrix --from rbac/ -o html > matrix.html
  ravelin rbac diff main/rbac/ rbac/ --with-defaults 1.36
  ravelin rbac reduce --snapshot cluster.json")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Matrix(matrix::Args),
    Diff(diff::Args),
    Reduce(reduce::Args),
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    match &args.verb {
        Verb::Matrix(args) => matrix::run(args),
        Verb::Diff(args) => diff::run(args),
        Verb::Reduce(args) => reduce::run(args),
    }
}

/// A subject of a binding, as arguments name it.
fn who(text: &str) -> Result<Who, String> {
    Subject::from_str(text)?;
    let (kind, name) = text.split_once(':').unwrap_or_default();
    Ok(match kind {
        "group" => Who::Group(name.into()),
        "sa" => Who::User(format!("system:serviceaccount:{}", name.replacen('/', ":", 1)).into()),
        _ => Who::User(name.into()),
    })
}

/// A binding with its place.
fn binding_text(access: &Access, binding: AnyBinding<'_>) -> String {
    let metadata = binding.metadata();
    let namespace = match binding.namespace() {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    format!("{} {namespace}{} ({})", binding_kind(&binding), metadata.name, access.place(metadata.origin))
}

/// A role with its place.
fn role_text(access: &Access, role: AnyRole<'_>) -> String {
    let metadata = role.metadata();
    let namespace = match role {
        AnyRole::Namespaced(_) => format!("{}/", metadata.namespace),
        AnyRole::Cluster(_) => String::new(),
    };
    format!("{} {namespace}{} ({})", role.kind(), metadata.name, access.place(metadata.origin))
}

/// What could not be taken into account, in words.
fn unknown_text(access: &Access, defaults: &Defaults, unknown: &Unknown<'_>) -> String {
    match unknown {
        Unknown::NoRole { binding, .. } => {
            let role = binding.role_ref();
            let hint = if defaults.is_role(&role.kind, &role.name) {
                format!("; it is a default role: give --with-defaults {}", Version::LATEST)
            } else {
                String::new()
            };
            let binding = binding_text(access, *binding);
            format!("unknown: {binding} grants {} {}, which was not read{hint}", role.kind, role.name)
        }
        Unknown::NoNamespace { binding } => {
            format!(
                "unknown: {} has no namespace, so where it grants is not known",
                binding_text(access, *binding)
            )
        }
        Unknown::TooLarge { binding, role } => format!(
            "unknown: {} of {} stands for too many permissions to be looked at",
            role_text(access, *role),
            binding_text(access, *binding)
        ),
        Unknown::NoAggregator { role, target } => format!(
            "unknown: {} adds to the default role {target}, which was not read; give --with-defaults {}",
            role_text(access, *role),
            Version::LATEST
        ),
        _ => "unknown: something could not be taken into account".to_owned(),
    }
}

/// The roles and bindings that a cluster makes by itself.
struct Defaults {
    objects: Objects,
    roles: BTreeSet<(&'static str, String, String)>,
    cluster_bindings: BTreeMap<String, Vec<usize>>,
    bindings: BTreeMap<(String, String), Vec<usize>>,
}

impl Defaults {
    /// Those of the oldest and of the newest version that are known.
    fn new() -> Self {
        let mut objects = Objects::default();
        for version in [Version::V1_32, Version::LATEST] {
            for object in bootstrap::objects(version) {
                // The defaults can be decoded: a test of theirs says so.
                let _ = objects.add(&object, 0);
            }
        }
        let cluster = objects.cluster_roles.iter().map(|role| ("ClusterRole", &role.metadata));
        let roles = cluster.chain(objects.roles.iter().map(|role| ("Role", &role.metadata)));
        let roles = roles
            .map(|(kind, metadata)| (kind, metadata.namespace.to_string(), metadata.name.to_string()))
            .collect();
        let mut defaults = Self {
            roles,
            cluster_bindings: BTreeMap::new(),
            bindings: BTreeMap::new(),
            objects: Objects::default(),
        };
        for (place, binding) in objects.cluster_role_bindings.iter().enumerate() {
            defaults.cluster_bindings.entry(binding.metadata.name.to_string()).or_default().push(place);
        }
        for (place, binding) in objects.role_bindings.iter().enumerate() {
            let key = (binding.metadata.namespace.to_string(), binding.metadata.name.to_string());
            defaults.bindings.entry(key).or_default().push(place);
        }
        defaults.objects = objects;
        defaults
    }

    /// Whether a role of that name is a default one.
    fn is_role(&self, kind: &str, name: &str) -> bool {
        self.roles.iter().any(|(of_kind, _, of_name)| *of_kind == kind && of_name == name)
    }

    /// Whether a binding has the name of a default one.
    fn is_binding(&self, binding: AnyBinding<'_>) -> bool {
        !self.places(binding).is_empty()
    }

    /// Whether a binding is a default one and unchanged.
    fn is_unchanged(&self, binding: AnyBinding<'_>) -> bool {
        let same = |other: AnyBinding<'_>| {
            other.role_ref() == binding.role_ref() && other.subjects() == binding.subjects()
        };
        self.places(binding).iter().any(|place| match binding {
            AnyBinding::Cluster(_) => {
                let other = self.objects.cluster_role_bindings.get(*place);
                other.is_some_and(|other| same(AnyBinding::Cluster(other)))
            }
            AnyBinding::Namespaced(_) => {
                let other = self.objects.role_bindings.get(*place);
                other.is_some_and(|other| same(AnyBinding::Namespaced(other)))
            }
        })
    }

    fn places(&self, binding: AnyBinding<'_>) -> &[usize] {
        let name = binding.metadata().name.to_string();
        let places = match binding {
            AnyBinding::Cluster(_) => self.cluster_bindings.get(&name),
            AnyBinding::Namespaced(_) => self.bindings.get(&(binding.namespace().to_owned(), name)),
        };
        places.map_or(&[], Vec::as_slice)
    }

    /// The origins of the objects of a policy that have names of default ones.
    fn origins(&self, objects: &Objects) -> BTreeSet<u32> {
        let cluster = objects.cluster_roles.iter().map(|role| ("ClusterRole", &role.metadata));
        let roles = cluster.chain(objects.roles.iter().map(|role| ("Role", &role.metadata)));
        let roles = roles.filter(|(kind, metadata)| {
            self.roles.contains(&(kind, metadata.namespace.to_string(), metadata.name.to_string()))
        });
        let roles = roles.map(|(_, metadata)| metadata.origin);
        let cluster = objects.cluster_role_bindings.iter().map(AnyBinding::Cluster);
        let bindings = cluster.chain(objects.role_bindings.iter().map(AnyBinding::Namespaced));
        let bindings = bindings.filter(|binding| self.is_binding(*binding));
        roles.chain(bindings.map(|binding| binding.metadata().origin)).collect()
    }
}
