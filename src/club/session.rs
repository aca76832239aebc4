//! Who is logged in.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::window::Window;

/// How long a log-in lasts.
const LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// How long before the opening the fault `logout` drops every session.
const LOGOUT_LEAD: SignedDuration = SignedDuration::from_secs(3);

/// The most sessions that are kept; beyond it the oldest goes.
const LIMIT: usize = 10_000;

/// Every session, of browsers and of API tokens.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_token: HashMap<String, Session>,
}

/// One log-in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// User name.
    pub(crate) member: &'static str,
    /// What this session's forms must carry.
    pub(crate) csrf: String,
    created: Timestamp,
}

impl Sessions {
    /// Logs a member in; the token goes into the cookie or the `Authorization` header.
    pub(crate) fn open(&mut self, member: &'static str, now: Timestamp) -> String {
        self.by_token.retain(|_, session| session.is_alive(now));
        if self.by_token.len() >= LIMIT {
            let oldest =
                self.by_token.iter().min_by_key(|(_, session)| session.created).map(|(token, _)| token.clone());
            oldest.and_then(|token| self.by_token.remove(&token));
        }
        let token = random_token();
        self.by_token.insert(token.clone(), Session { member, csrf: random_token(), created: now });
        token
    }

    /// The session of a token, unless it is over. With `logout`, sessions of before do not live to see the opening.
    pub(crate) fn find(&self, token: &str, now: Timestamp, window: &Window, logout: bool) -> Option<&Session> {
        let session = self.by_token.get(token)?;
        (session.is_alive(now) && !(logout && session.is_dropped(now, window))).then_some(session)
    }

    /// Gives the session's forms a new token; the old one is void.
    pub(crate) fn rotate_csrf(&mut self, token: &str) {
        if let Some(session) = self.by_token.get_mut(token) {
            session.csrf = random_token();
        }
    }

    /// Logs out.
    pub(crate) fn close(&mut self, token: &str) {
        self.by_token.remove(token);
    }
}

impl Session {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.created) < LIFETIME
    }

    fn is_dropped(&self, now: Timestamp, window: &Window) -> bool {
        let opening = window.next_turn(self.created.saturating_add(LOGOUT_LEAD).unwrap_or(Timestamp::MAX));
        opening.duration_since(now) <= LOGOUT_LEAD
    }
}

/// 128 random bits, in hexadecimal.
pub(crate) fn random_token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn window() -> Window {
        Window::at_midnight(TimeZone::get("America/Costa_Rica").expect("the zone is known"))
    }

    #[test]
    fn a_session_ends_with_its_lifetime_or_by_logging_out() {
        let mut sessions = Sessions::default();
        let start = at("2027-07-09T01:00:00Z");
        let token = sessions.open("ana", start);
        assert_eq!(sessions.find(&token, start, &window(), false).map(|session| session.member), Some("ana"));
        assert!(sessions.find(&token, start + LIFETIME, &window(), false).is_none());
        sessions.close(&token);
        assert!(sessions.find(&token, start, &window(), false).is_none());
    }

    #[test]
    fn the_logout_fault_drops_what_was_opened_before_its_instant_only() {
        let mut sessions = Sessions::default();
        let (opening, nano) = (at("2027-07-09T06:00:00Z"), SignedDuration::from_nanos(1));
        let dropped_at = opening - LOGOUT_LEAD;
        let before = sessions.open("ana", opening - SignedDuration::from_secs(60));
        let after = sessions.open("ana", dropped_at);
        let alive = |token: &str, now, logout| sessions.find(token, now, &window(), logout).is_some();
        assert!(alive(&before, dropped_at - nano, true));
        assert!(!alive(&before, dropped_at, true));
        assert!(!alive(&before, opening + LOGOUT_LEAD, true), "for good");
        assert!(alive(&before, opening, false), "only with the fault");
        assert!(alive(&after, opening, true), "a new log-in holds");
    }

    #[test]
    fn a_rotated_form_token_is_another_one() {
        let mut sessions = Sessions::default();
        let now = at("2027-07-09T01:00:00Z");
        let token = sessions.open("ana", now);
        let csrf =
            |sessions: &Sessions| sessions.find(&token, now, &window(), false).map(|session| session.csrf.clone());
        let first = csrf(&sessions);
        sessions.rotate_csrf(&token);
        assert_ne!(csrf(&sessions), first);
    }
}
