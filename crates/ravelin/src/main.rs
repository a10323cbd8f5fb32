//! The binary: arguments in, exit status out. Everything else is in the library beside it.

use std::process::ExitCode;

// Threads that read files in parallel all allocate small strings; the system allocator makes them wait
// for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ravelin::run(std::env::args_os()).into()
}
