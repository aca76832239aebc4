//! How long before the fire the permit is spent.

use jiff::SignedDuration;

use crate::model::{FireMode, Patience};

/// Where the trigger is a WebDriver command: time for a slow disk, and for the trigger's own connection to be warmed. A death in
/// between costs one look at the site's list.
const TRIGGER_LEAD: SignedDuration = SignedDuration::from_millis(500);

/// How long before the fire the permit is spent. A program is installed, or a request prepared and its connection opened, with
/// the permit in hand: those need more.
pub fn permit_lead(mode: FireMode, patience: &Patience) -> SignedDuration {
    match mode {
        FireMode::Armed | FireMode::Http => patience.armed_lead,
        FireMode::Auto | FireMode::Native | FireMode::Script => TRIGGER_LEAD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fires_by_itself_has_its_permit_earlier() {
        let patience = Patience::default();
        assert_eq!(permit_lead(FireMode::Armed, &patience), patience.armed_lead);
        assert!(permit_lead(FireMode::Script, &patience) < patience.armed_lead);
    }
}
