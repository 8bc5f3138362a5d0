//! `affiliation`: a customer's time with one agent. At most one is open at a time.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{AffiliationId, AgentId, AgentNumber, CustomerId};

text_enum! {
    /// How the customer came to its agent (R16 to R20).
    AffiliationMethod {
        /// Way 1: the Agent ID typed at signup.
        AgentNumber,
        /// Way 2: the agent's link.
        Link,
        /// Way 3: signed up by the agent, and handed over.
        AgentHandover,
        /// Way 4: signed up and managed by the agent.
        AgentManaged,
        /// Named later, by the customer in time or by an operator.
        Assigned,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "affiliation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AffiliationId,
    pub customer_id: CustomerId,
    pub agent_id: AgentId,
    pub method: AffiliationMethod,
    /// What the customer typed; it wins over the link's (E21).
    pub typed_number: Option<AgentNumber>,
    pub link_number: Option<AgentNumber>,
    /// Inclusive: charges from then on earn.
    pub since: DateTimeUtc,
    /// Exclusive. `None` while it lasts.
    pub until: Option<DateTimeUtc>,
    /// The customer's own `joined_at`, which never changes: an agent's customers are in this order.
    pub customer_joined_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
