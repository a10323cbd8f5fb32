//! From paths to a report: read, judge, locate, suppress.

use crate::files::{self, Candidate, Fate, FileOptions};
use crate::kustomize;
use crate::limits::Limits;
use crate::load::{Document, Loaded, Relevant, load};
use crate::locate::{Judged, Locator};
use crate::overlay;
use crate::places::Lines;
use crate::project::Entries;
use crate::psa::PsaFile;
use crate::text::{SourceText, Texts};
use ravelin_diag::FieldPath;
use ravelin_engine::report::{Entry, Outcome, Report, ReportedFinding};
use ravelin_engine::scan::{Judgement, Scanner, Settings, Standard, is_relevant};
use ravelin_engine::suppression::Day;
use ravelin_inventory::{Inventory, Object};
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What to scan, and how.
#[derive(Debug)]
pub struct Request<'r> {
    /// Files, directories, or `-` for standard input.
    pub paths: &'r [PathBuf],
    /// What the paths are laid over: a cluster, a snapshot of one.
    pub base: &'r [Base],
    /// Which files of directories.
    pub files: &'r FileOptions,
    /// How much is read.
    pub limits: &'r Limits,
    /// What the engines are told.
    pub settings: &'r Settings,
    /// Today, for suppressions that expire; nothing where no suppression is heeded.
    pub suppress: Option<Day>,
    /// The suppressions of the configuration file.
    pub entries: &'r Entries,
    /// The Pod Security configuration that the settings were taken from, for what is wrong with it today.
    pub psa: Option<&'r PsaFile>,
}

/// Something that manifests are laid over. An object that stands again in a higher layer, or in the paths, is not
/// judged where it is: the higher one is what the cluster would hold.
#[derive(Clone, Debug)]
pub struct Base {
    /// The layer: what is in a higher one replaces what is in this. The paths are above all.
    pub layer: usize,
    /// The name reports use.
    pub name: Arc<str>,
    /// The text, or why there is none.
    pub text: Result<SourceText, String>,
}

/// Why an object of a base is skipped that stands again in a higher layer.
pub const REPLACED: &str = "replaced by a source above it";

/// Hears how far a scan is.
pub trait Progress: Sync {
    /// How many files there are to read.
    fn files(&self, total: usize);
    /// One more file is read.
    fn read(&self);
    /// Reading is done; so many objects are to be judged.
    fn objects(&self, total: usize);
}

/// Where to hear of progress nobody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn files(&self, _: usize) {}
    fn read(&self) {}
    fn objects(&self, _: usize) {}
}

/// Scans. Total: what cannot be read or judged is an entry of the report that says so.
#[must_use]
pub fn scan(request: &Request<'_>, progress: &dyn Progress) -> (Report, Texts) {
    let mut candidates: Vec<Candidate> = request.base.iter().map(candidate).collect();
    candidates.extend(files::collect(request.paths, request.files, request.limits.file_size));
    progress.files(candidates.len());
    let patches = kustomize::patch_files(&candidates, request.limits);
    let kept = AtomicUsize::new(0);
    let mut loaded: Vec<Loaded> = candidates
        .par_iter()
        .map(|candidate| {
            let mut loaded = load_candidate(candidate, request.limits, is_relevant, &patches);
            let size = loaded.text.as_ref().map_or(0, |(text, _)| text.len());
            if kept.fetch_add(size, Ordering::Relaxed) + size > Texts::KEPT {
                loaded.text = None;
            }
            progress.read();
            loaded
        })
        .collect();
    overlay::replace(&mut loaded, request.base, &request.settings.default_namespace);
    let texts = texts(candidates, &loaded, request.limits);
    let (files, inventory) = into_inventory(loaded);
    progress.objects(inventory.objects().len());

    let scanner = Scanner::new(request.settings);
    let ids: Vec<_> = inventory.ids().collect();
    let mut judgements: Vec<Judgement> = ids.par_iter().map(|id| scanner.judge(&inventory, *id)).collect();
    let unknown_together = scanner.judge_together(&inventory, &mut judgements);

    let parts: Vec<(Vec<ReportedFinding>, Vec<Entry>)> =
        files.par_iter().map(|file| file.report(request, &inventory, &judgements, &texts)).collect();
    let mut report = Report {
        files: files.len(),
        unknown: unknown(request, &inventory, &judgements).into_iter().chain(unknown_together).collect(),
        ..Report::default()
    };
    for (findings, entries) in parts {
        report.findings.extend(findings);
        report.entries.extend(entries);
    }
    if let Some(psa) = request.psa {
        // Where the file is among the scanned ones, it has been reported with its fields already.
        let mut expired = psa.expired(request.settings.today, &request.settings.selection);
        expired.retain(|finding| {
            let is_same = |other: &ReportedFinding| {
                other.finding.check == finding.finding.check && other.location.file == finding.location.file
            };
            !report.findings.iter().any(is_same)
        });
        report.findings.append(&mut expired);
    }
    if let Some(today) = request.suppress {
        let reports = request.entries.apply(&mut report.findings, today, &request.settings.selection);
        report.findings.extend(reports);
    }
    report.finish();
    (report, texts)
}

