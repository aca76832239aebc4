//! Where the configuration sends letters, and the log-in that goes with it. Nothing is sent here.

use super::setting::vault_at;
use crate::config::{Config, Mail, SmtpSecurity};
use crate::notify::{Security, Smtp, SmtpError, Transport};
use crate::vault::{Credentials, VaultError};

/// Why nothing can be sent as things are.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoMail {
    /// The server cannot be used as it is configured.
    #[error(transparent)]
    Server(#[from] SmtpError),
    /// The log-in is not in the vault; without it nothing is tried.
    #[error("no log-in for the mail server: {0}")]
    Vault(#[from] VaultError),
    /// There is a user alone.
    #[error("no password for {0} at the mail server; name its entry: `vault` in [mail]")]
    Password(String),
}

/// The way to the mail server of a configuration. The vault is read anew: an entry may have come or changed since.
///
/// # Errors
/// Nothing can be sent as things are; no letter may be tried without the log-in that is configured.
pub(super) fn transport(config: &Config) -> Result<Transport, NoMail> {
    let Some(mail) = &config.mail else { return Ok(Transport::BlackHole) };
    let smtp = Smtp {
        host: mail.smtp_host.clone(),
        port: Some(mail.smtp_port),
        security: match mail.smtp_security {
            SmtpSecurity::StartTls => Security::StartTls,
            SmtpSecurity::Tls => Security::Tls,
            SmtpSecurity::Plain => Security::None,
        },
        login: login(mail, config)?,
        from: mail.from.clone(),
        trusted: None,
    };
    Ok(Transport::smtp(&smtp)?)
}

/// What the configuration says goes before what the vault's entry says; none: the server wants no log-in.
fn login(mail: &Mail, config: &Config) -> Result<Option<Credentials>, NoMail> {
    let written = match (mail.smtp_user.clone(), mail.smtp_password.clone()) {
        (Some(user), Some(password)) => return Ok(Some(Credentials { user, password })),
        written => written,
    };
    let Some(entry) = &mail.vault else {
        return written.0.map_or(Ok(None), |user| Err(NoMail::Password(user)));
    };
    let kept = vault_at(config)?.get(entry)?;
    let (user, password) = (written.0.unwrap_or(kept.user), written.1.unwrap_or(kept.password));
    Ok(Some(Credentials { user, password }))
}
