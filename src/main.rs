//! The binary: see the library's documentation.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstserve::cli::main()
}
