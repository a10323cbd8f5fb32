//! The file with the configuration of Pod Security: what an API server reads of it, and what goes beyond.
//!
//! The first document is a `PodSecurityConfiguration` or an `AdmissionConfiguration`; an API server reads no
//! further. A `PodSecurityExtension` follows it as a second document, or stands alone. A scan and an admission
//! webhook read the file through here, so that they cannot disagree on what it says.

use crate::Limits;
use crate::places::{Lines, Places};
use crate::project::ProjectError;
use ravelin_diag::{Anchor, Day, FieldPath};
use ravelin_engine::checks::psa::ExpiredExemption;
use ravelin_engine::report::{Location, Region, ReportedFinding};
use ravelin_engine::scan::expired_message;
use ravelin_engine::selection::Selection;
use ravelin_engine::suppression;
use ravelin_object::identity::Identity;
use ravelin_object::{Value, documents, read};
use ravelin_podsec::config::{self, ConfigError, Found, PodSecurityConfiguration};
use ravelin_podsec::exemption::{self, Extension};
use std::path::Path;
use std::sync::Arc;

/// A configuration file that was read.
#[derive(Clone, Debug)]
pub struct PsaFile {
    /// What an API server reads.
    pub configuration: PodSecurityConfiguration,
    /// What goes beyond it.
    pub extension: Extension,
    /// Where each exemption stands.
    locations: Vec<Location>,
}

impl PsaFile {
    /// A finding for each exemption that has expired.
    #[must_use]
    pub fn expired(&self, today: Day, selection: &Selection) -> Vec<ReportedFinding> {
        let expired = self.extension.expired(today).filter_map(|(index, exemption)| {
            let location = self.locations.get(index)?.clone();
            suppression::report(
                &ExpiredExemption::META,
                expired_message(exemption),
                location,
                None,
                selection,
            )
        });
        expired.collect()
    }
}

/// Reads a configuration file, and the one that it names, if it does.
///
/// # Errors
/// The first fault, with its place; of a document whose fields are at fault, all of them.
pub fn load(path: &Path) -> Result<PsaFile, ProjectError> {
    load_text(path, &|path| {
        let plain = |message: String| error(&path.display().to_string(), None, message);
        let bytes = std::fs::read(path).map_err(|error| plain(crate::text::cannot_read(&error)))?;
        ravelin_yaml::decode(&bytes).map(|text| text.to_string()).map_err(|error| plain(error.to_string()))
    })
}

type ReadText<'r> = &'r dyn Fn(&Path) -> Result<String, ProjectError>;

fn load_text(path: &Path, read_text: ReadText<'_>) -> Result<PsaFile, ProjectError> {
    let text = read_text(path)?;
    let file = path.display().to_string();
    let documents = parse(&file, &text)?;
    let mut documents = documents.iter();
    let empty = || error(&file, None, "is empty; expected a PodSecurityConfiguration");
    let first = documents.next().ok_or_else(empty)?;
    if first.is_extension() {
        if let Some(further) = documents.next() {
            return Err(further.fault_at_start("must be the first document: an API server reads no other"));
        }
        return first.extension(PodSecurityConfiguration::unconfigured());
    }
    let configuration = match config::read_file(&first.value).map_err(|errors| first.faults(&errors))? {
        Found::Configuration(configuration) => configuration,
        Found::Path(named) => {
            let named = path.parent().unwrap_or(Path::new("")).join(named);
            let text = read_text(&named)?;
            let name = named.display().to_string();
            let documents = parse(&name, &text)?;
            let empty = || error(&name, None, "is empty; expected a PodSecurityConfiguration");
            let first = documents.first().ok_or_else(empty)?;
            config::read(&first.value).map_err(|errors| first.faults(&errors))?
        }
    };
    let Some(second) = documents.next() else {
        return Ok(PsaFile { configuration, extension: Extension::default(), locations: Vec::new() });
    };
    if let Some(third) = documents.next() {
        return Err(third.fault_at_start("nothing reads a third document"));
    }
    second.extension(configuration)
}

/// A document of a file.
struct Document<'t> {
    file: &'t str,
    value: Value,
    /// Its text, and where it starts in that of the file.
    text: &'t str,
    offset: usize,
    lines: Lines,
}

impl Document<'_> {
    fn is_extension(&self) -> bool {
        Identity::of(&self.value).is_some_and(|identity| identity.kind == exemption::KIND)
    }

    fn extension(&self, configuration: PodSecurityConfiguration) -> Result<PsaFile, ProjectError> {
        let extension = exemption::read(&self.value).map_err(|errors| self.faults(&errors))?;
        let file: Arc<str> = Arc::from(self.file);
        let places = self.places();
        let location = |index| {
            let path = FieldPath::root().key("exemptions").index(index);
            Location { file: file.clone(), region: self.region(places.as_ref(), &path) }
        };
        let locations = (0..extension.exemptions.len()).map(location).collect();
        Ok(PsaFile { configuration, extension, locations })
    }

    fn places(&self) -> Option<Places<'_>> {
        Places::of_yaml(self.text, &Limits::STANDARD.of_document())
    }

    fn region(&self, places: Option<&Places<'_>>, path: &FieldPath) -> Region {
        let (start, end) = places.map(|places| places.resolve(path, Anchor::Value)).unwrap_or_default();
        let offset = u32::try_from(self.offset).unwrap_or(u32::MAX);
        self.lines.region((offset.saturating_add(start), offset.saturating_add(end)))
    }

    /// Every fault, each on its line, at the place of the first.
    fn faults(&self, errors: &[ConfigError]) -> ProjectError {
        let at = errors.first().map(|error| self.region(self.places().as_ref(), &error.path).start);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        error(self.file, at.map(|at| (at.line, at.column)), texts.join("\n  "))
    }

    fn fault_at_start(&self, message: &str) -> ProjectError {
        let at = self.region(self.places().as_ref(), &FieldPath::root()).start;
        error(self.file, Some((at.line, at.column)), message)
    }
}

