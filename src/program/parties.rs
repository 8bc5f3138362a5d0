//! Who acts inside a telephone account (R24, R27).

use entity::{AgentId, CustomerId, LoginId};
use serde::{Deserialize, Serialize};

use super::{Books, Reason, Refusal};

/// On whose behalf something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    /// The account's own login.
    Customer(CustomerId),
    /// An agent, in an account that it manages.
    Agent(AgentId),
    /// An operator, in any account.
    Operator(LoginId),
}

impl Books {
    /// Whether a party may act inside an account: its own, one that it manages (R24), or any for an operator.
    ///
    /// # Errors
    /// `NOT_FOUND` for a stranger's as for a missing one; `NOT_MANAGED` for an agent's own customer that holds its
    /// own login; `AGENT_NOT_ACTIVE` for a suspended agent: it looks after nobody's money until an operator decides (E22),
    /// and operators act for the accounts that it manages meanwhile. Its own account it uses like any customer.
    pub fn may_act(&self, party: Party, customer: CustomerId) -> Result<(), Refusal> {
        let file = self.customer(customer)?;
        match party {
            Party::Operator(_) => Ok(()),
            Party::Customer(own) if own == customer => Ok(()),
            Party::Agent(agent) if file.own_of == Some(agent) => Ok(()),
            Party::Agent(agent) if file.agent_now() == Some(agent) => {
                if !file.customer.management.is_by_agent() {
                    return Err(Reason::NotManaged.into());
                }
                self.active_agent(agent).map(|_| ())
            }
            Party::Customer(_) | Party::Agent(_) => Err(Refusal::not_found("customer")),
        }
    }
}
