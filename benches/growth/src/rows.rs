//! Rows on their way, table by table.

use entity::{
    account_event, affiliation, agent, agent_balance, agent_event, agent_slot, assignment,
    call_rate, chain, chain_link, charge, commission, commission_rate, customer, customer_balance,
    customer_day, desk, desk_event, entry, login, payout, top_up, transaction, transfer,
};

use super::sink::Sink;
use super::{Fault, Filled};

macro_rules! rows {
    ($($list:ident: $table:ident,)*) => {
        /// What is written next.
        #[derive(Default)]
        pub struct Rows {
            $(pub $list: Vec<$table::Model>,)*
            /// The chain's new head, and the desk's: the only rows that are there already.
            pub head: Option<chain::Model>,
            pub desk: Option<desk::Model>,
        }

        impl Rows {
            /// Writes them all.
            pub async fn write(self, sink: &mut Sink) -> Result<(), Fault> {
                $(sink.insert::<$table::Entity>(&self.$list).await?;)*
                if let Some(head) = &self.head {
                    sink.update::<chain::Entity>(head).await?;
                }
                if let Some(desk) = &self.desk {
                    sink.update::<desk::Entity>(desk).await?;
                }
                Ok(())
            }

            fn all(&self) -> usize {
                0 $(+ self.$list.len())*
            }
        }
    };
}

rows! {
    logins: login,
    customers: customer,
    agents: agent,
    affiliations: affiliation,
    assignments: assignment,
    commission_rates: commission_rate,
    call_rates: call_rate,
    transactions: transaction,
    entries: entry,
    top_ups: top_up,
    charges: charge,
    commissions: commission,
    transfers: transfer,
    payouts: payout,
    agent_events: agent_event,
    account_events: account_event,
    desk_events: desk_event,
    links: chain_link,
    slots: agent_slot,
    days: customer_day,
    agent_balances: agent_balance,
    customer_balances: customer_balance,
}

impl Rows {
    /// Adds them to what was written.
    pub fn count(&self, filled: &mut Filled) {
        let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        filled.charges += wide(self.charges.len());
        filled.transactions += wide(self.transactions.len());
        filled.entries += wide(self.entries.len());
        filled.rows += wide(self.all());
    }
}
