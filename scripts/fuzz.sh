#!/usr/bin/env bash
# Feeds a target whatever a fuzzer thinks of, for so many seconds:
#
#   scripts/fuzz.sh documents|money [SECONDS]
#
# Wants a nightly Rust; cargo-fuzz it installs. What it finds it writes to fuzz/artifacts: mend it, and keep the input
# among fuzz/seeds, where the tests try it at every run.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?documents or money} seconds=${2:-600}
cargo +nightly fuzz --version >/dev/null 2>&1 || cargo +nightly install cargo-fuzz --locked

# The same versions as the server's.
cp Cargo.lock fuzz/Cargo.lock
mkdir -p "fuzz/corpus/$target"
words=fuzz/corpus/$target.dict
{
  printf '"%s"\n' '{' '}' '(' ')' '[' ']' ':' '!' '$' '@' '=' '|' '&' '...' '... on ' ' fragment ' ' on ' '@include(if: ' \
    '@skip(if: ' 'query' 'mutation' 'subscription' '\"\"\"' '\\u' 'null' 'true' 'false' '-1' '1.5e3' '\x00'
  grep -oE '^\s*[A-Za-z_]+[(:]|^(type|enum|input|scalar|union|interface) \w+|\$[a-z]+' schema.graphql |
    grep -oE '[$]?\w+$|\w+' | sort -u | sed 's/.*/"&"/'
} >"$words"
[ "$target" = documents ] || printf '"%s"\n' '-' '.' '0' '9' 'e' '+' '\"' ',' >"$words"
exec cargo +nightly fuzz run --sanitizer none --target-dir target/fuzz "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
  -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=4096 -dict="$words" -print_final_stats=1
