//! What the query of a request says: options of reads and writes, with the API server's words for what is wrong.

use ravelin_authz::request_info::Url;
use ravelin_object::fault::Fault;
use ravelin_object::status::Status;

/// The group of options.
const META: &str = "meta.k8s.io";

/// A flag of a query as Go's conversion reads it: absent, `false` and `0` in any case are false, the rest is true.
pub(crate) fn flag(url: &Url, name: &str) -> bool {
    url.value(name).is_some_and(|value| !matches!(value.to_lowercase().as_str(), "false" | "0"))
}

/// A number of a query.
///
/// # Errors
/// 400 for what is none, an empty text included.
pub(crate) fn number(url: &Url, name: &str) -> Result<Option<i64>, Status> {
    let Some(text) = url.value(name) else { return Ok(None) };
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(error) => {
            let error: std::num::ParseIntError = error;
            let why = match error.kind() {
                std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                    "value out of range"
                }
                _ => "invalid syntax",
            };
            let text = ravelin_object::selector::quoted(text);
            Err(Status::bad_request(format!("strconv.ParseInt: parsing {text}: {why}")))
        }
    }
}

/// How a list or a watch is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListOptions {
    /// The label selector as written.
    pub(crate) label_selector: String,
    /// The field selector as written.
    pub(crate) field_selector: String,
    /// Whether to watch.
    pub(crate) watch: bool,
    /// Whether bookmarks may come.
    pub(crate) allow_bookmarks: bool,
    /// The resource version as written.
    pub(crate) resource_version: String,
    /// `Exact`, `NotOlderThan` or nothing.
    pub(crate) resource_version_match: String,
    /// After how many seconds to end.
    pub(crate) timeout_seconds: Option<i64>,
    /// The most items.
    pub(crate) limit: i64,
    /// Where to go on.
    pub(crate) continue_token: String,
    /// Whether a watch begins with what is there.
    pub(crate) send_initial_events: Option<bool>,
}

impl ListOptions {
    /// What a query says.
    ///
    /// # Errors
    /// 400 for numbers that are none, 422 for what does not go together.
    pub(crate) fn of(url: &Url) -> Result<Self, Status> {
        let text = |name| url.value(name).unwrap_or_default().to_owned();
        let options = Self {
            label_selector: text("labelSelector"),
            field_selector: text("fieldSelector"),
            watch: flag(url, "watch"),
            allow_bookmarks: flag(url, "allowWatchBookmarks"),
            resource_version: text("resourceVersion"),
            resource_version_match: text("resourceVersionMatch"),
            timeout_seconds: number(url, "timeoutSeconds")?,
            limit: number(url, "limit")?.unwrap_or_default(),
            continue_token: text("continue"),
            send_initial_events: url.value("sendInitialEvents").map(|_| flag(url, "sendInitialEvents")),
        };
        Ok(options)
    }

    /// Whether the options go together.
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/internalversion/validation`.
    pub(crate) fn validate(&self) -> Result<(), Status> {
        let faults = if self.watch { self.watch_faults() } else { self.list_faults() };
        if faults.is_empty() { Ok(()) } else { Err(Status::invalid(META, "ListOptions", "", &faults)) }
    }

    fn watch_faults(&self) -> Vec<Fault> {
        let field = "resourceVersionMatch";
        let mut faults = Vec::new();
        let how = self.resource_version_match.as_str();
        if self.send_initial_events.is_some() {
            if how != "NotOlderThan" {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                faults.push(Fault::forbidden(field, why));
            }
        } else if !how.is_empty() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            faults.push(Fault::forbidden(field, why));
        }
        if !matches!(how, "" | "NotOlderThan") {
            faults.push(Fault::not_supported(field, how, &["NotOlderThan"]));
        }
        if !self.continue_token.is_empty() {
            faults
                .push(Fault::forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
        }
        faults
    }

    fn list_faults(&self) -> Vec<Fault> {
        let field = "resourceVersionMatch";
        let mut faults = Vec::new();
        let how = self.resource_version_match.as_str();
        if !how.is_empty() {
            if self.resource_version.is_empty() {
                let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                faults.push(Fault::forbidden(field, why));
            }
            if !self.continue_token.is_empty() {
                faults.push(Fault::forbidden(
                    field,
                    "resourceVersionMatch is forbidden when continue is provided",
                ));
            }
            self.match_fault(&mut faults);
            if how == "Exact" && self.resource_version == "0" {
                let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                faults.push(Fault::forbidden(field, why));
            }
        }
        if self.send_initial_events.is_some() {
            faults.push(Fault::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        faults
    }

    fn match_fault(&self, faults: &mut Vec<Fault>) {
        let how = self.resource_version_match.as_str();
        if !matches!(how, "" | "Exact" | "NotOlderThan") {
            faults.push(Fault::not_supported("resourceVersionMatch", how, &["Exact", "NotOlderThan", ""]));
        }
    }
}

/// How strictly a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// Unknown and repeated fields are dropped in silence.
    Ignore,
    /// They are told.
    Warn,
    /// They are refused.
    Strict,
}

/// How a write is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WriteOptions {
    /// Whether nothing is to be written.
    pub(crate) dry_run: bool,
    /// How strictly the body is read.
    pub(crate) field_validation: FieldValidation,
    /// Who writes, for managed fields.
    pub(crate) field_manager: String,
}

/// Which options a write has: `CreateOptions`, `UpdateOptions`, `PatchOptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    /// A create.
    Create,
    /// An update.
    Update,
    /// A patch that is no apply.
    Patch,
    /// A server-side apply.
    Apply,
}

