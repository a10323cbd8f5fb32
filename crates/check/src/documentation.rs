//! The doc comment of a check, taken apart.

/// What an example in the documentation of a check must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The check reports it.
    Fails,
    /// The check does not report it.
    Passes,
}

/// An example in the documentation of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example<'a> {
    /// What it must do.
    pub expectation: Expectation,
    /// Its text: one or more YAML documents.
    pub text: &'a str,
}

/// The documentation of a check, in its sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documentation<'a> {
    /// The first line: what is wrong, without a period.
    pub title: &'a str,
    /// Everything between the title and the first section.
    pub summary: String,
    /// The other sections in their order: heading and body, examples left out.
    pub sections: Vec<(&'a str, String)>,
    /// The examples in their order.
    pub examples: Vec<Example<'a>>,
}

impl<'a> Documentation<'a> {
    /// Takes the Markdown text of a doc comment apart. Total: a text without sections has none.
    #[must_use]
    pub fn parse(docs: &'a str) -> Self {
        let mut documentation =
            Self { title: "", summary: String::new(), sections: Vec::new(), examples: Vec::new() };
        let mut fence: Option<(Option<Expectation>, usize)> = None;
        let mut offset = 0;
        for raw in docs.split_inclusive('\n') {
            let start = offset;
            offset += raw.len();
            // A doc comment's line begins with the space behind its `///`.
            let line = raw.strip_prefix(' ').unwrap_or(raw).trim_end();
            if let Some((expectation, from)) = fence {
                if line.starts_with("```") {
                    fence = None;
                    if let (Some(expectation), Some(text)) = (expectation, docs.get(from..start)) {
                        documentation.examples.push(Example { expectation, text });
                        continue;
                    }
                }
                if expectation.is_none() {
                    documentation.body().push_str(line);
                    documentation.body().push('\n');
                }
                continue;
            }
            if let Some(info) = line.strip_prefix("```") {
                let expectation = expectation(info);
                fence = Some((expectation, offset));
                if expectation.is_some() {
                    continue;
                }
            }
            documentation.line(line);
        }
        documentation.summary = documentation.summary.trim().to_owned();
        for (_, body) in &mut documentation.sections {
            *body = body.trim().to_owned();
        }
        documentation
    }

    /// The body of the section with this heading.
    #[must_use]
    pub fn section(&self, heading: &str) -> Option<&str> {
        self.sections.iter().find(|(name, _)| *name == heading).map(|(_, body)| body.as_str())
    }

    fn line(&mut self, line: &'a str) {
        if self.title.is_empty() && !line.is_empty() {
            self.title = line;
        } else if let Some(heading) = line.strip_prefix("## ") {
            self.sections.push((heading, String::new()));
        } else {
            self.body().push_str(line);
            self.body().push('\n');
        }
    }

    fn body(&mut self) -> &mut String {
        match self.sections.last_mut() {
            Some((_, body)) => body,
            None => &mut self.summary,
        }
    }
}

impl Example<'_> {
    /// The text without the space that a doc comment puts in front of each line.
    #[must_use]
    pub fn yaml(&self) -> String {
        let mut yaml = String::with_capacity(self.text.len());
        for line in self.text.lines() {
            yaml.push_str(line.strip_prefix(' ').unwrap_or(line));
            yaml.push('\n');
        }
        yaml
    }
}

fn expectation(info: &str) -> Option<Expectation> {
    match info.trim() {
        "yaml,fails" => Some(Expectation::Fails),
        "yaml,passes" => Some(Expectation::Passes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_doc_comment_apart() {
        let docs = " Title\n\n What it reports.\n\n ## Why\n Because of `x`.\n\n ```yaml,fails\n a: 1\n b:\n   - 2\n ```\n\n ## Remedy\n Do it.\n";
        let documentation = Documentation::parse(docs);
        assert_eq!(documentation.title, "Title");
        assert_eq!(documentation.summary, "What it reports.");
        assert_eq!(documentation.section("Why"), Some("Because of `x`."));
        assert_eq!(documentation.section("Remedy"), Some("Do it."));
        assert_eq!(documentation.examples.len(), 1);
        assert_eq!(documentation.examples[0].yaml(), "a: 1\nb:\n  - 2\n");
        assert_eq!(documentation.examples[0].expectation, Expectation::Fails);
    }
}
