//! Names that must not be mistaken for each other.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; the configuration decides what is allowed.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

name!(
    /// The key of a `[site.…]` table.
    SiteId
);
name!(
    /// The key of a `[site.….court.…]` table: the club's word for the court, not the site's own id.
    CourtName
);
name!(
    /// The key of a `[member.…]` table.
    MemberId
);
name!(
    /// The `name` of a `[[booking]]`; together with the member it is the booking's identity.
    BookingName
);
name!(
    /// An attempt's id: 26 characters, sortable by creation time.
    AttemptId
);