impl WriteOptions {
    /// What a query says.
    ///
    /// # Errors
    /// 422 for values there are not.
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.
    pub(crate) fn of(url: &Url, writes: Writes) -> Result<Self, Status> {
        let kind = match writes {
            Writes::Create => "CreateOptions",
            Writes::Update => "UpdateOptions",
            Writes::Patch | Writes::Apply => "PatchOptions",
        };
        let text = |name| url.value(name).unwrap_or_default();
        let mut faults = Vec::new();
        let field_manager = text("fieldManager");
        if writes == Writes::Apply && field_manager.is_empty() {
            faults.push(Fault::required("fieldManager", "is required for apply patch"));
        }
        if writes == Writes::Patch && url.value("force").is_some() {
            faults.push(Fault::forbidden("force", "may not be specified for non-apply patch"));
        }
        if field_manager.len() > 128 {
            faults.push(Fault::too_long("fieldManager", 128));
        } else if let Some((index, wrong)) = field_manager.char_indices().find(|(_, c)| !is_printable(*c)) {
            let why = format!("invalid character U+{:04X} (at position {index})", u32::from(wrong));
            faults.push(Fault::invalid("fieldManager", field_manager, why));
        }
        let dry_run = dry_run(url, &mut faults);
        let field_validation = match text("fieldValidation") {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                faults.push(Fault::not_supported(
                    "fieldValidation",
                    other,
                    &["", "Ignore", "Strict", "Warn"],
                ));
                FieldValidation::Warn
            }
        };
        if !faults.is_empty() {
            return Err(Status::invalid(META, kind, "", &faults));
        }
        Ok(Self { dry_run, field_validation, field_manager: field_manager.to_owned() })
    }
}

/// Most of what Go's `unicode.IsPrint` refuses: controls, spaces other than the plain one, and marks of format.
fn is_printable(character: char) -> bool {
    let is_format = matches!(u32::from(character),
        0xad | 0x600..=0x605 | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe000..=0xf8ff);
    !character.is_control() && !is_format && (character == ' ' || !character.is_whitespace())
}

/// Whether a query asks for a dry run.
pub(crate) fn dry_run(url: &Url, faults: &mut Vec<Fault>) -> bool {
    let asked: Vec<&str> =
        url.parameters().filter(|(name, _)| *name == "dryRun").map(|(_, value)| value).collect();
    if asked.iter().any(|value| *value != "All") {
        let list: Vec<ravelin_object::Value> = asked.iter().map(|value| (*value).into()).collect();
        faults.push(Fault::not_supported("dryRun", list, &["All"]));
    }
    !asked.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(query: &str) -> Url {
        Url::parse(&format!("/api/v1/pods?{query}")).unwrap()
    }

    #[test]
    fn options_of_lists_are_refused_as_upstream_refuses_them() {
        let cases = [
            ("limit=abc", 400, "strconv.ParseInt: parsing \"abc\": invalid syntax"),
            (
                "resourceVersionMatch=Exact",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
            ),
            (
                "resourceVersionMatch=Sideways&resourceVersion=1",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \"Sideways\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
            ),
            (
                "watch=1&sendInitialEvents=true",
                422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ),
        ];
        for (query, code, message) in cases {
            let answer = ListOptions::of(&url(query)).and_then(|options| options.validate());
            let status = answer.unwrap_err();
            assert_eq!((status.code, status.message.as_str()), (code, message), "{query}");
        }
        assert!(ListOptions::of(&url("watch=false")).is_ok_and(|options| !options.watch));
    }

    #[test]
    fn a_dry_run_is_all_or_wrong() {
        let of = |query: &str| WriteOptions::of(&url(query), Writes::Create);
        assert!(of("dryRun=All&dryRun=All").unwrap().dry_run);
        assert!(!of("").unwrap().dry_run);
        assert_eq!(
            of("dryRun=&dryRun=All").unwrap_err().message,
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"\",\"All\"]: supported values: \"All\""
        );
        assert_eq!(
            of("dryRun=Some").unwrap_err().message,
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\""
        );
    }
}
