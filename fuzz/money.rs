//! Whatever comes as an amount.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../tests/it/fuzzed/money.rs"]
mod money;

fuzz_target!(|bytes: &[u8]| money::read(bytes));
