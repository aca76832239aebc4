//! `config/booking.toml` and the selector folders, from text to a [`Config`](self) that cannot be wrong.
