//! The clocks of the sites: each is asked once for all attempts there, politely, and every attempt makes its own of it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::Url;

use super::What;
use super::report::Reporter;
use crate::browser::Trust;
use crate::clock::{Clock, health};
use crate::model::{AttemptId, ClockRule, Follow, Site, SiteId};
use crate::probe::{A_RUN, Limits, Probe, ProbeError, Reading, measure, words};
use crate::store::Store;
use crate::timing::{Aim, SiteTime};

/// Nothing is asked later than this before an opening.
const QUIET: SignedDuration = SignedDuration::from_secs(10);

/// An attempt that is taken up too late for that asks until its permit is nearly due.
const BEFORE_PERMIT: SignedDuration = SignedDuration::from_millis(700);

/// An answer that is still under way then is given up: nothing of this may make an attempt late.
const GIVE_UP: SignedDuration = SignedDuration::from_millis(200);

/// A whole run, at a site that is not far away.
const RUN_TAKES: SignedDuration = SignedDuration::from_secs(12);

/// What is known is looked at again from here on: it was measured a minute ago, and clocks drift.
const REFRESH_FROM: SignedDuration = SignedDuration::from_secs(33);

/// Questions to bring an interval that is known up to date.
const REFRESH: u32 = 6;

/// What another attempt at the same site found out so lately is taken as it is.
const FRESH: Duration = Duration::from_secs(15);

/// The event in the audit trail.
const EVENT: &str = "site-clock";

/// The probes, one for each address.
#[derive(Clone, Default)]
pub(super) struct SiteClocks(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Probe>>>>>);

impl SiteClocks {
    fn probe(&self, url: &Url) -> Arc<tokio::sync::Mutex<Probe>> {
        let mut probes = self.0.lock().expect("no holder panics");
        let probe = || Arc::new(tokio::sync::Mutex::new(Probe::new(url.clone(), Trust::default())));
        Arc::clone(probes.entry(url.origin().ascii_serialization()).or_insert_with(probe))
    }
}

/// What one attempt knows of its site's clock. Clones know the same.
#[derive(Clone)]
pub(super) struct Watch {
    clocks: SiteClocks,
    clock: Arc<dyn Clock>,
    store: Store,
    reporter: Reporter,
    attempt: AttemptId,
    site: SiteId,
    url: Option<Url>,
    rule: ClockRule,
    permit_lead: SignedDuration,
    reading: Arc<Mutex<Option<Reading>>>,
}

impl Watch {
    /// For an attempt at a site, about which nothing is known yet.
    pub(super) fn new(
        site: &Site,
        attempt: &AttemptId,
        clocks: SiteClocks,
        clock: Arc<dyn Clock>,
        store: Store,
        reporter: Reporter,
    ) -> Self {
        Self {
            clocks,
            clock,
            store,
            reporter,
            attempt: attempt.clone(),
            site: site.id.clone(),
            url: Url::parse(&site.url).ok(),
            rule: site.clock,
            permit_lead: site.patience.armed_lead,
            reading: Arc::default(),
        }
    }

    /// By which clock openings are to be taken now.
    pub(super) fn aim(&self) -> Aim {
        let reading = self.reading.lock().expect("no holder panics");
        Aim::choose(self.rule, reading.as_ref().map(|reading| reading.offset_now(&*self.clock)))
    }

    /// Asks the site for its time, if that is worth it and early enough before an opening. Never fails and never lasts until the
    /// permit is due: what is not known is said, and our own clock is taken.
    pub(super) fn look(&self, opening: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        let watch = self.clone();
        async move {
            let opening = SiteTime::of_opening(opening);
            let ours = watch.aim().ours(opening);
            let known = watch.reading.lock().expect("no holder panics").is_some();
            let left = ours.duration_since(watch.clock.now());
            let Some((requests, quiet)) = worth(watch.rule.follow, known, left, watch.permit_lead) else { return };
            let Some(url) = watch.url.clone() else { return };
            let limits = Limits { requests, quiet: Some((opening, quiet)) };
            tokio::select! {
                asked = watch.ask(&url, limits) => match asked {
                    Ok(reading) => watch.learn(reading).await,
                    Err(error) => watch.doubt(&error),
                },
                () = watch.clock.sleep_until(ours - watch.permit_lead - GIVE_UP) => watch.doubt(&too_slow(&url)),
            }
        }
    }

    async fn ask(&self, url: &Url, mut limits: Limits) -> Result<Reading, ProbeError> {
        let probe = self.clocks.probe(url).lock_owned().await;
        if probe.rested(&*self.clock).is_some_and(|rested| rested < FRESH) {
            limits.requests = 0;
        }
        measure(probe, Arc::clone(&self.clock), limits).await
    }

