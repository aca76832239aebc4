//! Which booking a name on the command line means, where it may have left the configuration since.

use super::{Exit, Failure};
use crate::config::Config;
use crate::model::{Attempt, BookingName, MemberId};
use crate::report::did_you_mean;

/// The booking of that name, or `MEMBER/NAME`, of the configuration or of the attempts that are given.
///
/// # Errors
/// None, or several.
pub(super) fn named<'a>(
    wanted: &str,
    config: &'a Config,
    attempts: impl Iterator<Item = &'a Attempt>,
) -> Result<(MemberId, BookingName), Failure> {
    let configured = config.bookings.iter().map(|booking| (&booking.member, &booking.name));
    let mut known: Vec<_> = configured.chain(attempts.map(|one| (&one.member, &one.booking))).collect();
    known.sort();
    known.dedup();
    let is =
        |(member, name): &&(&MemberId, &BookingName)| name.as_str() == wanted || format!("{member}/{name}") == wanted;
    let mut found = known.iter().filter(is);
    match (found.next(), found.next()) {
        (Some((member, name)), None) => Ok(((*member).clone(), (*name).clone())),
        (Some(_), Some(_)) => {
            Err(Failure::new(Exit::Data, format!("several members have a booking `{wanted}`; write MEMBER/NAME")))
        }
        (None, _) => {
            let names: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
            let help = match did_you_mean(wanted, names.iter().copied()) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => format!("; the bookings are: {}", names.join(", ")),
            };
            Err(Failure::new(Exit::Data, format!("there is no booking `{wanted}`{help}")))
        }
    }
}
