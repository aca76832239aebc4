//! The words of the lines: files, states, the site's list.

use crate::model::State;

/// `login/20-sign-in.toml` of `…/20-sign-in.toml:8:1`.
pub(super) fn file_of(phase: &str, place: &str) -> String {
    let file = place.rsplit('/').next().unwrap_or(place);
    let file = file.split(':').next().unwrap_or(file);
    if phase.is_empty() { file.to_owned() } else { format!("{phase}/{file}") }
}

/// What a state means to somebody who watches.
pub(in crate::cli) fn meaning(state: State) -> &'static str {
    match state {
        State::Planned => "waits until it is time to log in",
        State::Preparing => "logs in and fills in the form",
        State::Ready => "everything is done but the last click",
        State::Submitting => "the permit for one submit is spent",
        State::Confirming => "the site says that it worked; its list has the last word",
        State::Unknown => "nobody knows yet whether the submit counted",
        State::Verifying => "reads the site's list",
        State::Waitlisted => "on the site's waiting list",
        State::Ended(_) => "",
    }
}

/// What the site's list shows, by its rows.
pub(super) fn listed(rows: u32) -> String {
    match rows {
        0 => "the site's list does not show it".to_owned(),
        1 => "the site's list shows it".to_owned(),
        rows => format!("the site's list shows it {rows} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_phase() {
        assert_eq!(file_of("login", "selectors/club/login/20-sign-in.toml:8:1"), "login/20-sign-in.toml");
        assert_eq!(file_of("verify", "10-list.toml:4:1"), "verify/10-list.toml");
    }
}
