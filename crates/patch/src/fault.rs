//! What a patch that does not apply is answered with.

use ravelin_object::status::{Details, Status};

/// A patch that does not apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The patch is malformed: 400 with these words.
    #[error("{0}")]
    Malformed(String),
    /// The patch does not fit the object: 422, with words that say nothing. What is kept here is for logs.
    #[error("{0}")]
    Unfit(String),
    /// A JSON patch of too many operations: 413.
    #[error(
        "Request entity too large: The allowed maximum operations in a JSON patch is {most}, got {count}"
    )]
    TooMany {
        /// How many may be.
        most: usize,
        /// How many there are.
        count: usize,
    },
    /// What upstream does not count among the faults of the client: 500 with these words.
    #[error("{0}")]
    Plain(String),
}

impl PatchError {
    /// What the API server answers.
    ///
    /// Source: `k8s.io/apiserver/pkg/endpoints/handlers/patch.go` `applyJSPatch`, `interpretStrategicMergePatchError`.
    #[must_use]
    pub fn to_status(&self) -> Status {
        match self {
            Self::Malformed(message) => Status::bad_request(message.as_str()),
            Self::Unfit(_) => {
                let message = "the server rejected our request due to an error in our request";
                let mut status = Status::new(422, "Invalid", message);
                status.details = Some(Box::new(Details::default()));
                status
            }
            Self::TooMany { .. } => Status::new(413, "RequestEntityTooLarge", self.to_string()),
            Self::Plain(message) => Status::plain(message),
        }
    }
}

impl From<PatchError> for Status {
    fn from(error: PatchError) -> Self {
        error.to_status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_answered_as_upstream_answers_them() {
        let unfit = "the server rejected our request due to an error in our request";
        let cases = [
            (PatchError::Malformed("Invalid JSON Patch".to_owned()), 400, "BadRequest", "Invalid JSON Patch"),
            (PatchError::Unfit("test failed".to_owned()), 422, "Invalid", unfit),
            (
                PatchError::TooMany { most: 1, count: 2 },
                413,
                "RequestEntityTooLarge",
                "Request entity too large: The allowed maximum operations in a JSON patch is 1, got 2",
            ),
            (PatchError::Plain("why".to_owned()), 500, "", "why"),
        ];
        for (error, code, reason, message) in cases {
            let status = error.to_status();
            assert_eq!(
                (status.code, status.reason.as_ref(), status.message.as_str()),
                (code, reason, message)
            );
        }
    }
}
