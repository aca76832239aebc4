//! The schedule from outside: against golden cases, against answers of other programs, and against ways known to be wrong.

mod bookings;
mod golden;
mod hostile;
mod oracle;
mod plan;
mod properties;
mod swap;

use std::path::{Path, PathBuf};

use firstserve::clock::tzdata::{Origin, ZoneData};
use jiff::Timestamp;

fn fixture(name: &str) -> PathBuf {
    Path::new("fixtures/zones").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).expect("the fixture can be read")
}

/// The committed zones of release 2026f.
fn zones() -> ZoneData {
    let data = ZoneData::read(&fixture("tzdata-2026f.bin"), Origin::Configured).expect("the fixture is zone data");
    assert_eq!(data.version, "2026f");
    data
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}
