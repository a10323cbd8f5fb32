//! The kinds of `networking.k8s.io`, `discovery.k8s.io` and `policy`.

mod budget;
mod ingress;
mod ingress_class;
mod policy;
mod slice;

use crate::fields::{empty, set};
use crate::kind::Traits;
use crate::rules::{Rules, keep_spec_and_metadata, keep_status_only};

/// What is said of the network, and of how many pods it needs. IP addresses do nothing on their way; the status of
/// a `ServiceCIDR` is not the user's.
///
/// Source: `k8s.io/kubernetes/pkg/registry/networking/{servicecidr,ipaddress}/strategy.go`.
pub(crate) const RULES: &[Rules] = &[
    ingress::RULES,
    ingress_class::RULES,
    policy::RULES,
    Rules {
        create: |cidr, _| set(cidr, "status", empty()),
        update: keep_status_only,
        subresources: &[("status", keep_spec_and_metadata)],
        ..Rules::new("networking.k8s.io", "ServiceCIDR")
    },
    {
        let base = Rules::new("networking.k8s.io", "IPAddress");
        Rules { traits: Traits { generates_names: false, ..base.traits }, ..base }
    },
    slice::RULES,
    budget::RULES,
];
