//! The commands in the documentation do what it says they do.

use crate::{ravelin_in, root};
use std::path::PathBuf;

/// A command of the documentation, with what follows it until the next one.
struct Session {
    file: PathBuf,
    command: String,
    shown: String,
}

/// Every `$ ravelin` line in a `console` block of README.md and docs/*.md; the page about the server, whose commands
/// need one another, has a test of its own.
fn sessions() -> Vec<Session> {
    let mut files = vec![root().join("README.md")];
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    files.extend(
        docs.map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "md") && !path.ends_with("serve.md")),
    );
    let mut sessions: Vec<Session> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let (mut inside, mut open) = (false, false);
        for line in text.lines() {
            if line.starts_with("```") {
                inside = line == "```console";
                open = false;
            } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
                open = command.starts_with("ravelin ");
                if open {
                    sessions.push(Session {
                        file: file.clone(),
                        command: command.to_owned(),
                        shown: String::new(),
                    });
                }
            } else if open && let Some(session) = sessions.last_mut() {
                session.shown.push_str(line);
                session.shown.push('\n');
            }
        }
    }
    sessions
}

#[test]
fn commands_in_the_documentation_show_what_they_print() {
    let sessions = sessions();
    assert!(sessions.len() >= 5, "found only {} commands", sessions.len());
    for Session { file, command, shown } in sessions {
        let args: Vec<&str> = command.split_whitespace().skip(1).collect();
        let run = ravelin_in(root(), &args, "");
        assert_ne!(run.status, 64, "{}: {command}\n{}", file.display(), run.err);
        // `...` on a line of its own stands for what is left out.
        let mut rest = run.out.as_str();
        for part in crate::without_time(&shown).split("...\n") {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => panic!("{}: `{command}` does not print\n{part}\nbut\n{}", file.display(), run.out),
            }
        }
    }
}
