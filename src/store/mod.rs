//! SQL through SeaORM: the one place where SQLite and PostgreSQL differ.
