//! The proof of the books: a book that is right is called right, and of one that is not the broken rule is named.

mod backup;
mod broken;
mod burglar;
mod chain;
mod chargebacks;
mod fraud;
mod right;
mod standing;
mod world;
