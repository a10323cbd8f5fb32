//! One file becomes documents, entries and objects.

use crate::Limits;
use crate::comments::{self, IgnoreComment};
use crate::places::{Lines, Places};
use crate::recognise::{self, Stranger};
use crate::text::SourceText;
use ravelin_diag::{Anchor, FieldPath, Segment};
use ravelin_engine::report::{Outcome, Position, Region};
use ravelin_object::documents::{self, Format, Piece};
use ravelin_object::identity::Identity;
use ravelin_object::read::{self, Bound, ReadError};
use ravelin_object::{Value, list};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// Whether an object is of interest to whoever reads; the others are accounted for and dropped.
pub(crate) type Relevant = fn(&Identity, &Value) -> bool;

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The name reports use.
    pub name: Arc<str>,
    /// Its documents.
    pub documents: Vec<Document>,
    /// Everything in it that is accounted for, in the order of the text.
    pub drafts: Vec<Draft>,
    /// Its decoded text with its lines, if there is something to judge in it.
    pub text: Option<(Arc<str>, Lines)>,
}

/// A document of a file, without its text.
#[derive(Debug)]
pub(crate) struct Document {
    /// Where it starts and ends: bytes of the decoded text of the file.
    pub bytes: (usize, usize),
    /// How it is read.
    pub format: Format,
    /// The suppressions in its comments, with the line each applies to, as lines of the file.
    pub comments: Vec<(IgnoreComment, u32, Region)>,
    /// The keys that stand there before: text and place.
    pub duplicates: Vec<(String, Region)>,
}

/// Something that is accounted for; objects that are to be judged have no outcome.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Its document, where it is in one.
    pub document: Option<usize>,
    /// Where it starts, or cannot be read.
    pub position: Option<Position>,
    /// Which object it is.
    pub object: Option<Identity>,
    /// Where the object stands in its document: the root, or an item of a list.
    pub prefix: FieldPath,
    /// The object, while it is of interest.
    pub value: Option<Value>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
}

impl Draft {
    fn ended(document: Option<usize>, position: Option<Position>, outcome: Outcome) -> Self {
        Self {
            document,
            position,
            object: None,
            prefix: FieldPath::root(),
            value: None,
            outcome: Some(outcome),
        }
    }
}

impl Loaded {
    /// A file that ends as a whole, without documents.
    pub(crate) fn whole(name: Arc<str>, outcome: Outcome) -> Self {
        Self { name, documents: Vec::new(), drafts: vec![Draft::ended(None, None, outcome)], text: None }
    }
}

/// A text whose size makes it worth sharing its documents out among threads.
const LARGE: usize = 256 << 10;

/// Reads a file. Total: what cannot be read is a draft that says so.
pub(crate) fn load(
    name: Arc<str>,
    source: &SourceText,
    limits: &Limits,
    relevant: Relevant,
    is_patch: bool,
) -> Loaded {
    let whole = |outcome| Loaded::whole(name.clone(), outcome);
    let bytes = match source.bytes(limits) {
        Ok(bytes) => bytes,
        Err(message) => return whole(Outcome::Failed { message }),
    };
    let text = match ravelin_yaml::decode(&bytes) {
        Ok(text) => text,
        Err(error) => return whole(Outcome::Failed { message: undecodable(&bytes, &error) }),
    };
    let path = match source {
        SourceText::File(path) => Some(path.as_path()),
        SourceText::Kept(_) => None,
    };
    if path.is_some_and(recognise::is_in_chart_templates) && recognise::has_live_template_marks(&text) {
        return whole(skipped("Helm template (not rendered)"));
    }
    if is_patch {
        return whole(skipped("kustomize patch"));
    }
    if documents::is_blank(&text) {
        return whole(match source {
            SourceText::File(_) => skipped("empty"),
            // What was to be judged never came: a pipe whose first command failed must not be clean.
            SourceText::Kept(_) => {
                Outcome::Failed { message: "holds nothing; did the command before the pipe fail?".to_owned() }
            }
        });
    }
    let lines = Lines::new(&text);
    let reader = Reader { path, text: &text, lines: &lines, limits, relevant };
    let mut loaded = match documents::detect(&text) {
        Format::Json => reader.json(name),
        Format::Yaml => reader.yaml(name),
    };
    if loaded.drafts.is_empty() {
        loaded.drafts.push(Draft::ended(None, None, skipped("empty")));
    }
    if loaded.drafts.iter().any(|draft| draft.value.is_some()) {
        loaded.text = Some((Arc::from(&*text), lines));
    }
    loaded
}

fn skipped(reason: &str) -> Outcome {
    Outcome::Skipped { reason: reason.to_owned() }
}

fn undecodable(bytes: &[u8], error: &ravelin_yaml::Error) -> String {
    let line =
        memchr::memchr_iter(b'\n', bytes.get(..error.offset() as usize).unwrap_or_default()).count() + 1;
    format!("line {line}: {error}")
}

