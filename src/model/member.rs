//! A person with an account at a site.

use super::{Language, MemberId, SiteId};

/// A member; user name and password are in the vault only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The key of the table.
    pub id: MemberId,
    /// Where the account is.
    pub site: SiteId,
    /// The entry of the vault that holds user name and password.
    pub vault: String,
    /// Where mail about this member's bookings goes; none: the `[mail]` default.
    pub mail: Option<String>,
    /// The language of that mail.
    pub language: Language,
}
