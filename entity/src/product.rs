//! `product`: a thing on the public price list.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Money, Name, ProductId};

text_enum! {
    /// What is bought.
    ProductKind {
        /// Bought once.
        Service,
        /// A monthly fee.
        Plan,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProductId,
    pub code: Name,
    pub name: Name,
    pub kind: ProductKind,
    pub price: Money,
    pub commissionable: bool,
    /// Off the list it is bought no more; plans that run go on.
    pub available: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
