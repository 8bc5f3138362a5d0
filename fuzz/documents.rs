//! Whatever comes as a document, and whatever variables.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../tests/it/fuzzed/documents.rs"]
mod documents;

/// What the server's own threads have.
const STACK: usize = 2 * 1024 * 1024;

fuzz_target!(|bytes: &[u8]| {
    std::thread::scope(|scope| {
        let judge = move || documents::judge(bytes);
        let builder = std::thread::Builder::new().stack_size(STACK);
        builder.spawn_scoped(scope, judge).expect("a thread");
    });
});
