//! Stories of single rules, by number.

mod adjustments;
mod chargebacks;
mod charges;
mod commissions;
mod fraud;
mod payouts;
mod purchases;
mod refunds;
mod returns;
mod scene;
mod standing;
mod top_ups;
mod transfers;
