//! What was found out about a clock, for people.

use jiff::SignedDuration;

use crate::timing::Offset;

/// A site whose clock differs by more than this from ours is worth a warning.
pub const WORTH_A_WARNING: SignedDuration = SignedDuration::from_millis(500);

/// `3.001 s ahead of`, `0.42 ms behind`; goes on with "this machine's".
pub fn ahead(offset: SignedDuration) -> String {
    let word = if offset.is_negative() { "behind" } else { "ahead of" };
    format!("{} {word}", length(offset.abs()))
}

/// `0.42 ms`, `3.001 s`.
pub fn length(time: SignedDuration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    if ms.abs() < 1_000.0 { format!("{ms:.2} ms") } else { format!("{:.3} s", ms / 1_000.0) }
}

/// `+3000.21`, in milliseconds.
pub fn signed(offset: SignedDuration) -> String {
    format!("{:+.2}", offset.as_secs_f64() * 1_000.0)
}

/// The offset in a sentence: "the site's clock is 3.001 s ahead of this machine's, within 0.80 ms".
pub fn sentence(offset: &Offset) -> String {
    format!("the site's clock is {} this machine's, within {}", ahead(offset.estimate()), length(offset.bound()))
}

/// Whether the two clocks certainly differ by more than [`WORTH_A_WARNING`].
pub fn differ_much(offset: &Offset) -> bool {
    offset.low() > WORTH_A_WARNING || offset.high() < -WORTH_A_WARNING
}

/// What a person should know about it.
pub fn warnings(offset: &Offset, servers: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    if differ_much(offset) {
        warnings.push(format!(
            "the site's clock and this machine's differ by {}; one of them is not kept right",
            length(offset.estimate().abs())
        ));
    }
    if servers.len() > 1 {
        warnings.push(format!(
            "{} servers answer for this address, and the one that books may have another clock{}",
            servers.len(),
            self::servers(servers)
        ));
    }
    warnings
}

/// ` (server: nginx, x-served-by: web-1 | …)`, or nothing where there is nothing to tell apart.
pub(super) fn servers(servers: &[String]) -> String {
    if servers.len() < 2 { String::new() } else { format!(" ({})", servers.join(" | ")) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn offset(low: i64, high: i64) -> Offset {
        let ms = SignedDuration::from_millis;
        Offset::new(ms(low), ms(high), ms((low + high) / 2), Timestamp::UNIX_EPOCH).expect("in order")
    }

    #[test]
    fn an_offset_is_a_sentence() {
        assert_eq!(
            sentence(&offset(2_999, 3_003)),
            "the site's clock is 3.001 s ahead of this machine's, within 2.00 ms"
        );
        assert_eq!(sentence(&offset(-3, -1)), "the site's clock is 2.00 ms behind this machine's, within 1.00 ms");
    }

    #[test]
    fn a_large_difference_and_several_servers_are_warned_of() {
        assert!(warnings(&offset(-3, 2), &["server: nginx".to_owned()]).is_empty());
        assert_eq!(warnings(&offset(400, 600), &[]).len(), 0, "it may be less than half a second");
        assert_eq!(warnings(&offset(-3_002, -3_000), &["a".to_owned(), "b".to_owned()]).len(), 2);
    }
}
