//! The arguments that say what is read: the same for every verb that reads manifests.

use crate::exit::usage;
use ravelin_source::{FileOptions, Globs, Limits};

/// What is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is read")]
pub(crate) struct SourceArgs {
    /// Read only the files of directories that match this glob pattern; may repeat
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Skip the files of directories that match this glob pattern; may repeat
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Read hidden files and folders too
    #[arg(long)]
    pub hidden: bool,
    /// Read what .gitignore and .ignore files leave out too
    #[arg(long)]
    pub no_ignore_files: bool,
    /// Follow symbolic links in directories
    #[arg(long)]
    pub follow_links: bool,
    /// The largest file that is read, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::STANDARD.file_size, value_parser = clap::value_parser!(u64).range(1..=4_000_000_000))]
    pub max_file_size: u64,
    /// The deepest nesting of mappings and sequences
    #[arg(long, value_name = "LEVELS", default_value_t = Limits::STANDARD.depth, value_parser = depth)]
    pub max_depth: usize,
    /// The most nodes that the aliases of one document may expand to
    #[arg(long, value_name = "NODES", default_value_t = Limits::STANDARD.alias_nodes)]
    pub max_alias_nodes: usize,
    /// The most documents in one file
    #[arg(long, value_name = "COUNT", default_value_t = Limits::STANDARD.documents)]
    pub max_documents: usize,
}

impl SourceArgs {
    /// Which files of directories are read; where no pattern is given, those of the project file.
    pub(crate) fn options(&self, include: &[String], exclude: &[String]) -> anyhow::Result<FileOptions> {
        let include = if self.include.is_empty() { include } else { &self.include };
        let exclude: Vec<&String> = exclude.iter().chain(&self.exclude).collect();
        Ok(FileOptions {
            include: Globs::new(include).map_err(usage)?,
            exclude: Globs::new(&exclude).map_err(usage)?,
            hidden: self.hidden,
            respect_ignore_files: !self.no_ignore_files,
            follow_links: self.follow_links,
        })
    }

    /// How much is read.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            file_size: self.max_file_size,
            depth: self.max_depth,
            alias_nodes: self.max_alias_nodes,
            documents: self.max_documents,
        }
    }
}

fn depth(text: &str) -> Result<usize, String> {
    let depth = text.parse::<usize>().map_err(|error| error.to_string())?;
    if (1..=Limits::MAX_DEPTH).contains(&depth) {
        return Ok(depth);
    }
    Err(format!("expected 1 to {}", Limits::MAX_DEPTH))
}
