//! How long a step may take.

use jiff::SignedDuration;
use toml::de::DeValue;

use super::Step;
use super::spec::Spec;
use crate::flow::raw::{Reader, Table, Value};

/// How long a step may take that does not say it.
const DEFAULT_TIMEOUT_MS: u64 = 10_000;

/// How long a step that loads a page or waits for a site may take.
const DEFAULT_SLOW_TIMEOUT_MS: u64 = 30_000;

/// The longest that any step may take.
const LONGEST_TIMEOUT_MS: u64 = 300_000;

/// The longest pause.
const LONGEST_PAUSE_MS: u64 = 60_000;

/// The step's own `timeout`, or the verb's.
pub(super) fn timeout(reader: &mut Reader<'_>, table: Table<'_>, spec: &Spec) -> Option<u64> {
    match table.get("timeout") {
        Some(value) => milliseconds(reader, value, LONGEST_TIMEOUT_MS),
        None => Some(if spec.is_slow { DEFAULT_SLOW_TIMEOUT_MS } else { DEFAULT_TIMEOUT_MS }),
    }
}

/// The time of steps inside a step, done so often.
pub(super) fn of_steps(steps: &[Step], rounds: u32) -> u64 {
    let once = steps.iter().fold(DEFAULT_TIMEOUT_MS, |sum, step| sum.saturating_add(step.timeout_ms));
    once.saturating_mul(u64::from(rounds)).min(LONGEST_TIMEOUT_MS)
}

/// A pause, and the time-out that goes with it.
pub(super) fn pause(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<u64> {
    milliseconds(reader, value, LONGEST_PAUSE_MS)
}

/// `"200ms"`, `"10s"`, `"1m 30s"`; at least a millisecond.
fn milliseconds(reader: &mut Reader<'_>, value: &Value<'_>, longest: u64) -> Option<u64> {
    if let DeValue::Integer(number) = value.get_ref() {
        // So many are hardly seconds.
        let is_small = number.as_str().len() < 3;
        let unit = if is_small { "s" } else { "ms" };
        let help = format!("write it with its unit, in quotes: \"{number}{unit}\"");
        reader.error_with_help("bad-time", format!("{number} has no unit"), &help, value.span());
        return None;
    }
    let text = reader.text(value)?;
    let Some(time) = text.parse::<SignedDuration>().ok().and_then(|time| u64::try_from(time.as_millis()).ok()) else {
        let help = "write a number with its unit: \"200ms\", \"10s\", \"1m 30s\"";
        reader.error_with_help("bad-time", format!("`{text}` is no length of time"), help, value.span());
        return None;
    };
    if time == 0 || time > longest {
        let message = format!("`{text}` is not between 1ms and {}s", longest / 1000);
        let help = format!("write \"{}s\" at most: every wait is bounded, so that no attempt hangs", longest / 1000);
        reader.error_with_help("out-of-bounds", message, &help, value.span());
        return None;
    }
    Some(time)
}
