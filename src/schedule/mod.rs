//! From bookings to openings: zone, rule, occurrence, opening. Pure.
