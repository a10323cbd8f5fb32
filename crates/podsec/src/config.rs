//! `PodSecurityConfiguration`: what an API server reads with `--admission-control-config-file`.
//!
//! Source: `k8s.io/pod-security-admission/admission/api` (types, defaults, load, validation).

use crate::policy::Policy;
use crate::{Level, LevelVersion, Version};
use ravelin_diag::FieldPath;
use ravelin_object::identity::Identity;
use ravelin_object::selector::{dns1123_label_faults, dns1123_subdomain_faults, quoted};
use ravelin_object::{DecodeError, Decoder, Value};
use std::fmt;

/// The defaults and exemptions of Pod Security Admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSecurityConfiguration {
    /// What applies where the labels of a namespace say nothing.
    pub defaults: Policy,
    /// Whether any default is written, rather than left to be privileged.
    pub has_defaults: bool,
    /// What is not judged at all.
    pub exemptions: Exemptions,
}

/// What Pod Security Admission does not judge at all; each by exact equality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemptions {
    /// Users whose own requests are exempt. Pods that controllers create for them are not.
    pub usernames: Vec<String>,
    /// Namespaces.
    pub namespaces: Vec<String>,
    /// Pods with one of these as their `runtimeClassName`.
    pub runtime_classes: Vec<String>,
}

impl PodSecurityConfiguration {
    /// What an API server without configuration does.
    #[must_use]
    pub fn unconfigured() -> Self {
        Self { defaults: Policy::PRIVILEGED, has_defaults: false, exemptions: Exemptions::default() }
    }
}

/// Why a configuration is refused: one fault in it. Prints as upstream words field errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The field, from the root of the file.
    pub path: FieldPath,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path == FieldPath::root() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl From<DecodeError> for ConfigError {
    fn from(error: DecodeError) -> Self {
        let message = format!("expected {}, found {}", error.expected, error.found);
        Self { path: error.path, message }
    }
}

const GROUP: &str = "pod-security.admission.config.k8s.io";
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha1"];

/// What a configuration file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The configuration itself.
    Configuration(PodSecurityConfiguration),
    /// An `AdmissionConfiguration` that names another file: its `path`, relative to the file itself.
    Path(String),
}

/// Reads a configuration file: a `PodSecurityConfiguration`, or an `AdmissionConfiguration` with one for the
/// plugin `PodSecurity`, which says it inline, names a file, or leaves it at the defaults.
/// Source: `k8s.io/apiserver/pkg/admission/config.go`.
///
/// # Errors
/// Every fault: a wrong kind, unknown fields, wrong types, and what upstream's validation refuses.
pub fn read_file(file: &Value) -> Result<Found, Vec<ConfigError>> {
    let root = FieldPath::root();
    let one = |path: &FieldPath, message: String| vec![ConfigError { path: path.clone(), message }];
    let Some(identity) = Identity::of(file) else {
        return Err(one(
            &root,
            "expected a PodSecurityConfiguration with `apiVersion` and `kind`".to_owned(),
        ));
    };
    if identity.kind != "AdmissionConfiguration"
        || !ADMISSION_VERSIONS.contains(&identity.api_version.as_str())
    {
        return read_at(file, root).map(Found::Configuration);
    }
    let plugins = file.field("plugins").and_then(Value::as_array).unwrap_or_default();
    let is_podsec = |plugin: &&Value| plugin.field("name").and_then(Value::as_str) == Some("PodSecurity");
    let path = root.key("plugins");
    let Some((index, plugin)) = plugins.iter().enumerate().find(|(_, plugin)| is_podsec(plugin)) else {
        return Err(one(&path, "has no plugin named `PodSecurity`".to_owned()));
    };
    let path = path.index(index);
    if let Some(configuration) = plugin.field("configuration") {
        return read_at(configuration, path.key("configuration")).map(Found::Configuration);
    }
    match plugin.field("path") {
        None => Ok(Found::Configuration(PodSecurityConfiguration::unconfigured())),
        Some(Value::String(text)) if text.is_empty() => {
            Ok(Found::Configuration(PodSecurityConfiguration::unconfigured()))
        }
        Some(Value::String(text)) => Ok(Found::Path(text.to_string())),
        Some(other) => Err(one(&path.key("path"), format!("expected a string, found {}", other.describe()))),
    }
}

/// Reads a configuration that names no further file.
///
/// # Errors
/// As [`read_file`], and where it names a further file.
pub fn read(file: &Value) -> Result<PodSecurityConfiguration, Vec<ConfigError>> {
    match read_file(file)? {
        Found::Configuration(configuration) => Ok(configuration),
        Found::Path(path) => {
            let message = format!("the configuration is in `{path}`; give that file");
            Err(vec![ConfigError { path: FieldPath::root().key("plugins"), message }])
        }
    }
}

/// The versions in which an API server reads an `AdmissionConfiguration`.
const ADMISSION_VERSIONS: [&str; 2] = ["apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1"];

