//! The one writer of money: collects commands, loads and locks their books, commits what the rules decided.
