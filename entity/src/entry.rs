//! `entry`: one line of a transaction: an amount on an account. Never changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Money, TransactionId};

/// An account class of the ledger (`program.md`, section 3), written as accountants here say it: `customer:cash`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Account {
    #[sea_orm(string_value = "customer:cash")]
    #[serde(rename = "customer:cash")]
    CustomerCash,
    #[sea_orm(string_value = "customer:promo")]
    #[serde(rename = "customer:promo")]
    CustomerPromo,
    #[sea_orm(string_value = "agent:commission")]
    #[serde(rename = "agent:commission")]
    AgentCommission,
    #[sea_orm(string_value = "agent:held")]
    #[serde(rename = "agent:held")]
    AgentHeld,
    #[sea_orm(string_value = "agent:reserved")]
    #[serde(rename = "agent:reserved")]
    AgentReserved,
    #[sea_orm(string_value = "clearing:card")]
    #[serde(rename = "clearing:card")]
    ClearingCard,
    #[sea_orm(string_value = "clearing:paypal")]
    #[serde(rename = "clearing:paypal")]
    ClearingPaypal,
    #[sea_orm(string_value = "clearing:bank")]
    #[serde(rename = "clearing:bank")]
    ClearingBank,
    #[sea_orm(string_value = "revenue:calls")]
    #[serde(rename = "revenue:calls")]
    RevenueCalls,
    #[sea_orm(string_value = "revenue:services")]
    #[serde(rename = "revenue:services")]
    RevenueServices,
    #[sea_orm(string_value = "revenue:plans")]
    #[serde(rename = "revenue:plans")]
    RevenuePlans,
    #[sea_orm(string_value = "revenue:payout_fees")]
    #[serde(rename = "revenue:payout_fees")]
    RevenuePayoutFees,
    #[sea_orm(string_value = "expense:commission")]
    #[serde(rename = "expense:commission")]
    ExpenseCommission,
    #[sea_orm(string_value = "expense:promo")]
    #[serde(rename = "expense:promo")]
    ExpensePromo,
    #[sea_orm(string_value = "expense:adjustment")]
    #[serde(rename = "expense:adjustment")]
    ExpenseAdjustment,
    #[sea_orm(string_value = "expense:bad_debt")]
    #[serde(rename = "expense:bad_debt")]
    ExpenseBadDebt,
    #[sea_orm(string_value = "payouts:in_transit")]
    #[serde(rename = "payouts:in_transit")]
    PayoutsInTransit,
}

impl Account {
    /// Its name in the books: `customer:cash`.
    #[must_use]
    pub fn name(self) -> String {
        self.to_value()
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub transaction_id: TransactionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i16,
    pub account: Account,
    /// The customer or agent whose account it is. `None`: the house's.
    pub owner_id: Option<Uuid>,
    /// 1, 2, 3 … without gap on each owner's account. `None` on the house's, which have no balance row.
    pub version: Option<i64>,
    /// Positive raises what the owner has. The entries of a transaction sum to zero.
    pub amount: Money,
    /// After this entry. `None` on the house's accounts.
    pub balance_after: Option<Money>,
}

impl ActiveModelBehavior for ActiveModel {}