    async fn learn(&self, reading: Reading) {
        let now = self.clock.now();
        let first = self.reading.lock().expect("no holder panics").replace(reading.clone()).is_none();
        let follows = self.aim().offset().is_some();
        self.reporter.say(now, What::SiteClock { offset: reading.offset, follows });
        if first {
            let mut warnings = words::warnings(&reading.offset, &reading.servers);
            if words::differ_much(&reading.offset) {
                warnings.extend(health().and_then(|health| health.warning()));
            }
            warnings.into_iter().for_each(|warning| self.reporter.say(now, What::Trouble(warning)));
        }
        self.keep(&reading, follows, now).await;
    }

    /// The trail of the attempt, and for who asks about the site later.
    async fn keep(&self, reading: &Reading, follows: bool, now: Timestamp) {
        let data = told(reading, follows);
        let kept = match reading.requests {
            0 => Ok(()),
            _ => self.store.set_setting(&setting(&self.site), &data.to_string(), now).await,
        };
        let trailed = self.store.audit(Some(&self.attempt), EVENT, data, now).await;
        if let Err(error) = kept.and(trailed) {
            tracing::warn!(%error, "what is known of the site's clock was not written");
        }
    }

    fn doubt(&self, error: &ProbeError) {
        if matches!(error, ProbeError::Contradiction { .. } | ProbeError::Cached { .. }) {
            // What was known before is no longer certain.
            self.reading.lock().expect("no holder panics").take();
        }
        // Asked often enough is no trouble: what is known stays known.
        if !matches!(error, ProbeError::Enough { .. }) {
            let whose = if self.aim().offset().is_some() { "what was known before" } else { "this machine's clock" };
            self.reporter.say(self.clock.now(), What::Trouble(format!("failed to {error}; {whose} is taken")));
        }
    }
}

/// How many questions are worth asking so long before an opening, and how long before it the last; none: none.
fn worth(
    follow: Follow,
    known: bool,
    left: SignedDuration,
    permit_lead: SignedDuration,
) -> Option<(u32, SignedDuration)> {
    let at_last = permit_lead + BEFORE_PERMIT;
    match known {
        _ if follow == Follow::Own => None,
        false if left > QUIET + RUN_TAKES => Some((A_RUN, QUIET.max(at_last))),
        false if left > at_last => Some((A_RUN, at_last)),
        true if left > QUIET.max(at_last) && left <= REFRESH_FROM => Some((REFRESH, QUIET.max(at_last))),
        _ => None,
    }
}

fn too_slow(url: &Url) -> ProbeError {
    ProbeError::Unreachable { url: url.to_string(), why: "no answer in time".to_owned() }
}

/// The name under which the store keeps what was last found out about a site's clock: a JSON object with `at`, `offset_ns`,
/// `low_ns` and `high_ns` (site minus ours), `round_trip_ns`, `follows_site`, `servers` (how many), and what the kernel thinks of
/// our own clock: `synchronised` and `own_error_us`.
pub fn setting(site: &SiteId) -> String {
    format!("site-clock {site}")
}

fn told(reading: &Reading, follows: bool) -> Value {
    let ns = |time: SignedDuration| i64::try_from(time.as_nanos()).ok();
    let offset = &reading.offset;
    let kernel = health();
    json!({
        "at": offset.measured_at().to_string(),
        "follows_site": follows,
        "high_ns": ns(offset.high()),
        "low_ns": ns(offset.low()),
        "offset_ns": ns(offset.estimate()),
        "own_error_us": kernel.map(|kernel| kernel.estimated_error.as_micros()),
        "round_trip_ns": ns(reading.round_trip),
        "servers": reading.servers.len(),
        "synchronised": kernel.map(|kernel| kernel.synchronised),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_asked_early_once_and_looked_at_again_late() {
        let seconds = SignedDuration::from_secs;
        let permit = seconds(2);
        let worth = |known, left| worth(Follow::Auto, known, left, permit);
        assert_eq!(worth(false, seconds(90)), Some((A_RUN, QUIET)));
        assert_eq!(worth(false, seconds(15)), Some((A_RUN, permit + BEFORE_PERMIT)), "taken up late");
        assert_eq!(worth(false, seconds(2)), None, "nothing is asked while the permit is due");
        assert_eq!(worth(true, seconds(90)), None);
        assert_eq!(worth(true, seconds(20)), Some((REFRESH, QUIET)));
        assert_eq!(worth(true, seconds(9)), None);
        assert_eq!(worth(false, seconds(-5)), None, "it is open already");
        assert_eq!(super::worth(Follow::Own, false, seconds(90), permit), None);
    }
}
