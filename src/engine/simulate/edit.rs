//! A person edits the configuration: in memory, for the user's own file is not to be touched.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::chance::Chance;
use super::label::Label;
use super::promise::Promises;
use super::record::Record;
use crate::config::Config;
use crate::model::{Booking, BookingName, MemberId, OpeningRule, When};

/// A configuration that is edited again and again.
pub(super) struct Desk {
    pub(super) config: Arc<Config>,
    pub(super) promises: Promises,
    /// Bookings that were taken out, or are not in yet.
    aside: Vec<Booking>,
    /// What somebody took back for a moment, as it was.
    wavered: Vec<Booking>,
    /// Which bookings the last edit touched.
    pub(super) touched: Vec<(MemberId, BookingName)>,
    edits: u64,
}

impl Desk {
    /// A configuration; with edits to come, some of its bookings are kept back to be put in later.
    pub(super) fn new(config: &Arc<Config>, chance: &mut Chance, kept_back_percent: u64) -> Self {
        let mut config = Config::clone(config);
        let (aside, bookings) = config.bookings.drain(..).partition(|_| chance.below(100) < kept_back_percent);
        config.bookings = bookings;
        Self {
            config: Arc::new(config),
            promises: Promises::default(),
            aside,
            wavered: Vec::new(),
            touched: Vec::new(),
            edits: 0,
        }
    }

    /// Edits something; what was done, in words, and nothing when there was nothing to edit.
    pub(super) fn edit(&mut self, chance: &mut Chance, now: Timestamp, record: &mut Record) -> Option<String> {
        let mut config = Config::clone(&self.config);
        let words = match chance.below(100) {
            0..25 => self.pause_or_resume(&mut config, chance),
            25..40 => self.take_out(&mut config, chance),
            40..55 => self.put_in(&mut config, chance),
            55..70 => self.rename(&mut config, chance),
            70..82 => leave_out_a_date(&mut config, chance, now),
            82..92 => other_order(&mut config, chance),
            _ => widen(&mut config, chance, record, now),
        };
        self.saved(config, words?, now, record)
    }

    /// Somebody takes a date back while the engine is at work on it, one way or another, and will think better of it.
    pub(super) fn waver(
        &mut self,
        busy: &[Label],
        chance: &mut Chance,
        now: Timestamp,
        record: &mut Record,
    ) -> Option<String> {
        let mut config = Config::clone(&self.config);
        let label = busy.get(chance.index(busy.len()))?;
        let at = config.bookings.iter().position(|booking| is(booking, &label.member, &label.booking))?;
        let as_it_was = config.bookings[at].clone();
        let booking = &mut config.bookings[at];
        let words = match (chance.below(3), &mut booking.when) {
            (0, When::Repeat { except, .. }) => {
                except.push(label.date);
                format!("somebody leaves {} out of {}, for now", label.date, name(booking))
            }
            (1, _) if self.config.bookings.len() > 1 => {
                self.aside.push(config.bookings.remove(at));
                format!("somebody takes {} out, for now", name(&as_it_was))
            }
            _ => {
                booking.paused = true;
                format!("somebody pauses {}, for now", name(booking))
            }
        };
        let edited = touched(&as_it_was, words);
        self.wavered.push(as_it_was);
        self.saved(config, edited, now, record)
    }

    /// What was taken back for a moment is wanted again, unless it has another name by now.
    pub(super) fn put_back(&mut self, now: Timestamp, record: &mut Record) -> Option<String> {
        let booking = self.wavered.pop()?;
        let is_same = |other: &Booking| is(other, &booking.member, &booking.name);
        let mut config = Config::clone(&self.config);
        match config.bookings.iter_mut().find(|other| is_same(other)) {
            Some(there) => *there = booking.clone(),
            None => {
                let aside = self.aside.iter().position(is_same)?;
                self.aside.remove(aside);
                config.bookings.push(booking.clone());
            }
        }
        let edited = touched(&booking, format!("somebody wants {} again, as it was", name(&booking)));
        self.saved(config, edited, now, record)
    }

    fn saved(
        &mut self,
        mut config: Config,
        (touched, words): Edited,
        now: Timestamp,
        record: &mut Record,
    ) -> Option<String> {
        for (member, booking) in &touched {
            record.edited(member, booking, now);
        }
        record.counted("edits");
        self.touched = touched;
        self.edits += 1;
        config.hash = format!("{}-{}", self.config.hash, self.edits);
        self.config = Arc::new(config);
        Some(words)
    }