fn read_at(value: &Value, path: FieldPath) -> Result<PodSecurityConfiguration, Vec<ConfigError>> {
    let identity = Identity::of(value).unwrap_or_default();
    let version = identity.api_version.strip_prefix(GROUP).and_then(|rest| rest.strip_prefix('/'));
    if identity.kind != "PodSecurityConfiguration"
        || !version.is_some_and(|version| VERSIONS.contains(&version))
    {
        let message = format!(
            "expected kind `PodSecurityConfiguration` of `{GROUP}/v1` (or v1beta1, v1alpha1), found `{}` of `{}`",
            identity.kind, identity.api_version
        );
        return Err(vec![ConfigError { path, message }]);
    }
    let mut decoder = Decoder::new(path.clone());
    let texts = decode(&mut decoder, value);
    let mut errors: Vec<ConfigError> = unknown_fields(value, &path);
    match decoder.finish(texts) {
        Ok(texts) => {
            let configuration = validate(texts, &path, &mut errors);
            if errors.is_empty() { Ok(configuration) } else { Err(errors) }
        }
        Err(wrong) => {
            errors.extend(wrong.into_iter().map(ConfigError::from));
            Err(errors)
        }
    }
}

/// The texts of a configuration, not yet validated.
struct Texts<'a> {
    /// Enforce, warn and audit: level and version.
    modes: [(Option<&'a str>, Option<&'a str>); 3],
    usernames: Vec<&'a str>,
    namespaces: Vec<&'a str>,
    runtime_classes: Vec<&'a str>,
}

/// The keys of each mode's level and version, in the order in which upstream validates them.
const MODES: [(&str, &str); 3] =
    [("enforce", "enforce-version"), ("warn", "warn-version"), ("audit", "audit-version")];

fn decode<'a>(decoder: &mut Decoder, value: &'a Value) -> Texts<'a> {
    let modes = decoder.mapping(Some(value), "defaults", |decoder, defaults| {
        let mut text = |key| decoder.string(Some(defaults), key).filter(|text| !text.is_empty());
        MODES.map(|(level, version)| (text(level), text(version)))
    });
    let lists = decoder.mapping(Some(value), "exemptions", |decoder, exemptions| {
        ["usernames", "namespaces", "runtimeClasses"].map(|key| decoder.strings(Some(exemptions), key))
    });
    let [usernames, namespaces, runtime_classes] = lists.unwrap_or_default();
    Texts { modes: modes.unwrap_or_default(), usernames, namespaces, runtime_classes }
}

fn unknown_fields(value: &Value, path: &FieldPath) -> Vec<ConfigError> {
    let modes = MODES.iter().flat_map(|(level, version)| [*level, *version]);
    let known: [(&str, Vec<&str>); 3] = [
        ("", vec!["apiVersion", "kind", "defaults", "exemptions"]),
        ("defaults", modes.collect()),
        ("exemptions", vec!["usernames", "namespaces", "runtimeClasses"]),
    ];
    let mut errors = Vec::new();
    for (place, keys) in known {
        let holder = if place.is_empty() { Some(value) } else { value.field(place) };
        let map = holder.and_then(Value::as_object);
        for (key, _) in
            map.into_iter().flat_map(ravelin_object::Map::iter).filter(|(key, _)| !keys.contains(key))
        {
            let path = path.clone().dotted(place).key(key);
            errors.push(ConfigError {
                path,
                message: format!("unknown field; expected one of {}", keys.join(", ")),
            });
        }
    }
    errors
}

fn validate(texts: Texts<'_>, path: &FieldPath, errors: &mut Vec<ConfigError>) -> PodSecurityConfiguration {
    let mut modes = [LevelVersion::PRIVILEGED; 3];
    let has_defaults = texts.modes.iter().any(|(level, version)| level.is_some() || version.is_some());
    for ((mode, (level, version)), (level_key, version_key)) in modes.iter_mut().zip(texts.modes).zip(MODES) {
        let path = |key: &str| path.clone().key("defaults").key(key);
        let mut invalid = |key: &str, value: &str, message: String| {
            errors.push(ConfigError {
                path: path(key),
                message: format!("Invalid value: {}: {message}", quoted(value)),
            });
        };
        match level.map(str::parse::<Level>) {
            Some(Ok(level)) => mode.level = level,
            Some(Err(error)) => invalid(level_key, level.unwrap_or_default(), error.to_string()),
            None => {}
        }
        match version.map(str::parse::<Version>) {
            Some(Ok(version)) => mode.version = version,
            Some(Err(error)) => invalid(version_key, version.unwrap_or_default(), error.to_string()),
            None => {}
        }
    }
    let [enforce, warn, audit] = modes;
    let exemptions = path.clone().key("exemptions");
    validate_list(&texts.namespaces, &exemptions.clone().key("namespaces"), dns1123_label_faults, errors);
    validate_list(
        &texts.runtime_classes,
        &exemptions.clone().key("runtimeClasses"),
        dns1123_subdomain_faults,
        errors,
    );
    let username = |name: &str| match name {
        "" => vec!["username must not be empty".to_owned()],
        _ => Vec::new(),
    };
    validate_list(&texts.usernames, &exemptions.key("usernames"), username, errors);
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
    PodSecurityConfiguration {
        defaults: Policy { enforce, audit, warn },
        has_defaults,
        exemptions: Exemptions {
            usernames: owned(texts.usernames),
            namespaces: owned(texts.namespaces),
            runtime_classes: owned(texts.runtime_classes),
        },
    }
}

