//! When a request reached the site, where the site tells.

use jiff::Timestamp;

/// When the request began to arrive by the site's own clock, where a header of its answer says it finer than a second: the
/// practice club's `X-Received-At`, or `X-Timer`, which some delivery networks add. `header` gives a header's value by its name.
pub fn received<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<Timestamp> {
    let own = header("x-received-at").and_then(|text| text.trim().parse().ok());
    own.or_else(|| header("x-timer").and_then(of_timer))
}

/// `S1763695230.123456,VS0,VE12`
fn of_timer(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.trim().strip_prefix('S')?.split(',').next()?.split_once('.')?;
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Option<Timestamp> {
        received(|asked| (asked == name).then_some(value))
    }

    #[test]
    fn what_is_finer_than_a_second_is_taken() {
        let at: Timestamp = "2025-11-21T03:20:30.123456Z".parse().expect("a timestamp");
        assert_eq!(with("x-timer", "S1763695230.123456,VS0,VE12"), Some(at));
        assert_eq!(with("x-received-at", "2025-11-21T03:20:30.123456Z"), Some(at));
    }

    #[test]
    fn what_is_coarse_or_no_instant_is_not() {
        assert_eq!(with("date", "Fri, 21 Nov 2025 03:20:30 GMT"), None);
        for text in ["", "S", "1763695230.1", "S1763695230,VS0", "S1763695230.1x", "S99999999999999.5", "S1.-5"] {
            assert_eq!(with("x-timer", text), None, "{text}");
        }
    }
}
