//! The binary: see the library's documentation.

use std::process::ExitCode;

use firstserve::browser::guard;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|word| word == guard::WORD) {
        return guard::main(args);
    }
    firstserve::cli::main()
}
