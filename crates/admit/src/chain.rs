//! All plugins that are in force, called in their order.

use crate::config::Configuration;
use crate::{Attributes, Context, Enabled, Error, INERT, ORDER, Operation, Plugin, plugins};
use ravelin_object::Value;
use ravelin_object::status::Status;

/// The plugins that are in force, in their order. It is made once and shared by all requests.
pub struct Chain {
    plugins: Vec<Box<dyn Plugin>>,
    absent: Vec<&'static str>,
}

impl Chain {
    /// The chain of the plugins of `enabled` (see [`crate::enabled`]): those of this room, configured by
    /// `configuration`, and those of `outside`, of which the ones that are not enabled are dropped.
    ///
    /// A plugin that is enabled by default but is in neither is left out; [`Chain::absent`] says which.
    ///
    /// # Errors
    /// A plugin that was asked for by name and is in neither, one from outside without a place in the order, and a
    /// configuration that a plugin does not accept.
    pub fn new(
        enabled: &[Enabled],
        configuration: &Configuration,
        outside: Vec<Box<dyn Plugin>>,
    ) -> Result<Self, Error> {
        let mut outside: Vec<Option<Box<dyn Plugin>>> = outside.into_iter().map(Some).collect();
        check_places(&outside)?;
        let mut chain = Self { plugins: Vec::new(), absent: Vec::new() };
        for Enabled { name, explicit } in enabled {
            let given =
                outside.iter_mut().find(|slot| slot.as_ref().is_some_and(|given| given.name() == *name));
            let own = plugins::ALL.iter().find(|entry| entry.name == *name);
            match (given, own) {
                (Some(given), _) => chain.plugins.extend(given.take()),
                (None, Some(entry)) => chain.plugins.push((entry.build)(configuration)?),
                (None, None) if INERT.contains(name) => {}
                (None, None) if *explicit => return Err(Error::NotBuilt(name)),
                (None, None) => chain.absent.push(name),
            }
        }
        Ok(chain)
    }

    /// The names of the plugins, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.plugins.iter().map(|plugin| plugin.name())
    }

    /// The plugins that are in force in Kubernetes and are not built here.
    #[must_use]
    pub fn absent(&self) -> &[&'static str] {
        &self.absent
    }

    /// Whether any plugin has to do with the operation, so that a request of it has to be shown to the chain.
    #[must_use]
    pub fn handles(&self, operation: Operation) -> bool {
        self.plugins.iter().any(|plugin| plugin.handles(operation))
    }

    /// Calls the mutating plugins in their order, until one refuses; once more where one asks for it.
    ///
    /// # Errors
    /// The first refusal.
    ///
    /// Source: `k8s.io/apiserver/pkg/admission/{chain,reinvocation}.go`.
    pub fn admit(
        &self,
        attributes: &Attributes<'_>,
        mut object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        self.pass(attributes, object.as_deref_mut(), old, context)?;
        if !context.reinvocation.requested {
            return Ok(());
        }
        context.reinvocation.running = true;
        self.pass(attributes, object, old, context)
    }

    fn pass(
        &self,
        attributes: &Attributes<'_>,
        mut object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let plugins = self.plugins.iter().filter(|plugin| plugin.is_mutating());
        for plugin in plugins.filter(|plugin| plugin.handles(attributes.operation)) {
            plugin.admit(attributes, object.as_deref_mut(), old, context)?;
        }
        Ok(())
    }

    /// Calls the validating plugins in their order, until one refuses.
    ///
    /// # Errors
    /// The first refusal.
    pub fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let plugins = self.plugins.iter().filter(|plugin| plugin.is_validating());
        for plugin in plugins.filter(|plugin| plugin.handles(attributes.operation)) {
            plugin.validate(attributes, object, old, context)?;
        }
        Ok(())
    }
}

/// Every plugin from outside has a place in the order, and has it for itself.
fn check_places(outside: &[Option<Box<dyn Plugin>>]) -> Result<(), Error> {
    let names: Vec<&str> = outside.iter().flatten().map(|plugin| plugin.name()).collect();
    for name in &names {
        let own = plugins::ALL.iter().any(|entry| entry.name == *name);
        if own || !ORDER.contains(name) || names.iter().filter(|other| other == &name).count() > 1 {
            return Err(Error::NoPlace((*name).to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enabled;
    use crate::plugins::testing::{Records, attributes, object, with_context};

    struct Outside(&'static str);

    impl Plugin for Outside {
        fn name(&self) -> &'static str {
            self.0
        }

        fn handles(&self, operation: Operation) -> bool {
            operation == Operation::Create
        }

        fn is_mutating(&self) -> bool {
            true
        }

        fn is_validating(&self) -> bool {
            false
        }

        fn admit(
            &self,
            _: &Attributes<'_>,
            object: Option<&mut Value>,
            _: Option<&Value>,
            context: &mut Context<'_>,
        ) -> Result<(), Status> {
            context.warnings.push(format!("{} {}", self.0, context.reinvocation.running));
            if let Some(map) = object.and_then(Value::as_object_mut) {
                map.set(self.0, true.into());
            }
            context.reinvocation.requested = true;
            Ok(())
        }
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn plugins_from_outside_take_their_place_and_may_ask_for_a_second_pass() {
        let on = enabled(&[], &[]).unwrap();
        let outside: Vec<Box<dyn Plugin>> =
            vec![Box::new(Outside("MutatingAdmissionWebhook")), Box::new(Outside("PodSecurity"))];
        let chain = Chain::new(&on, &Configuration::default(), outside).unwrap();
        let order: Vec<&str> = chain.names().collect();
        let place = |name: &str| order.iter().position(|other| *other == name).unwrap();
        assert!(place("ServiceAccount") < place("PodSecurity") && place("PodSecurity") < place("Priority"));
        let absent = [
            "NodeDeclaredFeatureValidator",
            "MutatingAdmissionPolicy",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionWebhook",
        ];
        assert_eq!(chain.absent(), absent);
        let mut thing = object("{metadata: {name: x}}");
        let records = Records::of(&[("/namespaces", "{metadata: {name: ns}}")]);
        with_context(&records, |context| {
            let about = attributes(Operation::Create, "things");
            chain.admit(&about, Some(&mut thing), None, context).unwrap();
            let said = ["PodSecurity false", "MutatingAdmissionWebhook false", "PodSecurity true"];
            assert_eq!(context.warnings.get(..3).unwrap(), said);
            assert_eq!(context.warnings.len(), 4);
        });
        assert!(thing.field("PodSecurity").is_some());
    }

    #[test]
    fn what_is_not_built_is_said() {
        let new = |enable: &[&str], outside: Vec<Box<dyn Plugin>>| {
            Chain::new(&enabled(&names(enable), &[]).unwrap(), &Configuration::default(), outside).map(|_| ())
        };
        assert_eq!(new(&["ImagePolicyWebhook"], Vec::new()), Err(Error::NotBuilt("ImagePolicyWebhook")));
        assert_eq!(new(&["ImagePolicyWebhook"], vec![Box::new(Outside("ImagePolicyWebhook"))]), Ok(()));
        for name in ["Nope", "LimitRanger"] {
            assert_eq!(new(&[], vec![Box::new(Outside(name))]), Err(Error::NoPlace(name.to_owned())));
        }
    }
}
