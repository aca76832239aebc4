//! The practice club.
