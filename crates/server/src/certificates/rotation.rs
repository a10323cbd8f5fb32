//! When a certificate is made, announced and served: a function of what is kept and the time.

use super::Data;
use super::issue::{self, BACKDATED, Issued, facts};
use crate::transport::tls::Identity;
use zeroize::Zeroizing;

/// For which names certificates are made, and when they change. Times are in seconds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The names and addresses that clients know the server by.
    pub names: Vec<String>,
    /// How long a certificate holds.
    pub validity: i64,
    /// How long before its end the next one is made.
    pub renew_before: i64,
    /// How long the next authority is announced before its certificate is served.
    pub overlap: i64,
}

/// What is kept: the certificate that is served, the one that will be, and the authority of the one that was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What is served.
    pub current: Option<Issued>,
    /// What will be served, and is announced.
    pub next: Option<Issued>,
    /// The authority of what was served before: a replica may still serve it.
    pub previous: Option<String>,
}

/// What is to be kept instead of what is kept; nothing where it is as it should be.
///
/// # Errors
/// Where no certificate can be made.
pub fn step(kept: &Kept, plan: &Plan, now: i64, is_announced: bool) -> anyhow::Result<Option<Kept>> {
    let good = |issued: &Option<Issued>| issued.clone().filter(|issued| is_good(issued, plan, now));
    let (current, next) = (good(&kept.current), good(&kept.next));
    let previous = kept.previous.clone().filter(|authority| is_valid(authority, now));
    let Some(current) = current else {
        // Nothing can be served: whatever comes now is served at once. Replicas that still serve what was kept
        // before stay known.
        let own = match next {
            Some(next) => next,
            None => issue::issue(&plan.names, now, plan.validity)?,
        };
        let before = kept.current.as_ref().map(|issued| issued.authority.clone());
        let previous = before.filter(|authority| is_valid(authority, now)).or(previous);
        return Ok(Some(Kept { current: Some(own), next: None, previous }));
    };
    let changed = match next {
        Some(next) if is_announced && made(&next).is_some_and(|made| made + plan.overlap <= now) => {
            Kept { current: Some(next), next: None, previous: Some(current.authority) }
        }
        None if ends(&current).is_none_or(|end| end - plan.renew_before <= now) => {
            let next = issue::issue(&plan.names, now, plan.validity)?;
            Kept { current: Some(current), next: Some(next), previous }
        }
        next => Kept { current: Some(current), next, previous },
    };
    Ok((changed != *kept).then_some(changed))
}

/// Whether it can be served: it holds now, for every name, and its key is its own.
fn is_good(issued: &Issued, plan: &Plan, now: i64) -> bool {
    let Some(facts) = facts(&issued.chain) else { return false };
    is_valid(&issued.authority, now)
        && (facts.not_before..facts.not_after).contains(&now)
        && plan.names.iter().all(|name| facts.names.contains(name))
        && Identity::from_pem(issued.chain.as_bytes(), issued.key.as_bytes()).is_ok()
}

fn is_valid(authority: &str, now: i64) -> bool {
    facts(authority).is_some_and(|facts| now < facts.not_after)
}

fn made(issued: &Issued) -> Option<i64> {
    Some(facts(&issued.chain)?.not_before + BACKDATED)
}

fn ends(issued: &Issued) -> Option<i64> {
    Some(facts(&issued.chain)?.not_after)
}

/// The names under which the parts are kept. The first two are those of a Secret of type `kubernetes.io/tls`.
const CHAIN: &str = "tls.crt";
const KEY: &str = "tls.key";
const AUTHORITY: &str = "authority.crt";
const NEXT_CHAIN: &str = "next.crt";
const NEXT_KEY: &str = "next.key";
const NEXT_AUTHORITY: &str = "next-authority.crt";
const PREVIOUS_AUTHORITY: &str = "previous-authority.crt";
/// All authorities, for those who read them from where they are kept.
const BUNDLE: &str = "ca.crt";

impl Kept {
    /// Reads what a store holds. What cannot be read counts as missing.
    #[must_use]
    pub fn from_data(data: &Data) -> Self {
        let text = |name: &str| {
            let text = std::str::from_utf8(data.get(name)?).ok()?;
            Some(text.to_owned()).filter(|text| !text.is_empty())
        };
        let issued = |authority, chain, key| {
            Some(Issued { authority: text(authority)?, chain: text(chain)?, key: Zeroizing::new(text(key)?) })
        };
        Self {
            current: issued(AUTHORITY, CHAIN, KEY),
            next: issued(NEXT_AUTHORITY, NEXT_CHAIN, NEXT_KEY),
            previous: text(PREVIOUS_AUTHORITY),
        }
    }

