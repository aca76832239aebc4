//! The supervisor and what it runs.