/// What was read, before anything is judged.
#[derive(Debug)]
pub struct Sources {
    /// The objects in which there could be something to judge.
    pub inventory: Inventory,
    /// Every entry, in the order of the paths, names and texts; those to be judged stand as judged.
    pub entries: Vec<Entry>,
    /// For each object of the inventory, its entry: an index into `entries`.
    pub entry_of: Vec<usize>,
}

/// Reads without judging, and keeps the objects that a scan would judge.
#[must_use]
pub fn read(paths: &[PathBuf], options: &FileOptions, limits: &Limits) -> Sources {
    read_where(paths, options, limits, is_relevant)
}

/// Reads without judging, and keeps the objects that are `relevant`; the others are accounted for as not
/// applicable.
#[must_use]
pub fn read_where(
    paths: &[PathBuf],
    options: &FileOptions,
    limits: &Limits,
    relevant: fn(&Identity, &Value) -> bool,
) -> Sources {
    let candidates = files::collect(paths, options, limits.file_size);
    let patches = kustomize::patch_files(&candidates, limits);
    let loaded = candidates
        .par_iter()
        .map(|candidate| load_candidate(candidate, limits, relevant, &patches))
        .collect();
    let (files, inventory) = into_inventory(loaded);
    let mut sources =
        Sources { entry_of: vec![0; inventory.objects().len()], inventory, entries: Vec::new() };
    for (_, mut entry, _, judged) in files.into_iter().flat_map(|file| file.drafts) {
        if let Some(slot) = judged.and_then(|index| sources.entry_of.get_mut(index)) {
            *slot = sources.entries.len();
            entry.outcome = Outcome::Judged;
        }
        sources.entries.push(entry);
    }
    sources
}

fn candidate(base: &Base) -> Candidate {
    let fate = match &base.text {
        Ok(text) => Fate::Read(text.clone()),
        Err(message) => Fate::Failed(message.clone()),
    };
    Candidate { name: base.name.clone(), fate }
}

fn load_candidate(
    candidate: &Candidate,
    limits: &Limits,
    relevant: Relevant,
    patches: &BTreeSet<PathBuf>,
) -> Loaded {
    let name = candidate.name.clone();
    let outcome = match &candidate.fate {
        Fate::Read(source) => {
            let is_patch = !patches.is_empty()
                && matches!(source, SourceText::File(path) if patches.contains(&kustomize::normal(path)));
            return load(name, source, limits, relevant, is_patch);
        }
        Fate::Skipped(reason) => Outcome::Skipped { reason: (*reason).to_owned() },
        Fate::Failed(message) => Outcome::Failed { message: message.clone() },
    };
    Loaded::whole(name, outcome)
}

fn texts(candidates: Vec<Candidate>, loaded: &[Loaded], limits: &Limits) -> Texts {
    let kept =
        loaded.iter().filter_map(|file| Some((file.name.clone(), file.text.as_ref()?.0.clone()))).collect();
    let sources = candidates.into_iter().filter_map(|candidate| match candidate.fate {
        Fate::Read(source) => Some((candidate.name, source)),
        _ => None,
    });
    Texts { sources: sources.collect(), limits: Some(*limits), kept }
}

/// A file whose objects have moved into the inventory.
struct Inventoried {
    name: Arc<str>,
    documents: Vec<Document>,
    /// The lines of its text, where that is kept.
    lines: Option<Lines>,
    /// Document, entry, place in the document, and index in the inventory while it is to be judged.
    drafts: Vec<(Option<usize>, Entry, FieldPath, Option<usize>)>,
}

fn into_inventory(loaded: Vec<Loaded>) -> (Vec<Inventoried>, Inventory) {
    let mut objects = Vec::new();
    let mut files = Vec::with_capacity(loaded.len());
    for (file, loaded) in loaded.into_iter().enumerate() {
        let mut drafts = Vec::with_capacity(loaded.drafts.len());
        for draft in loaded.drafts {
            let judged = draft.value.zip(draft.object.clone()).map(|(value, identity)| {
                objects.push(Object { identity, value, origin: u32::try_from(file).unwrap_or(u32::MAX) });
                objects.len() - 1
            });
            let entry = Entry {
                file: loaded.name.clone(),
                position: draft.position,
                object: draft.object,
                outcome: draft.outcome.unwrap_or(Outcome::NotApplicable),
            };
            drafts.push((draft.document, entry, draft.prefix, judged));
        }
        let lines = loaded.text.map(|(_, lines)| lines);
        files.push(Inventoried { name: loaded.name, documents: loaded.documents, lines, drafts });
    }
    (files, Inventory::new(objects))
}

