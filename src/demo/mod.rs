//! A small world to look at.
