//! Line breaks inside scalars.

/// The breaks between two lines of a scalar: one becomes a space, more lose the first.
#[derive(Debug, Default)]
pub(super) struct Fold {
    leading: &'static str,
    trailing: String,
}

impl Fold {
    /// Takes the first break.
    pub(super) fn lead(&mut self, line_break: &'static str) {
        self.leading = line_break;
    }

    /// Takes a further break.
    pub(super) fn trail(&mut self, line_break: &'static str) {
        self.trailing.push_str(line_break);
    }

    /// Writes what the breaks become, and forgets them. Only a first break that is LF is folded.
    pub(super) fn write(&mut self, out: &mut String) {
        if self.leading == "\n" {
            if self.trailing.is_empty() {
                out.push(' ');
            }
        } else {
            out.push_str(self.leading);
        }
        out.push_str(&self.trailing);
        self.leading = "";
        self.trailing.clear();
    }
}