    /// What a store is to hold.
    #[must_use]
    pub fn to_data(&self) -> Data {
        let mut data = Data::new();
        let mut put = |name: &str, text: &str| {
            data.insert(name.to_owned(), Zeroizing::new(text.as_bytes().to_vec()));
        };
        if let Some(current) = &self.current {
            put(AUTHORITY, &current.authority);
            put(CHAIN, &current.chain);
            put(KEY, &current.key);
        }
        if let Some(next) = &self.next {
            put(NEXT_AUTHORITY, &next.authority);
            put(NEXT_CHAIN, &next.chain);
            put(NEXT_KEY, &next.key);
        }
        if let Some(previous) = &self.previous {
            put(PREVIOUS_AUTHORITY, previous);
        }
        put(BUNDLE, &self.bundle());
        data
    }

    /// Every authority that a client has to trust, in PEM.
    #[must_use]
    pub fn bundle(&self) -> String {
        let own = [&self.current, &self.next].into_iter().flatten().map(|issued| issued.authority.as_str());
        own.chain(self.previous.as_deref()).collect()
    }

    /// How many authorities a client has to trust.
    #[must_use]
    pub fn authorities(&self) -> usize {
        [self.current.is_some(), self.next.is_some(), self.previous.is_some()]
            .iter()
            .filter(|is| **is)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;
    const START: i64 = 1_800_000_000;

    fn plan() -> Plan {
        Plan {
            names: vec!["ravelin.security.svc".to_owned()],
            validity: 90 * DAY,
            renew_before: 30 * DAY,
            overlap: 600,
        }
    }

    fn stepped(kept: &Kept, now: i64, is_announced: bool) -> Option<Kept> {
        let stepped = step(kept, &plan(), now, is_announced).unwrap();
        if let Some(stepped) = &stepped {
            assert_eq!(Kept::from_data(&stepped.to_data()), *stepped, "kept and read again");
        }
        stepped
    }

    #[test]
    fn a_rotation_announces_before_it_serves() {
        let first = stepped(&Kept::default(), START, false).unwrap();
        assert!(first.next.is_none() && first.previous.is_none());
        assert_eq!(stepped(&first, START + 59 * DAY, true), None, "nothing to do for long");

        let announced = stepped(&first, START + 60 * DAY, true).unwrap();
        assert_eq!(announced.current, first.current, "the old one is served on");
        assert_eq!(announced.bundle().matches("BEGIN").count(), 2);
        let made = START + 60 * DAY;
        assert_eq!(stepped(&announced, made + 599, true), None, "the overlap is waited for");
        assert_eq!(stepped(&announced, made + 600, false), None, "and that clients know");

        let served = stepped(&announced, made + 600, true).unwrap();
        assert_eq!(served.current, announced.next);
        assert_eq!(served.previous.as_ref(), first.current.as_ref().map(|first| &first.authority));
        assert_eq!(stepped(&served, START + 89 * DAY, true), None, "replicas may serve the old one");
        let forgotten = stepped(&served, START + 90 * DAY, true).unwrap();
        assert_eq!(forgotten, Kept { previous: None, ..served });
    }

    #[test]
    fn what_cannot_be_served_is_replaced_at_once() {
        let first = stepped(&Kept::default(), START, false).unwrap();
        let current = first.current.clone().unwrap();
        let other = stepped(&Kept::default(), START, false).unwrap().current.unwrap();
        let wrong_key = Issued { key: other.key.clone(), ..current.clone() };
        let broken = Issued { chain: "nonsense".to_owned(), ..current.clone() };
        for (what, kept, now) in [
            ("expired", first.clone(), START + 90 * DAY),
            ("wrong key", Kept { current: Some(wrong_key), ..first.clone() }, START),
            ("broken", Kept { current: Some(broken), ..first.clone() }, START),
        ] {
            let stepped = stepped(&kept, now, false).unwrap();
            assert_ne!(stepped.current, Some(current.clone()), "{what}");
            assert!(is_good(&stepped.current.unwrap(), &plan(), now), "{what}");
        }
        let renamed = Plan { names: vec!["other.svc".to_owned()], ..plan() };
        let stepped = step(&first, &renamed, START, true).unwrap().unwrap();
        assert_eq!(facts(&stepped.current.unwrap().chain).unwrap().names, ["other.svc"]);
        assert_eq!(stepped.previous, Some(current.authority), "who serves the old names stays known");
    }

    #[test]
    fn an_expired_certificate_gives_way_to_the_next_though_nobody_was_told() {
        let first = stepped(&Kept::default(), START, false).unwrap();
        let announced = stepped(&first, START + 60 * DAY, false).unwrap();
        let served = stepped(&announced, START + 91 * DAY, false).unwrap();
        assert_eq!(served, Kept { current: announced.next, next: None, previous: None });
    }

    #[test]
    fn no_key_that_could_sign_is_kept_and_none_is_printed() {
        let kept = stepped(&Kept::default(), START, false).unwrap();
        let keys: Vec<_> = kept
            .to_data()
            .into_iter()
            .filter(|(_, value)| value.windows(11).any(|w| w == b"PRIVATE KEY"))
            .collect();
        assert_eq!(keys.len(), 1);
        let authority = facts(&kept.current.as_ref().unwrap().authority).unwrap();
        assert_eq!(authority.names, Vec::<String>::new());
        assert!(!format!("{kept:?}").contains("PRIVATE"), "{kept:?}");
    }
}
