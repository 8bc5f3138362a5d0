//! What an attacker tries, and where it is tried. Here the real program is attacked as a process: each attack is refused or
//! survived within a second of the processor's time and 64 MB of memory (`siege`), and an honest client beside it gets all
//! its answers meanwhile.
//!
//! | attack | where |
//! |---|---|
//! | fragment bombs, cycles, 10,000 aliases, directives, variables | `documents`, `documents.rs` |
//! | nesting of selections, lists, objects, types, JSON | `documents`, `src/http/documents/scan.rs` |
//! | doubled input fields, in a document and in its variables | `documents` |
//! | fields that merge by the hundred, endless strings and comments, floods of new documents | `documents` |
//! | bodies of 30 MB, announced or in chunks; batches; what is compressed | `bodies` |
//! | control characters, invalid UTF-8, lone surrogates, NUL, huge numbers and texts in every scalar | `bodies`, `bad_input` |
//! | cross-site forms, mutations by GET, foreign origins | `bodies`, `http.rs`, `socket.rs` |
//! | forged tokens | `identity`; each header by itself in `src/auth/tokens.rs` |
//! | refresh tokens used twice, stolen, raced for | `auth.rs`, `sessions.rs`, `signed_out.rs` |
//! | guessing passwords and codes: by aliases, lists, fragments, in a flood | `identity`, `guessing.rs` |
//! | slow headers and bodies, headers without end, answers that are not read | `connections`, `http.rs`, `crowd.rs` |
//! | 1,000 idle sockets, connections by the thousand | `connections`, `crowd.rs` |
//! | 50 subscribers that do not read | `connections`, `streams.rs`, `socket.rs` |
//! | somebody else's things | `strangers` |
//! | whatever a fuzzer thinks of | `fuzzed`, `scripts/fuzz.sh` |

mod bodies;
mod connections;
mod documents;
mod identity;
mod siege;
