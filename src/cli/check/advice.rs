//! What a right configuration lacks all the same: warnings about the vault, the mail, and words of the example.

use std::path::Path;

use url::Url;

use crate::config::{Config, Mail, Places};
use crate::model::Member;
use crate::report::{Problem, did_you_mean};
use crate::vault::Vault;

/// Names that stand for others in examples (RFC 2606); nobody is there.
const EXAMPLE_DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];

/// Everything worth knowing. Of the vault only names are looked at: no identity is needed, and nothing is opened.
pub(super) fn advice(path: &Path, config: &Config) -> Vec<Problem> {
    let places = Places::new(path, config);
    let mut problems = no_entries(config, &places);
    problems.extend(example_sites(config, &places));
    problems.extend(example_mail(config, &places));
    problems.extend(untold(config, &places));
    problems
}

fn placed(problem: Problem, places: &Places, words: &[&str]) -> Problem {
    match places.of(words) {
        Some(place) => problem.at(place),
        None => problem,
    }
}

/// Members who cannot log in. While there is no vault at all, nothing is said: it is made after the file is right.
fn no_entries(config: &Config, places: &Places) -> Vec<Problem> {
    let Ok(Some(known)) = Vault::names(&config.server.data) else { return Vec::new() };
    let lacking = |member: &&Member| !known.contains(&member.vault);
    let members = config.members.iter().filter(lacking).map(|member| {
        let message = format!("the vault has no entry `{}`: {} cannot log in", member.vault, member.id);
        (message, member.vault.as_str(), vec!["member", member.id.as_str(), "vault"])
    });
    let mail = config.mail.iter().filter(|mail| mail.smtp_password.is_none()).filter_map(|mail| {
        let entry = mail.vault.as_deref().filter(|entry| !known.iter().any(|name| name == entry))?;
        let message = format!("the vault has no entry `{entry}`: mail cannot be sent");
        Some((message, entry, vec!["mail", "vault"]))
    });
    members
        .chain(mail)
        .map(|(message, entry, words)| {
            let add = format!("add it: firstserve vault set {entry}");
            let help = match did_you_mean(entry, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? Or {add}"),
                None => add,
            };
            placed(Problem::warning("no-vault-entry", message).help(help), places, &words)
        })
        .collect()
}

fn is_example(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    EXAMPLE_DOMAINS
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

fn example_sites(config: &Config, places: &Places) -> Vec<Problem> {
    let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let sites = config.sites.iter().filter(|site| host(&site.url).is_some_and(|host| is_example(&host)));
    sites
        .map(|site| {
            let message = format!("the address of site `{}` is an example's: nobody is there", site.id);
            let problem = Problem::warning("example-address", message).help("write the address of your club's website");
            placed(problem, places, &["site", site.id.as_str(), "url"])
        })
        .collect()
}

/// While nothing is sent, the words of the example harm nobody.
fn example_mail(config: &Config, places: &Places) -> Vec<Problem> {
    let Some(mail) = &config.mail else { return Vec::new() };
    let domain = |address: &str| is_example(address.rsplit('@').next().unwrap_or_default().trim_end_matches('>'));
    let settings = [
        ("from", Some(mail.from.as_str()).filter(|address| domain(address))),
        ("to", mail.to.as_deref().filter(|address| domain(address))),
        ("smtp-host", Some(mail.smtp_host.as_str()).filter(|host| is_example(host))),
    ];
    let settings = settings.into_iter().filter(|(_, found)| found.is_some()).map(|(key, _)| vec!["mail", key]);
    let own = config.members.iter().filter(|member| member.mail.as_deref().is_some_and(domain));
    settings
        .chain(own.map(|member| vec!["member", member.id.as_str(), "mail"]))
        .map(|words| {
            let message = format!("`{}` holds an example's address: nobody is there", words.join("."));
            let problem = Problem::warning("example-address", message).help("write an address of your own");
            placed(problem, places, &words)
        })
        .collect()
}

/// Members with bookings to whom nothing can be said.
fn untold(config: &Config, places: &Places) -> Vec<Problem> {
    let books = |member: &&Member| config.bookings.iter().any(|it| it.member == member.id && !it.paused);
    let Some(Mail { to, .. }) = &config.mail else {
        let wanted = config.members.iter().filter(books).find(|member| member.mail.is_some());
        let words = wanted.map(|member| vec!["member", member.id.as_str(), "mail"]);
        let words = words.or_else(|| places.of(&["mail", "to"]).map(|_| vec!["mail", "to"]));
        return words.map(|words| mail_is_off(places, &words)).into_iter().collect();
    };
    let silent = config.members.iter().filter(books).filter(|member| member.mail.is_none() && to.is_none());
    silent
        .map(|member| {
            let message = format!("nobody is told by mail what becomes of the bookings of {}", member.id);
            let help = format!("write `to` in [mail], or `mail` in [member.{}]", member.id);
            placed(Problem::warning("nobody-told", message).help(help), places, &["member", member.id.as_str()])
        })
        .collect()
}

fn mail_is_off(places: &Places, words: &[&str]) -> Problem {
    let message = format!("`{}` says who is told, but no mail is sent", words.join("."));
    let help = "write `smtp-host` and `from` in [mail]; without them the outcome stands in the log only";
    placed(Problem::warning("mail-off", message).help(help), places, words)
}
