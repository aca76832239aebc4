//! `[member.NAME]`.

use crate::config::raw::{At, Section};
use crate::model::{Language, Member, MemberId, SiteId};

use super::server::checked;
use super::site::Sites;
use super::{Problems, address, names};

/// The members of a file, the wrong ones too.
#[derive(Debug, Default)]
pub(super) struct Members {
    entries: Vec<(String, Option<Member>)>,
}

impl Members {
    /// Every name that was written.
    pub(super) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// A member that is right.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.entries.iter().find(|(other, _)| other == name)?.1.as_ref()
    }

    /// The members that are right.
    pub(super) fn valid(self) -> Vec<Member> {
        self.entries.into_iter().filter_map(|(_, member)| member).collect()
    }
}

/// Checks every member.
pub(super) fn members(root: &Section, sites: &Sites, problems: &mut Problems) -> Members {
    let entries = root.named("member").iter();
    Members {
        entries: entries.map(|(name, section)| (name.value.clone(), member(name, section, sites, problems))).collect(),
    }
}

fn member(name: &At<String>, section: &Section, sites: &Sites, problems: &mut Problems) -> Option<Member> {
    problems.extend(names::table_name(name, "member"));
    let mail = section.get::<String>("mail").and_then(|at| checked("mail", &at, address::mail, problems));
    let vault = section.get::<String>("vault");
    problems.extend(vault.as_ref().and_then(names::vault_entry));
    let site = section.get::<String>("site")?;
    if !sites.names().contains(&site.value.as_str()) {
        problems.push(names::unknown(&site, "site", &sites.names(), "write a table [site.NAME] for it"));
        return None;
    }
    let language = Language::parse(&section.value::<String>("language")?)?;
    let (id, site) = (MemberId::new(&name.value), SiteId::new(site.value));
    Some(Member { id, site, vault: vault?.value, mail, language })
}
