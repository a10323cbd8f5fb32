//! The commands of `docs/serve.md` do what it says they do: each section in a folder of its own, with servers of its own.
//!
//! A section that needs kubectl is run where `KUBEBUILDER_ASSETS` has one; one that needs curl or python3 where they are
//! found. What is not run is said. Port 6443 of the page is a free one here.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A command of the page, with what follows it until the next one.
#[derive(Debug, Default)]
struct Step {
    command: String,
    shown: String,
}

/// The commands below a heading.
#[derive(Debug)]
struct Section {
    title: String,
    steps: Vec<Step>,
}

/// The sections that have commands.
fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let (mut inside, mut in_document) = (false, false);
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ").filter(|_| !inside) {
            sections.push(Section { title: title.to_owned(), steps: Vec::new() });
        } else if line.starts_with("```") {
            inside = line == "```console";
        } else if inside {
            let steps = &mut sections.last_mut().unwrap().steps;
            if let Some(command) = line.strip_prefix("$ ").filter(|_| !in_document) {
                in_document = command.ends_with("<<'EOF'");
                steps.push(Step { command: format!("{command}\n"), ..Step::default() });
            } else {
                let step = steps.last_mut().unwrap();
                let part = if in_document { &mut step.command } else { &mut step.shown };
                writeln!(part, "{line}").unwrap();
                in_document = in_document && line != "EOF";
            }
        }
    }
    sections.retain(|section| !section.steps.is_empty());
    sections
}

/// The folder of a program; nothing where it is not found.
fn folder_of(program: &str) -> Option<PathBuf> {
    let variable = if program == "kubectl" { "KUBEBUILDER_ASSETS" } else { "PATH" };
    let folders = std::env::var_os(variable)?;
    std::env::split_paths(&folders).find(|folder| folder.join(program).is_file())
}

/// Ended where it is dropped.
struct Server(Child);

impl Server {
    /// Asks it to end, and waits until it has.
    fn end(mut self) {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the commands of a section are run.
struct Shell {
    folder: TempDir,
    path: std::ffi::OsString,
    /// The variables that were exported, as commands.
    exports: String,
    server: Option<Server>,
    port: String,
}

impl Shell {
    fn new(folders: &[PathBuf]) -> Self {
        let own = Path::new(env!("CARGO_BIN_EXE_ravelin")).parent().unwrap().to_owned();
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(own).chain(folders.iter().cloned()).chain(std::env::split_paths(&others));
        Self {
            folder: tempfile::tempdir().unwrap(),
            path: std::env::join_paths(all).unwrap(),
            exports: String::new(),
            server: None,
            port: "6443".to_owned(),
        }
    }

    fn command(&self, text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{}{text}", self.exports)]).current_dir(self.folder.path());
        command.env("PATH", &self.path).env("HOME", self.folder.path()).env_remove("KUBECONFIG");
        command.stdin(Stdio::null());
        command
    }

    /// What a command prints, and whether it ended well.
    fn run(&mut self, command: &str) -> (String, bool) {
        let command = command.replace("6443", &self.port);
        if command.starts_with("export ") {
            self.exports += &command;
            return (String::new(), true);
        }
        if command == "kill $!\n" {
            self.server.take().unwrap().end();
            return (String::new(), true);
        }
        if let Some(command) = command.strip_suffix(" &\n") {
            return (self.serve(command), true);
        }
        let output = self.command(&command).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8(text).unwrap(), output.status.success())
    }

    /// Starts a server in the background; the two lines by which it says that it is ready.
    fn serve(&mut self, command: &str) -> String {
        assert!(command.starts_with("ravelin serve") && !command.contains("--secure-port"), "{command}");
        let command = format!("exec {command} --secure-port 0 --log-level error");
        let mut child = self.command(&command).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        self.server = Some(Server(child));
        let mut text = String::new();
        for _ in 0..2 {
            assert!(lines.read_line(&mut text).unwrap() > 0, "`{command}` ended: {text}");
        }
        let (_, port) = text.lines().next().unwrap().rsplit_once(':').unwrap();
        self.port = port.to_owned();
        text
    }
}

/// Whether a text is what was shown, where `...` stands for anything.
fn shows(shown: &str, text: &str) -> bool {
    let (shown, text) = (shown.trim_end(), text.trim_end());
    let Some((first, others)) = shown.split_once("...") else { return text == shown };
    let (middle, last) = others.rsplit_once("...").unwrap_or(("", others));
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle.split("...") {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn run(section: &Section) -> Result<(), String> {
    let mut folders = Vec::new();
    for program in ["kubectl", "curl", "python3"] {
        let is_needed = section.steps.iter().any(|step| step.command.starts_with(program));
        if is_needed {
            folders.push(folder_of(program).ok_or(format!("there is no {program}"))?);
        }
    }
    let mut shell = Shell::new(&folders);
    for Step { command, shown } in &section.steps {
        let (printed, is_well) = shell.run(command);
        let shown = shown.replace("6443", &shell.port);
        let is_shown = shown.is_empty() || shows(&shown, &printed);
        assert!(is_shown, "{}: `{command}` does not print\n{shown}\nbut\n{printed}", section.title);
        let is_refused = shown.starts_with("Error");
        assert_eq!(is_well, !is_refused, "{}: `{command}` ends otherwise:\n{printed}", section.title);
    }
    Ok(())
}

#[test]
fn commands_of_the_page_about_the_server_show_what_they_print() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/serve.md")).unwrap();
    let sections = sections(&text);
    assert!(sections.len() >= 5, "found only {} sections", sections.len());
    let titles: Vec<&str> = sections.iter().map(|section| section.title.as_str()).collect();
    for title in &titles {
        assert_eq!(titles.iter().filter(|other| *other == title).count(), 1, "{title}");
    }
    for section in &sections {
        if let Err(reason) = run(section) {
            // What `eprintln!` says is only shown where a test fails.
            let line = format!("docs/serve.md, {}: SKIPPED: {reason}\n", section.title);
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
    }
}

#[test]
fn what_is_left_out_is_the_only_thing_that_may_differ() {
    for (shown, text, expected) in [
        ("a\nb\n", "a\nb\n", true),
        ("a\n", "a\nb\n", false),
        ("a\n...\n", "a\nb\n", true),
        ("a\n...\nc\n", "a\nb\nc\n", true),
        ("a\n...\nc\n", "a\nb\nc\nd\n", false),
        ("... objects in f\n", "12 objects in f\n", true),
        ("... objects in f\n", "12 things in f\n", false),
        ("AGE\nx   ...\ny   ...\n", "AGE\nx   1s\ny   12m\n", true),
        ("AGE\nx   ...\ny   ...\n", "AGE\nx   1s\nz   12m\n", false),
        ("b\n", "a\nb\n", false),
        ("{...}\n", "{{}}\n", true),
        ("{...}\n{...1}\n", "{{}}\n{{1}}\n", false),
    ] {
        assert_eq!(shows(shown, text), expected, "{shown:?} {text:?}");
    }
}
