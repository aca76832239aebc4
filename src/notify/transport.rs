//! The way a letter goes: by SMTP, or into a black hole.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials as Login;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::is_this_machine;
use crate::store::Letter;
use crate::vault::Credentials;

/// The longest a server may keep silent.
const SILENCE: Duration = Duration::from_secs(30);

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then TLS, or nothing is sent (port 587).
    #[default]
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
    /// Not at all (port 25): without a login, or on this very machine.
    None,
}

impl Security {
    /// The protection of that word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "starttls" => Some(Self::StartTls),
            "tls" => Some(Self::Tls),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    /// The port unless somebody says otherwise.
    pub fn default_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// A mail server and how to speak to it.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name or address; the certificate must be for it.
    pub host: String,
    /// Its port; none: the one that belongs to the protection.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub security: Security,
    /// The account at the server.
    pub login: Option<Credentials>,
    /// The sender: `firstserve <courts@example.org>`.
    pub from: String,
    /// Certificates (PEM) that are trusted beside the public ones: a server of one's own.
    pub trusted: Option<Vec<u8>>,
}

/// Why a mail server cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// Not an address.
    #[error("the sender {0:?} is not an address like `firstserve <courts@example.org>`")]
    From(String),
    /// The password would travel in the clear.
    #[error("a password would be sent to {0} without protection; use starttls or tls")]
    PlainPassword(String),
    /// A certificate that cannot be read.
    #[error("the trusted certificate cannot be used: {0}")]
    Certificate(lettre::transport::smtp::Error),
}

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It cannot be written at all: its address is none.
    #[error("the address is not one: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// It cannot be written at all.
    #[error("the letter cannot be put together: {0}")]
    Letter(#[from] lettre::error::Error),
    /// The server, or the way to it.
    #[error(transparent)]
    Smtp(#[from] lettre::transport::smtp::Error),
}

impl SendError {
    /// Whether trying soon again is of little use.
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Address(_) | Self::Letter(_) => true,
            Self::Smtp(error) => error.is_permanent(),
        }
    }
}

/// Where letters go.
#[derive(Clone, Debug, Default)]
pub enum Transport {
    /// Nowhere.
    #[default]
    BlackHole,
    /// To a mail server.
    Smtp(Box<Server>),
}

/// A mail server that is ready to be spoken to.
#[derive(Clone, Debug)]
pub struct Server {
    mailer: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Transport {
    /// To that mail server; nothing is sent yet.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn smtp(smtp: &Smtp) -> Result<Self, SmtpError> {
        let from = smtp.from.parse().map_err(|_| SmtpError::From(smtp.from.clone()))?;
        if smtp.security == Security::None && smtp.login.is_some() && !is_this_machine(&smtp.host) {
            return Err(SmtpError::PlainPassword(smtp.host.clone()));
        }
        let mut mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.as_str())
            .port(smtp.port.unwrap_or(smtp.security.default_port()))
            .tls(tls(smtp).map_err(SmtpError::Certificate)?)
            .timeout(Some(SILENCE));
        if let Some(login) = &smtp.login {
            mailer = mailer.credentials(Login::new(login.user.clone(), login.password.expose().to_owned()));
        }
        Ok(Self::Smtp(Box::new(Server { mailer: mailer.build(), from })))
    }
}

impl Server {
    /// Sends a letter once; `written` is its date, the same for every try.
    ///
    /// # Errors
    /// Whatever the server says, or that nobody answers.
    pub async fn send(&self, letter: &Letter, written: Timestamp) -> Result<(), SendError> {
        let message = message(&self.from, letter, written)?;
        self.mailer.send(message).await?;
        Ok(())
    }
}

fn message(from: &Mailbox, letter: &Letter, written: Timestamp) -> Result<Message, SendError> {
    const AUTOMATIC: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
    let message = Message::builder()
        .from(from.clone())
        .to(letter.to.parse()?)
        .subject(letter.subject.as_str())
        .date(SystemTime::from(written))
        .message_id(Some(letter.message_id.clone()))
        .raw_header(HeaderValue::new(AUTOMATIC, "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))?;
    Ok(message)
}

fn tls(smtp: &Smtp) -> Result<Tls, lettre::transport::smtp::Error> {
    if smtp.security == Security::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(smtp.host.clone());
    if let Some(pem) = &smtp.trusted {
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem)?);
    }
    let parameters = parameters.build()?;
    Ok(if smtp.security == Security::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn smtp(host: &str) -> Smtp {
        let login = Credentials { user: "bot".into(), password: Secret::new("x") };
        Smtp {
            host: host.into(),
            port: None,
            security: Security::None,
            login: Some(login),
            from: "firstserve <courts@example.org>".into(),
            trusted: None,
        }
    }

    #[test]
    fn a_password_never_travels_in_the_clear() {
        assert!(matches!(Transport::smtp(&smtp("mail.example.org")), Err(SmtpError::PlainPassword(_))));
        for here in ["127.0.0.1", "::1", "localhost"] {
            assert!(Transport::smtp(&smtp(here)).is_ok(), "{here}");
        }
        for elsewhere in ["10.0.0.1", "2001:db8::1", "localhost.example.org", "no host"] {
            assert!(Transport::smtp(&smtp(elsewhere)).is_err(), "{elsewhere}");
        }
        let safe = Smtp { security: Security::StartTls, ..smtp("mail.example.org") };
        assert!(Transport::smtp(&safe).is_ok());
    }

    #[test]
    fn a_wrong_sender_is_found_before_the_first_letter() {
        let wrong = Smtp { from: "courts at example".into(), ..smtp("localhost") };
        let told = Transport::smtp(&wrong).expect_err("refused").to_string();
        assert_eq!(told, "the sender \"courts at example\" is not an address like `firstserve <courts@example.org>`");
    }

    #[test]
    fn a_letter_cannot_smuggle_a_header() {
        let from: Mailbox = "courts@example.org".parse().expect("an address");
        let mut letter = Letter {
            kind: crate::store::LetterKind::Failed,
            to: "ana@example.org".into(),
            subject: "no court\r\nBcc: eve@example.org".into(),
            text: "x".into(),
            html: "<p>x</p>".into(),
            message_id: "<a@firstserve>".into(),
        };
        let written = message(&from, &letter, Timestamp::UNIX_EPOCH).expect("a message").formatted();
        let written = String::from_utf8(written).expect("ASCII");
        assert!(!written.lines().any(|line| line.starts_with("Bcc")), "{written}");
        letter.to = "ana@example.org\r\nBcc: eve@example.org".into();
        message(&from, &letter, Timestamp::UNIX_EPOCH).expect_err("not one address");
    }
}