impl Inventoried {
    /// The findings and entries of the file.
    fn report(
        &self,
        request: &Request<'_>,
        inventory: &Inventory,
        judgements: &[Judgement],
        texts: &Texts,
    ) -> (Vec<ReportedFinding>, Vec<Entry>) {
        let judged = |draft: &(Option<usize>, Entry, FieldPath, Option<usize>)| {
            let index = draft.3?;
            Some((inventory.objects().get(index)?, judgements.get(index)?))
        };
        let needs_text = self.drafts.iter().filter_map(judged).any(|(_, judgement)| {
            !judgement.findings.is_empty()
                || !judgement.exempted.is_empty()
                || !judgement.errors.is_empty()
                || !judgement.ignores.is_empty()
        });
        let text = needs_text.then(|| texts.text(&self.name)).flatten();
        let lines = match &self.lines {
            Some(lines) => Cow::Borrowed(lines),
            None => Cow::Owned(Lines::new(text.as_deref().unwrap_or_default())),
        };
        let locator = Locator {
            file: &self.name,
            text: text.as_deref(),
            lines: lines.as_ref(),
            limits: request.limits,
            selection: &request.settings.selection,
            extension: &request.settings.extension,
            suppress: request.suppress,
        };
        let mut by_document: Vec<Vec<Judged<'_>>> = self.documents.iter().map(|_| Vec::new()).collect();
        let mut entries = Vec::with_capacity(self.drafts.len());
        for draft in &self.drafts {
            let (document, entry, prefix, _) = draft;
            let mut entry = entry.clone();
            if let Some((object, judgement)) = judged(draft) {
                entry.outcome = judgement.outcome.clone();
                let document = document
                    .and_then(|index| Some((self.documents.get(index)?, by_document.get_mut(index)?)));
                if let Some((document, in_document)) = document {
                    if let Some(error) = judgement.errors.first() {
                        entry.position = locator.position(document, prefix, &error.path).or(entry.position);
                    }
                    in_document.push(Judged { object, prefix, judgement });
                }
            }
            entries.push(entry);
        }
        let parts = self.documents.par_iter().zip(&by_document);
        let findings: Vec<Vec<ReportedFinding>> =
            parts.map(|(document, judged)| locator.findings(document, judged)).collect();
        (findings.into_iter().flatten().collect(), entries)
    }
}

/// What could not be known: said once for each cause.
fn unknown(request: &Request<'_>, inventory: &Inventory, judgements: &[Judgement]) -> Vec<String> {
    let mut namespaces: BTreeMap<&str, ()> = BTreeMap::new();
    let mut unnamed = 0_usize;
    for (object, judgement) in inventory.objects().iter().zip(judgements) {
        let by_default = |pod: &ravelin_engine::scan::PodJudgement| {
            matches!(pod.standard, Standard::Yardstick(_) | Standard::Defaults(_))
        };
        if !judgement.pods.iter().any(by_default) {
            continue;
        }
        let name = &object.identity.namespace;
        let name = if name.is_empty() { &request.settings.default_namespace } else { name };
        match inventory.namespace(name) {
            ravelin_inventory::NamespaceFacts::Unnamed => unnamed += 1,
            ravelin_inventory::NamespaceFacts::Unknown(name) => {
                namespaces.insert(name, ());
            }
            ravelin_inventory::NamespaceFacts::Known(..) => {}
        }
    }
    let held_to = if request.settings.psa.has_defaults {
        "the configured defaults".to_owned()
    } else {
        format!("`{}`", request.settings.yardstick)
    };
    let mut unknown = Vec::new();
    if unnamed > 0 {
        let objects = if unnamed == 1 { "object names" } else { "objects name" };
        unknown.push(format!("{unnamed} {objects} no namespace; held to {held_to}"));
    }
    if !namespaces.is_empty() {
        let names: Vec<&str> = namespaces.into_keys().collect();
        unknown.push(format!(
            "the labels of {} are not among the scanned files; held to {held_to}",
            name_list(&names)
        ));
    }
    let users = request.settings.psa.exemptions.usernames.len();
    if users > 0 {
        unknown.push(format!(
            "who will create the pods is not known, so the {users} exempt usernames exempt nothing here"
        ));
    }
    let of_users =
        request.settings.extension.exemptions.iter().filter(|exemption| exemption.usernames.is_some());
    match of_users.count() {
        0 => {}
        1 => unknown.push(
            "who will create the pods is not known, so 1 exemption by username exempts nothing here"
                .to_owned(),
        ),
        many => unknown.push(format!(
            "who will create the pods is not known, so {many} exemptions by username exempt nothing here"
        )),
    }
    unknown
}

/// `namespace a`, or `N namespaces (a, b, ...)`.
fn name_list(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    match names {
        [one] => format!("namespace `{one}`"),
        many => {
            let shown =
                many.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let more = if many.len() > SHOWN { ", ..." } else { "" };
            format!("{} namespaces ({shown}{more})", many.len())
        }
    }
}
