//! Instants in SQL, where SQLite holds text and `PostgreSQL` a type of its own.

use sea_orm::DbBackend;

/// Which quarter of an hour since 1970 a column's instant lies in: an integer.
#[must_use]
pub fn quarter_of(backend: DbBackend, column: &str) -> String {
    if backend == DbBackend::Sqlite {
        // Cut to the second first: SQLite rounds to milliseconds, and so into the next quarter.
        format!("(CAST(strftime('%s', substr({column}, 1, 19)) AS INTEGER) / 900)")
    } else {
        format!("CAST(FLOOR(EXTRACT(EPOCH FROM {column}) / 900) AS BIGINT)")
    }
}

/// The UTC day of a column's instant, as text: `2026-11-23`.
#[must_use]
pub fn day_of(backend: DbBackend, column: &str) -> String {
    if backend == DbBackend::Sqlite {
        format!("substr({column}, 1, 10)")
    } else {
        format!("CAST(CAST({column} AT TIME ZONE 'UTC' AS date) AS TEXT)")
    }
}
