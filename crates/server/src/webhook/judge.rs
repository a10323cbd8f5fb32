//! The decision on a review: bytes in, bytes out.

use super::Counters;
use ravelin_diag::Day;
use ravelin_podsec::admission::{Admission, Lookup, Operation, Response};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use ravelin_wire::admission_review::{LIMITS, Refusal, Review, decode, encode};

/// Judges reviews by a configuration, and counts.
#[derive(Debug)]
pub struct Judge {
    /// The defaults and exemptions that upstream knows.
    pub configuration: PodSecurityConfiguration,
    /// What goes beyond upstream.
    pub extension: Extension,
    /// What was decided, counted.
    pub counters: Counters,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP: 200 for every decision, whatever it is.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// What it comes to, for metrics.
    pub outcome: Outcome,
}

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was admitted.
    Allowed,
    /// It was denied.
    Denied,
    /// It was no review.
    Refused,
}

impl Outcome {
    /// In a word: `allow`, `deny`, `refuse`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allow",
            Self::Denied => "deny",
            Self::Refused => "refuse",
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            content_type: crate::transport::body::TEXT,
            body: format!("{}\n", refusal.message).into_bytes(),
            outcome: Outcome::Refused,
        }
    }
}

impl Judge {
    /// Answers a request whose body came whole: the way of a review without a network, for measuring and fuzzing.
    #[must_use]
    pub fn respond(
        &self,
        content_type: Option<&[u8]>,
        body: &[u8],
        cluster: &impl Lookup,
        today: Day,
    ) -> Answer {
        match decode(content_type, body, &LIMITS) {
            Ok(review) => self.review(&review, cluster, today).0,
            Err(refusal) => refusal.into(),
        }
    }

    /// Answers a review, and what was decided.
    #[must_use]
    pub fn review(&self, review: &Review, cluster: &impl Lookup, today: Day) -> (Answer, Response) {
        let admission = Admission {
            configuration: &self.configuration,
            extension: &self.extension,
            today,
            newest: ravelin_podsec::Version::NEWEST,
        };
        let request = review.request();
        let response = admission.decide(&request, cluster);
        self.counters.count(&request, &response);
        let answer = Answer {
            status: 200,
            content_type: "application/json",
            body: encode(review.uid(), &response),
            outcome: if response.allowed { Outcome::Allowed } else { Outcome::Denied },
        };
        (answer, response)
    }

    /// Whether the namespace of a review decides it, so that it has to be known.
    #[must_use]
    pub fn needs_namespace(&self, review: &Review) -> bool {
        let request = review.request();
        !request.namespace.is_empty()
            && (request.resource.group, request.resource.name) != ("", "namespaces")
            && !self.configuration.exemptions.namespaces.iter().any(|exempt| exempt == request.namespace)
    }

    /// Whether a review can take long, because existing pods are judged.
    #[must_use]
    pub fn is_long(review: &Review) -> bool {
        let request = review.request();
        request.operation == Operation::Update
            && (request.resource.group, request.resource.name) == ("", "namespaces")
    }
}
