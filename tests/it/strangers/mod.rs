//! Nobody sees another's (R22): not by an id, a filter, a cursor, a mutation or a subscription, and not by the difference
//! between what is foreign and what is missing.

mod foreign;
mod lists;
mod marks;
mod own;
mod table;
