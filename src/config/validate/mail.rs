//! `[mail]`.

use crate::config::raw::Section;
use crate::config::valid::{Mail, SmtpSecurity};

use super::server::checked;
use super::{Problems, address, names};

/// Checks the table; none: it has no server, and nothing is sent.
pub(super) fn mail(section: &Section, problems: &mut Problems) -> Option<Mail> {
    let from = section.get::<String>("from").and_then(|at| checked("from", &at, address::mail, problems));
    let to = section.get::<String>("to").and_then(|at| checked("to", &at, address::mail, problems));
    password_is_somewhere(section, problems);
    let vault = section.get::<String>("vault");
    problems.extend(vault.as_ref().and_then(names::vault_entry));
    let smtp_security = security(section)?;
    let port = section.value::<u32>("smtp-port").and_then(|port| u16::try_from(port).ok());
    Some(Mail {
        from: from?,
        to,
        smtp_host: section.value("smtp-host")?,
        smtp_port: port.unwrap_or(smtp_security.usual_port()),
        smtp_security,
        smtp_user: section.value("smtp-user"),
        vault: vault.map(|entry| entry.value),
        smtp_password: section.value("smtp-password"),
    })
}

fn security(section: &Section) -> Option<SmtpSecurity> {
    match section.value::<String>("smtp-security")?.as_str() {
        "tls" => Some(SmtpSecurity::Tls),
        "none" => Some(SmtpSecurity::Plain),
        _ => Some(SmtpSecurity::StartTls),
    }
}

fn password_is_somewhere(section: &Section, problems: &mut Problems) {
    let Some(user) = section.get::<String>("smtp-user") else { return };
    if section.value::<String>("vault").is_none() && section.value::<crate::model::Secret>("smtp-password").is_none() {
        let help = "add vault = \"mail\" and run: firstserve vault set mail";
        problems.push(user.error("missing-key", "`smtp-user` in [mail] has no password").help(help));
    }
}
