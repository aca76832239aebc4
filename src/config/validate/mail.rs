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
    host_is_no_address(section, problems);
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

/// A port has a key of its own; an IPv6 address has colons as well.
fn host_is_no_address(section: &Section, problems: &mut Problems) {
    let Some(host) = section.get::<String>("smtp-host") else { return };
    let Some((name, port)) = host.value.rsplit_once(':') else { return };
    let is_ipv6 = host.value.matches(':').count() > 1 && !host.value.contains(['/', ']']);
    if is_ipv6 {
        return;
    }
    let name = name.rsplit_once("//").map_or(name, |(_, name)| name);
    let help = match port.parse::<u16>() {
        Ok(port) => format!("write smtp-host = \"{name}\" and smtp-port = {port}"),
        Err(_) => "write the server's name alone, such as \"smtp.example.com\"; its port is `smtp-port`".to_owned(),
    };
    problems.push(host.error("smtp-host", "`smtp-host` is more than the name of a server").help(help));
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