struct Reader<'t> {
    path: Option<&'t Path>,
    text: &'t str,
    lines: &'t Lines,
    limits: &'t Limits,
    relevant: Relevant,
}

impl<'t> Reader<'t> {
    fn yaml(&self, name: Arc<str>) -> Loaded {
        let pieces: Vec<Piece<'t>> = documents::split(self.text);
        let wanted: Vec<&Piece<'t>> = pieces
            .iter()
            .filter(|piece| piece.bad_separator.is_some() || !documents::is_blank(piece.text))
            .collect();
        let (wanted, rest) = wanted.split_at_checked(self.limits.documents).unwrap_or((&wanted, &[]));
        let read = |(index, piece): (usize, &&Piece<'t>)| self.piece(index, piece);
        let parts: Vec<(Document, Vec<Draft>)> = if self.text.len() >= LARGE {
            wanted.par_iter().enumerate().map(read).collect()
        } else {
            wanted.iter().enumerate().map(read).collect()
        };
        self.loaded(name, parts, rest.first().map(|piece| (piece.offset, rest.len())))
    }

    fn json(&self, name: Arc<str>) -> Loaded {
        let mut parts = Vec::new();
        let mut failed = None;
        for value in read::json_stream(self.text).take(self.limits.documents) {
            match value {
                Ok((offset, text)) => {
                    parts.push(self.document(parts.len(), offset, text, Format::Json));
                }
                Err(error) => failed = Some(error),
            }
        }
        // Upstream tries YAML where a text that begins with a brace is no JSON.
        if let Some(error) = failed {
            if parts.is_empty() && read::yaml(self.text, &self.limits.of_document()).is_ok() {
                return self.yaml(name);
            }
            let index = parts.len();
            let offset = error.offset as usize;
            let draft = self.unreadable(index, 0, self.text, &error);
            parts.push((self.plain(offset, self.text.len(), Format::Json), vec![draft]));
        }
        self.loaded(name, parts, None)
    }

    fn loaded(
        &self,
        name: Arc<str>,
        parts: Vec<(Document, Vec<Draft>)>,
        rest: Option<(usize, usize)>,
    ) -> Loaded {
        let mut loaded =
            Loaded { name, documents: Vec::with_capacity(parts.len()), drafts: Vec::new(), text: None };
        for (document, drafts) in parts {
            loaded.documents.push(document);
            loaded.drafts.extend(drafts);
        }
        if let Some((offset, count)) = rest {
            let message = format!(
                "{count} more documents in this file, beyond the {} that --max-documents allows",
                self.limits.documents
            );
            loaded.drafts.push(Draft::ended(
                None,
                Some(self.lines.position(clamp(offset))),
                Outcome::Failed { message },
            ));
        }
        loaded
    }

    fn piece(&self, index: usize, piece: &Piece<'t>) -> (Document, Vec<Draft>) {
        let Some(behind) = piece.bad_separator else {
            return self.document(index, piece.offset, piece.text, Format::Yaml);
        };
        let message = format!(
            "the document separator is followed by `{}`, which kubectl refuses; expected a line of `---` alone",
            behind.chars().take(40).collect::<String>()
        );
        let separator = self.text.get(..piece.offset).unwrap_or_default().trim_end_matches('\n');
        let offset = separator.rfind('\n').map_or(0, |at| at + 1);
        let position = Some(self.lines.position(clamp(offset)));
        let failed = Draft::ended(Some(index), position, Outcome::Failed { message });
        (self.plain(piece.offset, piece.offset + piece.text.len(), Format::Yaml), vec![failed])
    }

    fn document(&self, index: usize, offset: usize, text: &str, format: Format) -> (Document, Vec<Draft>) {
        let limits = self.limits.of_document();
        let read = match format {
            Format::Yaml => read::yaml(text, &limits),
            Format::Json => read::json(text, &limits),
        };
        let mut document = self.plain(offset, offset + text.len(), format);
        let read = match read {
            Ok(read) => read,
            Err(error) => return (document, vec![self.unreadable(index, offset, text, &error)]),
        };
        let start = offset + content_start(text);
        let needs_places = read.duplicates > 0 || read.value.as_ref().is_some_and(list::is_list);
        let places = needs_places.then(|| places_of(text, format, self.limits)).flatten();
        if let Some(places) = places.as_ref().filter(|_| read.duplicates > 0) {
            let region = |bytes: (u32, u32)| self.region(offset, bytes);
            document.duplicates =
                places.duplicates().iter().map(|key| (key.key.clone(), region(key.span))).collect();
        }
        if format == Format::Yaml {
            document.comments = self.comments(offset, text);
        }
        let mut drafts = Vec::new();
        match read.value {
            None | Some(Value::Null) => drafts.push(Draft::ended(
                Some(index),
                Some(self.lines.position(clamp(start))),
                skipped("empty"),
            )),
            Some(value) => {
                let place = Place { index, offset, start, places: places.as_ref() };
                self.objects(value, FieldPath::root(), &place, &mut drafts);
            }
        }
        if let Some(end) = read.ignored_from {
            let at = offset + end as usize;
            let rest = text.get(end as usize..).unwrap_or_default();
            let position = Some(self.lines.position(clamp(at + content_start(rest))));
            let reason = "behind the end of its document, where Kubernetes reads nothing";
            drafts.push(Draft::ended(Some(index), position, skipped(reason)));
        }
        (document, drafts)
    }

    /// The objects of a value: itself, or the items of a list, however nested.
    fn objects(&self, value: Value, prefix: FieldPath, place: &Place<'_>, drafts: &mut Vec<Draft>) {
        if prefix.segments().len() < self.limits.depth && list::is_list(&value) {
            let items = list::into_items(value);
            if items.is_empty() {
                drafts.push(self.draft(place, prefix, None, None, Some(skipped("empty list"))));
                return;
            }
            for (index, item) in items.into_iter().enumerate() {
                self.objects(item, prefix.clone().key("items").index(index), place, drafts);
            }
            return;
        }
        let draft = match recognise::object(&value, self.path) {
            Ok(identity) if (self.relevant)(&identity, &value) => {
                self.draft(place, prefix, Some(identity), Some(value), None)
            }
            Ok(identity) => self.draft(place, prefix, Some(identity), None, Some(Outcome::NotApplicable)),
            Err(Stranger::Skipped(reason)) => self.draft(place, prefix, None, None, Some(skipped(reason))),
            Err(Stranger::Failed(message)) => {
                self.draft(place, prefix, None, None, Some(Outcome::Failed { message }))
            }
        };
        drafts.push(draft);
    }

    fn draft(
        &self,
        place: &Place<'_>,
        prefix: FieldPath,
        object: Option<Identity>,
        value: Option<Value>,
        outcome: Option<Outcome>,
    ) -> Draft {
        let start = match place.places {
            Some(places) if prefix != FieldPath::root() => {
                let (inside, _) = places.resolve(&prefix, Anchor::Value);
                place.offset + inside as usize
            }
            _ => place.start,
        };
        let position = Some(self.lines.position(clamp(start)));
        Draft { document: Some(place.index), position, object, prefix, value, outcome }
    }

    /// A document that cannot be read: a template by its marks, or a failure.
    fn unreadable(&self, index: usize, offset: usize, text: &str, error: &ReadError) -> Draft {
        if recognise::has_template_marks(text) {
            let position = Some(self.lines.position(clamp(offset + content_start(text))));
            return Draft::ended(Some(index), position, skipped("template (not rendered)"));
        }
        let at = clamp(offset + error.offset as usize);
        let hint = match error.exceeded {
            Some(Bound::Depth) => "; --max-depth sets the limit",
            Some(Bound::Aliases) => "; --max-alias-nodes sets the limit",
            None => "",
        };
        let message = format!("{}{hint}", error.message);
        Draft::ended(Some(index), Some(self.lines.position(at)), Outcome::Failed { message })
    }

    fn comments(&self, offset: usize, text: &str) -> Vec<(IgnoreComment, u32, Region)> {
        let found = comments::find(text);
        if found.is_empty() {
            return Vec::new();
        }
        let first_line = self.lines.position(clamp(offset)).line;
        let place = |comment: IgnoreComment| {
            let target = comment.target + first_line - 1;
            let region = self.region(offset, comment.bytes);
            (comment, target, region)
        };
        found.into_iter().map(place).collect()
    }

    fn region(&self, offset: usize, (start, end): (u32, u32)) -> Region {
        let offset = clamp(offset);
        self.lines.region((offset.saturating_add(start), offset.saturating_add(end)))
    }

    fn plain(&self, start: usize, end: usize, format: Format) -> Document {
        Document { bytes: (start, end), format, comments: Vec::new(), duplicates: Vec::new() }
    }
}

/// Where in a file the objects of a document are.
struct Place<'p> {
    index: usize,
    offset: usize,
    start: usize,
    places: Option<&'p Places<'p>>,
}

/// The places of a document that was read before.
pub(crate) fn places_of<'t>(text: &'t str, format: Format, limits: &Limits) -> Option<Places<'t>> {
    match format {
        Format::Yaml => Places::of_yaml(text, &limits.of_document()),
        Format::Json => Places::of_json(text, limits.of_document().depth),
    }
}

/// The offset of the first line of a document that is neither blank nor a comment nor a separator.
fn content_start(text: &str) -> usize {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t', '\u{feff}']);
        let is_content =
            !content.trim_end().is_empty() && !content.starts_with('#') && !content.starts_with("---");
        if is_content {
            return offset + line.len() - content.len();
        }
        offset += line.len();
    }
    0
}

/// Offsets are counted in 32 bits: files are smaller than that by the limit on their size.
fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// A path below a prefix.
pub(crate) fn below(prefix: &FieldPath, path: &FieldPath) -> FieldPath {
    let mut whole: Vec<Segment> = prefix.segments().to_vec();
    whole.extend(path.segments().iter().cloned());
    FieldPath::from(whole)
}