fn validate_list(
    list: &[&str],
    path: &FieldPath,
    faults: impl Fn(&str) -> Vec<String>,
    errors: &mut Vec<ConfigError>,
) {
    let mut valid: Vec<&str> = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let faults = faults(item);
        let message = if !faults.is_empty() {
            format!("Invalid value: {}: {}", quoted(item), faults.join(", "))
        } else if valid.contains(item) {
            format!("Duplicate value: {}", quoted(item))
        } else {
            valid.push(item);
            continue;
        };
        errors.push(ConfigError { path: path.clone().index(index), message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read as object;
    use ravelin_yaml::Limits;

    fn of(text: &str) -> Result<PodSecurityConfiguration, Vec<String>> {
        let value = object::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
        read(&value).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    const HEAD: &str =
        "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n";

    #[test]
    fn reads_defaults_and_exemptions() {
        let read = of(&format!(
            "{HEAD}defaults: {{enforce: baseline, enforce-version: v1.30, warn: restricted}}\n\
             exemptions: {{namespaces: [kube-system], runtimeClasses: [kata], usernames: [bob]}}\n"
        ))
        .unwrap();
        assert_eq!(read.defaults.enforce.to_string(), "baseline:v1.30");
        assert_eq!(read.defaults.audit, LevelVersion::PRIVILEGED);
        assert_eq!(read.defaults.warn.to_string(), "restricted:latest");
        assert_eq!(read.exemptions.namespaces, ["kube-system"]);
        assert!(read.has_defaults);
        assert_eq!(of(HEAD).unwrap(), PodSecurityConfiguration::unconfigured());
    }

    #[test]
    fn reads_the_plugin_of_an_admission_configuration() {
        let text = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n\
                    - name: PodSecurity\n  configuration:\n    apiVersion: pod-security.admission.config.k8s.io/v1beta1\n    \
                    kind: PodSecurityConfiguration\n    defaults: {audit: baseline}\n";
        assert_eq!(of(text).unwrap().defaults.audit.to_string(), "baseline:latest");
    }

    #[test]
    fn an_admission_configuration_may_name_a_file_or_nothing() {
        let file = |plugin: &str| {
            let text = format!(
                "{{apiVersion: apiserver.k8s.io/v1alpha1, kind: AdmissionConfiguration, plugins: [{{name: X}}, {plugin}]}}"
            );
            let value = object::yaml(&text, &Limits::STANDARD).unwrap().value.unwrap();
            read_file(&value).map_err(|errors| errors[0].to_string())
        };
        let unconfigured = Found::Configuration(PodSecurityConfiguration::unconfigured());
        assert_eq!(file("{name: PodSecurity}"), Ok(unconfigured.clone()));
        assert_eq!(file("{name: PodSecurity, path: ''}"), Ok(unconfigured));
        assert_eq!(file("{name: PodSecurity, path: psa.yaml}"), Ok(Found::Path("psa.yaml".to_owned())));
        assert_eq!(
            file("{name: PodSecurity, path: 1}"),
            Err("plugins[1].path: expected a string, found the integer 1".to_owned())
        );
        assert_eq!(file("{name: Y}"), Err("plugins: has no plugin named `PodSecurity`".to_owned()));
    }

    #[test]
    fn refuses_what_the_api_server_refuses() {
        let errors = of(&format!(
            "{HEAD}default: {{}}\ndefaults: {{enforce: Baseline, warn-version: '1.2'}}\n\
             exemptions: {{namespaces: [a, a, B_], usernames: ['']}}\n"
        ))
        .unwrap_err();
        let wanted = [
            "default: unknown field",
            "defaults.enforce: Invalid value: \"Baseline\": must be one of privileged, baseline, restricted",
            "defaults.warn-version: Invalid value: \"1.2\": must be \"latest\" or \"v1.x\"",
            "exemptions.namespaces[1]: Duplicate value: \"a\"",
            "exemptions.namespaces[2]: Invalid value: \"B_\": a lowercase RFC 1123 label",
            "exemptions.usernames[0]: Invalid value: \"\": username must not be empty",
        ];
        assert_eq!(errors.len(), wanted.len(), "{errors:#?}");
        for (error, wanted) in errors.iter().zip(wanted) {
            assert!(error.starts_with(wanted), "{error}");
        }
        let wrong = of("apiVersion: v1\nkind: Pod\n").unwrap_err();
        assert!(wrong[0].contains("found `Pod` of `v1`"), "{wrong:?}");
    }
}
