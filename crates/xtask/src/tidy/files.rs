//! Rules about every tracked file, of whatever kind.

use super::House;

/// The first folders of paths that exist on somebody's machine only.
const MACHINE_FOLDERS: [&str; 3] = ["home", "root", "work"];

/// The lines that may name such a path, because it is an example of what people write in manifests.
const EXAMPLES: &[(&str, &str)] = &[];

/// How long the architecture may get.
const ARCHITECTURE: usize = 200;

/// No file names a path that exists on one machine only.
pub(super) fn no_path_of_one_machine(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for name in house.workspace.tracked()? {
        // What cannot be read as text is a file that is deleted but still tracked, or holds no text.
        let Ok(text) = std::fs::read_to_string(house.workspace.root.join(&name)) else { continue };
        for (index, line) in text.lines().enumerate() {
            let is_example = EXAMPLES.iter().any(|(file, part)| *file == name && line.contains(part));
            if let Some(path) = machine_path(line).filter(|_| !is_example) {
                faults.push(format!("{name}:{}: `{path}` exists on one machine only", index + 1));
            }
        }
    }
    Ok(faults)
}

/// The first path of a line that exists on one machine only.
fn machine_path(line: &str) -> Option<&str> {
    let mut rest = line;
    let mut before = None;
    while let Some((head, _)) = rest.split_once('/') {
        before = head.chars().next_back().or(before);
        let path = rest.get(head.len()..)?;
        let is_start =
            before.is_none_or(|before| !before.is_alphanumeric() && !"./_-~*}])>$".contains(before));
        if is_start && is_of_machine(path) {
            let end = path.find(|c: char| c.is_whitespace() || "\"'`,;:)".contains(c)).unwrap_or(path.len());
            return path.get(..end);
        }
        before = Some('/');
        rest = path.get(1..)?;
    }
    None
}

fn is_of_machine(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let (Some(first), Some(second)) = (parts.next(), parts.next()) else { return false };
    MACHINE_FOLDERS.contains(&first) || first == "tmp" && second.starts_with(|c: char| c.is_ascii_lowercase())
}

/// `ARCHITECTURE.md` exists and can be read in one sitting.
pub(super) fn the_architecture_fits_a_sitting(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let Ok(text) = std::fs::read_to_string(house.workspace.root.join("ARCHITECTURE.md")) else {
        return Ok(vec!["ARCHITECTURE.md is missing".to_owned()]);
    };
    let lines = text.lines().count();
    let is_long = lines > ARCHITECTURE;
    Ok(is_long
        .then(|| format!("ARCHITECTURE.md: {lines} lines, at most {ARCHITECTURE}"))
        .into_iter()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_told_from_others() {
        for folder in MACHINE_FOLDERS {
            let path = format!("/{folder}/me/x.rs");
            for line in [
                path.clone(),
                format!("let a = \"{path}\";"),
                format!("see {path}, line 3"),
                format!("={path}"),
            ] {
                assert_eq!(machine_path(&line), Some(path.as_str()), "{line}");
            }
            for line in [
                format!("https://a.example{path}"),
                format!("docs{path}"),
                format!("../{folder}/x"),
                format!("/{folder}"),
            ] {
                assert_eq!(machine_path(&line), None, "{line}");
            }
        }
        let scratch = format!("/{}/target", "tmp");
        assert_eq!(machine_path(&scratch), Some(scratch.as_str()));
        for line in ["/tmp", "/tmp/", "/tmp/$USER", "mountPath: /var/run/x", "a / b / c", "/rootfs/x", ""] {
            assert_eq!(machine_path(line), None, "{line}");
        }
    }
}