    fn pause_or_resume(&self, config: &mut Config, chance: &mut Chance) -> Option<Edited> {
        let booking = any(&mut config.bookings, chance)?;
        booking.paused = !booking.paused;
        let word = if booking.paused { "pauses" } else { "resumes" };
        Some(touched(booking, format!("somebody {word} {}", name(booking))))
    }

    fn take_out(&mut self, config: &mut Config, chance: &mut Chance) -> Option<Edited> {
        let last = config.bookings.len().checked_sub(2)?;
        let booking = config.bookings.remove(chance.index(last));
        self.aside.push(booking.clone());
        Some(touched(&booking, format!("somebody takes {} out", name(&booking))))
    }

    fn put_in(&mut self, config: &mut Config, chance: &mut Chance) -> Option<Edited> {
        if self.aside.is_empty() {
            return None;
        }
        let booking = self.aside.remove(chance.index(self.aside.len()));
        config.bookings.push(booking.clone());
        Some(touched(&booking, format!("somebody puts {} in", name(&booking))))
    }

    /// The same wish under another name.
    fn rename(&mut self, config: &mut Config, chance: &mut Chance) -> Option<Edited> {
        let number = self.edits;
        let booking = any(&mut config.bookings, chance)?;
        let old = touched(booking, String::new()).0;
        let first = booking.name.as_str().split(" #").next().unwrap_or_default();
        let new = BookingName::new(format!("{first} #{number}"));
        let words = format!("somebody renames {} to “{new}”", name(booking));
        self.promises.renamed(&booking.member, &booking.name, &new);
        booking.name = new;
        Some(([old, touched(booking, String::new()).0].concat(), words))
    }
}

/// Which bookings were touched, and what was done in words.
type Edited = (Vec<(MemberId, BookingName)>, String);

fn touched(booking: &Booking, words: String) -> Edited {
    (vec![(booking.member.clone(), booking.name.clone())], words)
}

fn name(booking: &Booking) -> String {
    format!("“{}” of {}", booking.name, booking.member)
}

fn is(booking: &Booking, member: &MemberId, name: &BookingName) -> bool {
    (&booking.member, &booking.name) == (member, name)
}

fn any<'b>(bookings: &'b mut [Booking], chance: &mut Chance) -> Option<&'b mut Booking> {
    if bookings.is_empty() {
        return None;
    }
    let at = chance.index(bookings.len());
    bookings.get_mut(at)
}

/// A date of a repeating booking is left out, soon.
fn leave_out_a_date(config: &mut Config, chance: &mut Chance, now: Timestamp) -> Option<Edited> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let booking = any(&mut config.bookings, chance)?;
    let When::Repeat { rule, from, except } = &mut booking.when else { return None };
    let parsed = crate::schedule::Rule::parse(rule).ok()?;
    let soon: Vec<Date> = parsed.dates(*from, except, today, 4);
    let date = *soon.get(chance.index(soon.len().max(1)))?;
    except.push(date);
    Some(touched(booking, format!("somebody leaves {date} out of {}", name(booking))))
}

/// The courts in another order of preference.
fn other_order(config: &mut Config, chance: &mut Chance) -> Option<Edited> {
    let booking = any(&mut config.bookings, chance)?;
    chance.shuffle(&mut booking.courts);
    Some(touched(booking, format!("somebody changes the order of courts of {}", name(booking))))
}

/// A court opens a day earlier from now on, and the configuration follows.
fn widen(config: &mut Config, chance: &mut Chance, record: &mut Record, now: Timestamp) -> Option<Edited> {
    let at = chance.index(config.sites.len());
    let site = config.sites.get_mut(at)?;
    let court = chance.index(site.courts.len());
    let court = site.courts.get_mut(court)?;
    court.opens = a_day_earlier(court.opens)?;
    let words = format!("court {} of {} opens a day earlier from now on", court.name, site.id);
    let site = site.id.clone();
    let members: Vec<_> = config.members.iter().filter(|member| member.site == site).map(|m| m.id.clone()).collect();
    for booking in config.bookings.iter().filter(|booking| members.contains(&booking.member)) {
        record.edited(&booking.member, &booking.name, now);
    }
    Some((Vec::new(), words))
}

fn a_day_earlier(rule: OpeningRule) -> Option<OpeningRule> {
    match rule {
        OpeningRule::VisibleDays { days, measured_to } => {
            Some(OpeningRule::VisibleDays { days: days + 1, measured_to })
        }
        OpeningRule::DaysBefore { days, at, measured_to } => {
            Some(OpeningRule::DaysBefore { days: days + 1, at, measured_to })
        }
        OpeningRule::Before { span, measured_to } => {
            Some(OpeningRule::Before { span: span + jiff::SignedDuration::from_hours(24), measured_to })
        }
        OpeningRule::Always => None,
    }
}
