//! Other time zone data under a running engine: every opening that they move is planned again, and nothing is fired at the old
//! instant.

mod replan;
mod touched;

use std::path::{Path, PathBuf};

use firstserve::clock::tzdata::{Origin, ZoneData};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/zones").join(name)
}

/// The zones of that committed release.
fn release(version: &str) -> ZoneData {
    let data = ZoneData::read(&fixture(&format!("tzdata-{version}.bin")), Origin::Configured);
    let data = data.expect("the fixture is zone data");
    assert_eq!(data.version, version);
    data
}
