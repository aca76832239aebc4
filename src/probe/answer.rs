//! What an answer's head says about time: its date, who gave it, and whether a cache kept it.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::timing::SiteTime;

/// Headers by which servers behind one address tell themselves apart.
const MARKS: [&str; 7] = ["server", "via", "x-served-by", "x-backend", "x-backend-server", "x-server", "x-amz-cf-pop"];

/// Headers in which caches say that they had the answer.
const HITS: [&str; 4] = ["x-cache", "cf-cache-status", "x-cache-status", "x-proxy-cache"];

/// Longer marks are cut: they are shown.
const LONGEST_MARK: usize = 120;

/// The head of a final answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) http_1_0: bool,
    pub(super) headers: Vec<(String, String)>,
}

impl Head {
    /// The second that it shows.
    pub(super) fn date(&self) -> Option<SiteTime> {
        let date: Timestamp = DateTimeParser::new().parse_timestamp(self.value("date")?).ok()?;
        Some(SiteTime::written(date))
    }

    /// Whether its date may be that of an earlier answer.
    pub(super) fn is_cached(&self) -> bool {
        let aged = self.value("age").is_some_and(|age| age.trim() != "0");
        let hit = |name: &&str| self.value(name).is_some_and(|value| value.to_ascii_uppercase().contains("HIT"));
        aged || HITS.iter().any(hit)
    }

    /// Whether it answers our question at all: a server that gives up on an idle connection says so unasked.
    pub(super) fn is_unasked(&self) -> bool {
        self.status == 408
    }

    /// What the server calls itself; empty where it does not.
    pub(super) fn server(&self) -> String {
        let named = MARKS.iter().filter_map(|name| Some(format!("{name}: {}", self.value(name)?)));
        let mark = named.collect::<Vec<_>>().join(", ");
        mark.chars().filter(|c| !c.is_control()).take(LONGEST_MARK).collect()
    }

    /// Whether the connection can be asked again.
    pub(super) fn keeps_alive(&self) -> bool {
        let closing = self.value("connection").is_some_and(|value| value.to_ascii_lowercase().contains("close"));
        !closing && !self.http_1_0
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> Head {
        let owned = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Head { status: 200, http_1_0: false, headers: owned.collect() }
    }

    #[test]
    fn dates_are_read_as_servers_write_them() {
        let date = head(&[("Date", "Fri, 09 Jul 2027 06:00:00 GMT")]).date().expect("a date");
        assert_eq!(date.shown(), "2027-07-09T06:00:00Z".parse().expect("a timestamp"));
        assert_eq!(head(&[("Date", "soon")]).date(), None);
        assert_eq!(head(&[]).date(), None);
    }

    #[test]
    fn what_a_cache_kept_is_told() {
        for cached in [("Age", "17"), ("X-Cache", "Hit from cloudfront"), ("CF-Cache-Status", "HIT")] {
            assert!(head(&[cached]).is_cached(), "{cached:?}");
        }
        for fresh in [("Age", "0"), ("X-Cache", "MISS"), ("CF-Cache-Status", "DYNAMIC")] {
            assert!(!head(&[fresh]).is_cached(), "{fresh:?}");
        }
    }

    #[test]
    fn servers_are_told_apart_by_their_marks() {
        let one = head(&[("Server", "nginx"), ("X-Served-By", "web-1")]).server();
        assert_eq!(one, "server: nginx, x-served-by: web-1");
        assert_ne!(one, head(&[("Server", "nginx"), ("X-Served-By", "web-2")]).server());
    }
}
