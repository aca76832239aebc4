//! `[site.NAME.court.NAME]`.

use std::collections::BTreeMap;

use jiff::civil::Time;

use crate::config::raw::{At, Section};
use crate::model::{Court, CourtName, MeasuredTo, OpeningRule};

use super::{Problems, names};

/// Checks the courts of one site; `None` stands for a court that exists but is wrong.
pub(super) fn courts(site_name: &At<String>, site: &Section, problems: &mut Problems) -> Vec<(String, Option<Court>)> {
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut courts = Vec::new();
    if site.has("court") && site.named("court").is_empty() {
        let message = format!("site `{}` has no court", site_name.value);
        let help = format!("write a table [site.{}.court.1]", site_name.value);
        problems.push(site_name.error("missing-key", message).help(help));
    }
    for (name, section) in site.named("court") {
        problems.extend(names::free_name(name, "court"));
        if let Some(id) = section.get::<String>("site-id")
            && let Some(other) = ids.insert(id.value.clone(), name.value.clone())
        {
            let message = format!("court `{}` has the same id at the site as court `{other}`", name.value);
            problems.push(id.warning("same-site-id", message).help("each court has its own id in the site's pages"));
        }
        courts.push((name.value.clone(), court(name, section)));
    }
    courts
}

fn court(name: &At<String>, section: &Section) -> Option<Court> {
    let opens = match section.value::<String>("opens") {
        Some(_) => OpeningRule::Always,
        None => rule(section.table("opens")?)?,
    };
    Some(Court { name: CourtName::new(&name.value), site_id: section.value("site-id")?, opens })
}

fn rule(opens: &Section) -> Option<OpeningRule> {
    let measured_to = match opens.value::<String>("measured-to")?.as_str() {
        "end" => MeasuredTo::End,
        _ => MeasuredTo::Start,
    };
    let days = |key: &str| opens.value::<u32>(key).and_then(|days| u16::try_from(days).ok());
    if let Some(days) = days("visible-days") {
        return Some(OpeningRule::VisibleDays { days, measured_to });
    }
    if let Some(days) = days("days-before") {
        let at = opens.value("at").unwrap_or(Time::midnight());
        return Some(OpeningRule::DaysBefore { days, at, measured_to });
    }
    Some(OpeningRule::Before { span: opens.value("before")?, measured_to })
}
