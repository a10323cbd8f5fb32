//! ConfigMaps do nothing on their way.

use crate::rules::Rules;

/// Their default, a map of data that is not nil, is not seen: Go omits it where it is empty.
///
/// Source: `k8s.io/kubernetes/pkg/registry/core/configmap/strategy.go`.
pub(crate) const RULES: Rules = Rules::new("", "ConfigMap").namespaced();
