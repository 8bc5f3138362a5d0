//! What cannot be is refused with its code, at its field, and leaves nothing behind: of every mutation, every list and
//! every period.

mod fields;
mod reads;
mod rows;
mod told;
