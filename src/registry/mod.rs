//! People, applications, rates and the price list: what changes without moving money.
