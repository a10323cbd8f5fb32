//! What is wrong with an object, whichever room knows it: roles and bindings are judged by `ravelin-authz`, all other
//! kinds by `ravelin-validation`.

use base64::Engine as _;
use ravelin_authz::rbac::validation::{self as rbac, SelectorValues};
use ravelin_authz::rbac::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use ravelin_object::fault::Fault;
use ravelin_object::{DecodeError, Value};
use ravelin_resource::Resource;
use ravelin_validation::{Kind, Settings};

/// The group of roles and bindings.
const RBAC: &str = "rbac.authorization.k8s.io";

fn kind(resource: &Resource) -> Kind<'_> {
    Kind { group: &resource.group, version: &resource.version, kind: &resource.kind }
}

/// What is wrong with a new object.
pub(crate) fn create(resource: &Resource, object: &Value, settings: &Settings) -> Vec<Fault> {
    if resource.group == RBAC {
        let mut faults = ravelin_validation::metadata(kind(resource), resource.namespaced, object);
        let known: Vec<String> = faults.iter().map(ToString::to_string).collect();
        faults.extend(
            rules(resource, object, None).into_iter().filter(|fault| !known.contains(&fault.to_string())),
        );
        return faults;
    }
    let mut faults = ravelin_validation::create(kind(resource), object, settings);
    if resource.kind == "CertificateSigningRequest" {
        faults.extend(unsigned(object));
    }
    if faults.is_empty() {
        faults = ravelin_validation::metadata_common(resource.namespaced, object);
    }
    faults
}

/// What is wrong with an object that takes the place of another.
pub(crate) fn update(
    resource: &Resource,
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
) -> Vec<Fault> {
    let mut faults = ravelin_validation::metadata_common(resource.namespaced, new);
    faults.extend(ravelin_validation::metadata_update(new, old));
    if resource.group == RBAC {
        faults.extend(ravelin_validation::metadata(kind(resource), resource.namespaced, new));
        let known: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let further = rules(resource, new, Some(old));
        faults.extend(further.into_iter().filter(|fault| !known.contains(&fault.to_string())));
        // The strategy of these kinds looks at the change of metadata once more.
        faults.extend(ravelin_validation::metadata_update_of_kind(kind(resource), new, old));
    } else {
        faults.extend(ravelin_validation::update(kind(resource), subresource, new, old, settings));
    }
    faults
}

/// A request for a certificate that is not signed by the key it is for. One that cannot be read has its fault already.
fn unsigned(object: &Value) -> Option<Fault> {
    let text = object.dotted("spec.request")?.as_str()?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    let request = ravelin_validation::csr_parse(&bytes).ok()?;
    let verified = ravelin_authn::x509::verify_request(
        &request.to_be_signed,
        &request.algorithm,
        &request.signature,
        &request.public_key,
    );
    let error = verified.err()?;
    Some(Fault::invalid("spec.request", text, error.to_string()))
}

/// The faults of roles and bindings.
fn rules(resource: &Resource, new: &Value, old: Option<&Value>) -> Vec<Fault> {
    let found = match resource.kind.as_str() {
        "Role" => Role::decode(new, 0).map(|role| rbac::role(&role)),
        "ClusterRole" => ClusterRole::decode(new, 0).and_then(|new| {
            Ok(match old {
                None => rbac::cluster_role(&new, SelectorValues::Valid),
                Some(old) => rbac::cluster_role_update(&new, &ClusterRole::decode(old, 0)?),
            })
        }),
        "RoleBinding" => RoleBinding::decode(new, 0).and_then(|new| {
            Ok(match old {
                None => rbac::role_binding(&new),
                Some(old) => rbac::role_binding_update(&new, &RoleBinding::decode(old, 0)?),
            })
        }),
        "ClusterRoleBinding" => ClusterRoleBinding::decode(new, 0).and_then(|new| {
            Ok(match old {
                None => rbac::cluster_role_binding(&new),
                Some(old) => rbac::cluster_role_binding_update(&new, &ClusterRoleBinding::decode(old, 0)?),
            })
        }),
        _ => Ok(Vec::new()),
    };
    found.unwrap_or_else(|errors| errors.iter().map(undecoded).collect())
}

fn undecoded(error: &DecodeError) -> Fault {
    Fault::internal("", error.to_string())
}
