//! Looks at a site without booking anything: its clock.
