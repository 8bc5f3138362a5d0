//! What happened after a cursor, then what happens.