/// The documents of a file that hold anything. No key may stand twice in a mapping: an API server refuses that.
fn parse<'t>(file: &'t str, text: &'t str) -> Result<Vec<Document<'t>>, ProjectError> {
    let limits = Limits::STANDARD.of_document();
    let mut documents = Vec::new();
    for piece in documents::split(text) {
        let lines = Lines::new(text);
        let at = |offset: usize, message: String| {
            let position = lines.position(u32::try_from(offset).unwrap_or(u32::MAX));
            error(file, Some((position.line, position.column)), message)
        };
        if let Some(behind) = piece.bad_separator {
            return Err(at(piece.offset, format!("expected nothing behind `---`, found `{behind}`")));
        }
        let index = |offset: u32| piece.offset + usize::try_from(offset).unwrap_or_default();
        let read = read::yaml(piece.text, &limits).map_err(|error| at(index(error.offset), error.message))?;
        if let Some(offset) = read.ignored_from {
            return Err(at(index(offset), "nothing reads what follows the end of the document".to_owned()));
        }
        let places = Places::of_yaml(piece.text, &limits);
        if let Some(duplicate) = places.as_ref().and_then(|places| places.duplicates().first()) {
            let message = format!("the key `{}` stands in this mapping before", duplicate.key);
            return Err(at(index(duplicate.span.0), message));
        }
        if let Some(value) = read.value.filter(|value| *value != Value::Null) {
            documents.push(Document { file, value, text: piece.text, offset: piece.offset, lines });
        }
    }
    Ok(documents)
}

fn error(file: &str, position: Option<(u32, u32)>, message: impl Into<String>) -> ProjectError {
    ProjectError { file: file.to_owned(), position, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURATION: &str = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults: {enforce: baseline}\n";
    const EXTENSION: &str = "apiVersion: ravelin.dev/v1\nkind: PodSecurityExtension\nexemptions:\n- name: a\n  reason: r\n  owner: o\n  expires: '2026-01-31'\n  namespaces: [logs]\n";

    fn loaded(text: &str) -> Result<PsaFile, String> {
        let files = |path: &Path| match path.to_str() {
            Some("etc/admission.yaml") => Ok(text.to_owned()),
            Some("etc/psa.yaml") => Ok(CONFIGURATION.to_owned()),
            _ => Err(error("?", None, "no such file")),
        };
        load_text(Path::new("etc/admission.yaml"), &files).map_err(|error| error.to_string())
    }

    #[test]
    fn an_extension_follows_the_configuration_or_stands_alone() {
        let both = loaded(&format!("{CONFIGURATION}---\n{EXTENSION}")).unwrap();
        assert_eq!(both.configuration.defaults.enforce.to_string(), "baseline:latest");
        let findings = both.expired("2026-02-01".parse().unwrap(), &Selection::default());
        assert_eq!(findings[0].finding.message, "the exemption `a` of `o` expired on 2026-01-31: r");
        assert_eq!(findings[0].location.region.start.line, 8);
        assert!(both.expired("2026-01-31".parse().unwrap(), &Selection::default()).is_empty());
        assert_eq!(loaded(CONFIGURATION).unwrap().extension, Extension::default());
        let alone = loaded(EXTENSION).unwrap();
        assert_eq!((alone.extension.exemptions.len(), alone.configuration.has_defaults), (1, false));
    }

    #[test]
    fn a_file_may_name_the_file_beside_it() {
        let named = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- {name: PodSecurity, path: psa.yaml}\n";
        let both = loaded(&format!("{named}---\n{EXTENSION}")).unwrap();
        assert!(both.configuration.has_defaults && both.extension.exemptions.len() == 1);
    }

    #[test]
    fn faults_are_named_with_their_place() {
        for (text, message) in [
            (String::new(), "etc/admission.yaml: is empty; expected a PodSecurityConfiguration"),
            (
                format!("{EXTENSION}---\n{CONFIGURATION}"),
                "etc/admission.yaml:10:1: must be the first document",
            ),
            (
                format!("{CONFIGURATION}---\n{CONFIGURATION}"),
                "etc/admission.yaml:5:1: expected kind `PodSecurityExtension`",
            ),
            (
                format!("{CONFIGURATION}---\n{EXTENSION}  owners: x\n"),
                "etc/admission.yaml:13:11: exemptions[0].owners: unknown field",
            ),
            (
                format!("{CONFIGURATION}kind: x\n"),
                "etc/admission.yaml:4:1: the key `kind` stands in this mapping before",
            ),
        ] {
            let error = loaded(&text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
