//! `[member.NAME]`.

use crate::config::raw::{At, Section};
use crate::model::{Language, Member, MemberId, SiteId};

use super::server::checked;
use super::site::Sites;
use super::{Problems, address, names};

/// The members of a file, the wrong ones too.
#[derive(Debug, Default)]
pub(super) struct Members {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    /// A site that is there, whatever else is wrong.
    site: Option<String>,
    member: Option<Member>,
}

impl Members {
    /// Every name that was written.
    pub(super) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    /// A member that is right.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.entries.iter().find(|entry| entry.name == name)?.member.as_ref()
    }

    /// The site of a member, who may be wrong otherwise: what is wrong of his bookings is said at once all the same.
    pub(super) fn site(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.name == name)?.site.as_deref()
    }

    /// The members that are right.
    pub(super) fn valid(self) -> Vec<Member> {
        self.entries.into_iter().filter_map(|entry| entry.member).collect()
    }
}

/// Checks every member.
pub(super) fn members(root: &Section, sites: &Sites, problems: &mut Problems) -> Members {
    Members {
        entries: root.named("member").iter().map(|(name, section)| entry(name, section, sites, problems)).collect(),
    }
}

fn entry(name: &At<String>, section: &Section, sites: &Sites, problems: &mut Problems) -> Entry {
    problems.extend(names::table_name(name, "member"));
    let site = section.get::<String>("site").and_then(|site| known(&site, sites, problems));
    let member = member(name, section, site.as_deref(), problems);
    Entry { name: name.value.clone(), site, member }
}

fn known(site: &At<String>, sites: &Sites, problems: &mut Problems) -> Option<String> {
    if sites.names().contains(&site.value.as_str()) {
        return Some(site.value.clone());
    }
    problems.push(names::unknown(site, "site", &sites.names(), "write a table [site.NAME] for it"));
    None
}

fn member(name: &At<String>, section: &Section, site: Option<&str>, problems: &mut Problems) -> Option<Member> {
    let mail = section.get::<String>("mail").and_then(|at| checked("mail", &at, address::mail, problems));
    let vault = section.get::<String>("vault");
    problems.extend(vault.as_ref().and_then(names::vault_entry));
    let language = Language::parse(&section.value::<String>("language")?)?;
    let (id, site) = (MemberId::new(&name.value), SiteId::new(site?));
    Some(Member { id, site, vault: vault?.value, mail, language })
}
