//! `[mail]`.

use crate::config::raw::Section;
use crate::config::valid::{Mail, SmtpSecurity, is_this_machine};

use super::server::checked;
use super::{Problems, address, names};

/// Checks the table; none: it has no server, and nothing is sent.
pub(super) fn mail(section: &Section, problems: &mut Problems) -> Option<Mail> {
    let from = section.get::<String>("from").and_then(|at| checked("from", &at, address::mail, problems));
    let to = section.get::<String>("to").and_then(|at| checked("to", &at, address::mail, problems));
    password_is_somewhere(section, problems);
    let vault = section.get::<String>("vault");
    problems.extend(vault.as_ref().and_then(names::vault_entry));
    host_is_a_name(section, problems);
    password_is_protected(section, problems);
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
fn host_is_a_name(section: &Section, problems: &mut Problems) {
    let Some(host) = section.get::<String>("smtp-host") else { return };
    if url::Host::parse(&format!("[{}]", host.value)).is_ok() {
        return;
    }
    let alone = "write the server's name alone, such as \"smtp.example.com\"; its port is `smtp-port`";
    let Some((name, port)) = host.value.rsplit_once(':') else {
        if address::host(&host.value).is_err() {
            problems.push(host.error("smtp-host", "`smtp-host` is not the name of a server").help(alone));
        }
        return;
    };
    let name = name.rsplit_once("//").map_or(name, |(_, name)| name);
    let help = match port.parse::<u16>() {
        Ok(port) => format!("write smtp-host = \"{name}\" and smtp-port = {port}"),
        Err(_) => alone.to_owned(),
    };
    problems.push(host.error("smtp-host", "`smtp-host` is more than the name of a server").help(help));
}

/// A password travels in the clear to nobody but this machine.
fn password_is_protected(section: &Section, problems: &mut Problems) {
    let Some(security) = section.get::<String>("smtp-security").filter(|at| at.value == "none") else { return };
    let Some(host) = section.value::<String>("smtp-host").filter(|host| !is_this_machine(host)) else { return };
    let login: Vec<_> =
        ["smtp-user", "vault"].into_iter().filter(|key| section.has(key)).map(|key| format!("`{key}`")).collect();
    if login.is_empty() {
        return;
    }
    let message = format!("the password would be sent to `{host}` without protection");
    let help = format!(
        "write smtp-security = \"starttls\" (port 587) or \"tls\" (port 465); if the server wants no log-in, take {} away",
        login.join(" and ")
    );
    problems.push(security.error("password-in-the-clear", message).help(help));
}

fn security(section: &Section) -> Option<SmtpSecurity> {
    match section.value::<String>("smtp-security")?.as_str() {
        "tls" => Some(SmtpSecurity::Tls),
        "none" => Some(SmtpSecurity::Plain),
        _ => Some(SmtpSecurity::StartTls),
    }
}

fn password_is_somewhere(section: &Section, problems: &mut Problems) {
    let Some(user) = section.get::<String>("smtp-user") else {
        return user_is_somewhere(section, problems);
    };
    if section.value::<String>("vault").is_none() && section.value::<crate::model::Secret>("smtp-password").is_none() {
        let help = "add vault = \"mail\" and run: firstserve vault set mail";
        problems.push(user.error("missing-key", "`smtp-user` in [mail] has no password").help(help));
    }
}

/// A password alone is no log-in; the user may stand beside it in the vault.
fn user_is_somewhere(section: &Section, problems: &mut Problems) {
    let Some(password) = section.get::<crate::model::Secret>("smtp-password") else { return };
    if !section.has("vault") && section.has("smtp-host") {
        let help = "write smtp-user in [mail], or set FIRSTSERVE_MAIL_SMTP_USER";
        problems.push(password.warning("no-user", "`smtp-password` has no user, and is not used").help(help));
    }
}
