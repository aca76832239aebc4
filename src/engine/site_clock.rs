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
use crate::clock::Clock;
use crate::model::{AttemptId, ClockRule, Follow, Site, SiteId};
use crate::probe::{A_RUN, Limits, Probe, ProbeError, Reading, measure, words};
use crate::store::Store;
use crate::timing::{Aim, SiteTime};

/// Nothing is asked later than this before an opening.
const QUIET: SignedDuration = SignedDuration::from_secs(10);

/// An attempt that is taken up too late for that asks as long as its permit is not due, and this much longer not.
const BEFORE_PERMIT: SignedDuration = SignedDuration::from_millis(700);

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

    /// Asks the site for its time, if that is worth it and early enough before an opening. Never fails: what is not known is
    /// said, and our own clock is taken.
    pub(super) fn look(&self, opening: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        let watch = self.clone();
        async move {
            let opening = SiteTime::of_opening(opening);
            let wanted = watch.limits(opening).zip(watch.url.clone());
            let Some((limits, url)) = wanted else { return };
            match watch.ask(&url, limits).await {
                Ok(reading) => watch.learn(reading).await,
                Err(error) => watch.doubt(&error),
            }
        }
    }

    /// How much may be asked now; none: nothing.
    fn limits(&self, opening: SiteTime) -> Option<Limits> {
        let left = self.aim().ours(opening).duration_since(self.clock.now());
        let known = self.reading.lock().expect("no holder panics").is_some();
        let at_last = self.permit_lead + BEFORE_PERMIT;
        let (requests, quiet) = match known {
            _ if self.rule.follow == Follow::Own => return None,
            false if left > QUIET + RUN_TAKES => (A_RUN, QUIET),
            false if left > at_last => (A_RUN, at_last),
            true if left > QUIET && left <= REFRESH_FROM => (REFRESH, QUIET),
            _ => return None,
        };
        Some(Limits { requests, quiet: Some((opening, quiet)) })
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
            for warning in words::warnings(&reading.offset, &reading.servers) {
                self.reporter.say(now, What::Trouble(warning));
            }
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

/// The name under which the store keeps what was last found out about a site's clock: a JSON object with `at`, `offset_ns`,
/// `low_ns` and `high_ns` (site minus ours), `round_trip_ns`, `follows_site` and `servers`.
pub fn setting(site: &SiteId) -> String {
    format!("site-clock {site}")
}

fn told(reading: &Reading, follows: bool) -> Value {
    let ns = |time: SignedDuration| i64::try_from(time.as_nanos()).ok();
    let offset = &reading.offset;
    json!({
        "at": offset.measured_at().to_string(),
        "follows_site": follows,
        "high_ns": ns(offset.high()),
        "low_ns": ns(offset.low()),
        "offset_ns": ns(offset.estimate()),
        "round_trip_ns": ns(reading.round_trip),
        "servers": reading.servers.len(),
    })
}
