//! Levels and policy versions, and how they are written.

use std::fmt;
use std::str::FromStr;

/// A level of the Pod Security Standards, from the least to the most restrictive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing is checked.
    Privileged,
    /// Known privilege escalations are prevented.
    Baseline,
    /// Current hardening practice is required.
    Restricted,
}

impl Level {
    /// Every level, least restrictive first.
    pub const ALL: [Self; 3] = [Self::Privileged, Self::Baseline, Self::Restricted];

    /// The word in labels and configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no level; prints as upstream words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of privileged, baseline, restricted")]
pub struct ParseLevelError;

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(ParseLevelError)
    }
}

/// A version of the policy: the minor of a Kubernetes release, or whatever is latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `v1.N`. Any number is a version; one beyond [`Version::NEWEST`] is judged as that one.
    Minor(u64),
    /// `latest`: judged as [`Version::NEWEST`].
    Latest,
}

impl Version {
    /// The newest minor at which any check changed: where upstream's registry ends.
    pub const NEWEST: u64 = 37;

    /// Every version at which a pod can be judged differently: v1.0 to the newest.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (0..=Self::NEWEST).map(Self::Minor)
    }

    /// The minor that this version is judged as.
    #[must_use]
    pub fn minor(self) -> u64 {
        match self {
            Self::Minor(minor) => minor.min(Self::NEWEST),
            Self::Latest => Self::NEWEST,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minor(minor) => f.pad(&format!("v1.{minor}")),
            Self::Latest => f.pad("latest"),
        }
    }
}

/// A text that is no version; prints as upstream words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be \"latest\" or \"v1.x\"")]
pub struct ParseVersionError;

impl FromStr for Version {
    type Err = ParseVersionError;

    /// `latest`, or `v1.` and a number without leading zeros that fits 64 bits with a sign.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let minor = text.strip_prefix("v1.").ok_or(ParseVersionError)?;
        let is_number =
            minor.bytes().all(|byte| byte.is_ascii_digit()) && (minor == "0" || !minor.starts_with('0'));
        if !is_number {
            return Err(ParseVersionError);
        }
        minor
            .parse::<i64>()
            .ok()
            .and_then(|minor| u64::try_from(minor).ok())
            .map(Self::Minor)
            .ok_or(ParseVersionError)
    }
}

/// A level at a version: what a namespace enforces, audits or warns about. Prints as `level:version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelVersion {
    /// The level.
    pub level: Level,
    /// The version.
    pub version: Version,
}

impl LevelVersion {
    /// `privileged:latest`: what is asked for where nothing is said.
    pub const PRIVILEGED: Self = Self { level: Level::Privileged, version: Version::Latest };

    /// A level at a version.
    #[must_use]
    pub const fn new(level: Level, version: Version) -> Self {
        Self { level, version }
    }
}

impl fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_one_way_only() {
        assert_eq!("latest".parse(), Ok(Version::Latest));
        assert_eq!("v1.0".parse(), Ok(Version::Minor(0)));
        assert_eq!("v1.25".parse(), Ok(Version::Minor(25)));
        for bad in [
            "",
            "v1.",
            "v1.01",
            "1.25",
            "v2.0",
            "v1.2.3",
            "v1.-1",
            "v1.+1",
            "Latest",
            "v1.99999999999999999999",
        ] {
            assert_eq!(bad.parse::<Version>(), Err(ParseVersionError), "{bad}");
        }
        assert_eq!(Version::Minor(99).minor(), Version::NEWEST);
    }

    #[test]
    fn a_level_version_prints_as_upstream_prints_it() {
        assert_eq!(LevelVersion::new(Level::Baseline, Version::Minor(25)).to_string(), "baseline:v1.25");
        assert_eq!(LevelVersion::PRIVILEGED.to_string(), "privileged:latest");
    }
}
