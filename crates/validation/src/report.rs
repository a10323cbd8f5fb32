//! Collecting faults, briefly.

use crate::Faults;
use ravelin_object::Value;
use ravelin_object::fault::{Fault, FaultKind};
use ravelin_object::json_text;

/// Adding faults to a list.
pub(crate) trait Report {
    /// It has to be given.
    fn required(&mut self, path: impl Into<String>, why: impl Into<String>);
    /// It must not be given.
    fn forbidden(&mut self, path: impl Into<String>, why: impl Into<String>);
    /// It is malformed.
    fn invalid(&mut self, path: impl Into<String>, value: impl Into<Value>, why: impl Into<String>);
    /// It is malformed, and the message shows the text `shown` for its value.
    fn invalid_shown(&mut self, path: impl Into<String>, shown: impl Into<String>, why: impl Into<String>);
    /// It is there already.
    fn duplicate(&mut self, path: impl Into<String>, value: impl Into<Value>);
    /// It refers to something that is not there.
    fn not_found(&mut self, path: impl Into<String>, value: impl Into<Value>);
    /// It is none of the values there are.
    fn unsupported(&mut self, path: impl Into<String>, value: impl Into<Value>, supported: &[&str]);
    /// It is spelled wrong.
    fn spelling(&mut self, path: impl Into<String>, value: &str, faults: Vec<String>);
    /// It is negative.
    fn negative(&mut self, path: impl Into<String>, value: i64);
}

impl Report for Faults {
    fn required(&mut self, path: impl Into<String>, why: impl Into<String>) {
        self.push(Fault::required(path, why));
    }

    fn forbidden(&mut self, path: impl Into<String>, why: impl Into<String>) {
        self.push(Fault::forbidden(path, why));
    }

    fn invalid(&mut self, path: impl Into<String>, value: impl Into<Value>, why: impl Into<String>) {
        self.push(Fault::invalid(path, value, why));
    }

    fn invalid_shown(&mut self, path: impl Into<String>, shown: impl Into<String>, why: impl Into<String>) {
        self.push(Fault {
            path: path.into(),
            kind: FaultKind::Invalid,
            value: shown.into(),
            detail: why.into(),
        });
    }

    fn duplicate(&mut self, path: impl Into<String>, value: impl Into<Value>) {
        self.push(Fault::duplicate(path, value));
    }

    fn not_found(&mut self, path: impl Into<String>, value: impl Into<Value>) {
        self.push(Fault::not_found(path, value));
    }

    fn unsupported(&mut self, path: impl Into<String>, value: impl Into<Value>, supported: &[&str]) {
        let value = value.into();
        let shown = json_text(&value);
        let mut fault = Fault::not_supported(path, value, supported);
        // Upstream's enumerations are types of their own, which messages show as JSON.
        fault.value = shown;
        self.push(fault);
    }

    fn spelling(&mut self, path: impl Into<String>, value: &str, faults: Vec<String>) {
        if faults.is_empty() {
            return;
        }
        let path = path.into();
        self.extend(faults.into_iter().map(|fault| Fault::invalid(path.clone(), value, fault)));
    }

    fn negative(&mut self, path: impl Into<String>, value: i64) {
        if value < 0 {
            self.invalid(path, value, "must be greater than or equal to 0");
        }
    }
}
