//! `commissionEvents` and `agentEvents`: what happens to an agent.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Interface, SimpleObject, Subscription};
use entity::payout::PayoutState;
use entity::{
    AgentId, CommissionId, CustomerId, Money, PayoutId, StandingId, TransferId, TypedId,
    agent_event, agent_standing, commission, payout, transfer,
};

use super::feed::{Feed, feed, missing, position, rows};
use crate::Error;
use crate::auth::Person;
use crate::graphql::access::enter;
use crate::graphql::balances::AgentBalance;
use crate::graphql::context::{services, sight};
use crate::graphql::cursor::{EventCursor, EventStream};
use crate::graphql::error::{Answer, maybe};
use crate::graphql::given::{Given, bad_argument};
use crate::graphql::loaders::find;
use crate::graphql::nodes::{Commission, Customer, Payout, Transfer};
use crate::graphql::scalars::{DateTime, Percent};
use crate::graphql::standing::AgentStatus;
use crate::live::immature;
use crate::program::{AgentFigures, Terms, withdrawable};
use crate::store::Db;

/// What an agent's event is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentEventKind {
    /// A commission was earned or clawed back.
    Commission,
    /// A customer came, was claimed, or went to another agent.
    Customer,
    /// Funds went to a customer.
    Transfer,
    /// A payout was asked for, or went on.
    Payout,
    /// An operator set another rate.
    CommissionRate,
    /// An operator suspended, reinstated or closed it.
    Standing,
}

impl AgentEventKind {
    /// Nothing for what `accountEvents` tells.
    fn of(row: &agent_event::Model) -> Option<Self> {
        use agent_event::AgentEventKind as Kind;
        Some(match row.kind {
            Kind::Commission => Self::Commission,
            Kind::Customer => Self::Customer,
            Kind::Transfer => Self::Transfer,
            Kind::Payout => Self::Payout,
            Kind::CommissionRate => Self::CommissionRate,
            Kind::Standing => Self::Standing,
            Kind::OwnAccount => return None,
        })
    }
}

/// Something that happened to an agent.
#[derive(Interface)]
#[graphql(
    field(
        name = "cursor",
        ty = "&String",
        desc = "To come back to, as `after`: opaque."
    ),
    field(name = "occurred_at", ty = "&DateTime", desc = "When it was posted."),
    field(
        name = "balance",
        ty = "&AgentBalance",
        desc = "The agent's balance right after this event."
    )
)]
pub enum AgentEvent {
    Commission(CommissionEvent),
    Customer(CustomerEvent),
    Transfer(TransferEvent),
    Payout(PayoutEvent),
    CommissionRate(CommissionRateEvent),
    Standing(StandingEvent),
}

/// A commission was earned or clawed back.
#[derive(SimpleObject)]
pub struct CommissionEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it was posted.
    occurred_at: DateTime,
    /// The agent's balance right after this event.
    balance: AgentBalance,
    /// What was earned, or taken back.
    commission: Commission,
}

/// A customer came, was handed over or claimed, or went to another agent.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct CustomerEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it happened.
    occurred_at: DateTime,
    /// The agent's balance right after this event.
    balance: AgentBalance,
    #[graphql(skip)]
    customer_id: CustomerId,
}

#[ComplexObject]
impl CustomerEvent {
    /// The customer as it is now. Null once it is no longer the agent's.
    async fn customer(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            let seen = sight(ctx).relation(ctx, self.customer_id).await?.sees();
            let row = find(ctx, self.customer_id).await?;
            Ok(row.filter(|_| seen).map(Customer::from))
        })
        .await
    }
}

/// Funds went to a customer.
#[derive(SimpleObject)]
pub struct TransferEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it was posted.
    occurred_at: DateTime,
    /// The agent's balance right after this event.
    balance: AgentBalance,
    /// What was given.
    transfer: Transfer,
}

/// A payout was asked for, or went on.
#[derive(SimpleObject)]
pub struct PayoutEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it happened.
    occurred_at: DateTime,
    /// The agent's balance right after this event.
    balance: AgentBalance,
    /// As it stood right after this event: later steps are later events.
    payout: Payout,
}

/// An operator set another rate.
#[derive(SimpleObject)]
pub struct CommissionRateEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it was set. It may come into force later: `agent.commissionRates` has the periods.
    occurred_at: DateTime,
    /// The agent's balance right after this event.
    balance: AgentBalance,
    /// The rate that was set.
    commission_rate: Percent,
}

/// An operator suspended the agent, reinstated or closed it. What was released or forfeited with it is in the balance.
#[derive(SimpleObject)]
pub struct StandingEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it was decided.
    occurred_at: DateTime,
    /// The agent's balance right after this event.
    balance: AgentBalance,
    /// What the agent is from then on.
    status: AgentStatus,
    /// Why, as the operator put it.
    reason: String,
}

/// `commissionEvents` and `agentEvents`.
#[derive(Default)]
pub struct AgentSubscription;

#[Subscription]
impl AgentSubscription {
    /// An agent's own commissions, in real time and in order: each comes once, as soon as the charge that earned it is
    /// posted. Operators name an agent.
    ///
    /// First comes what happened after `after`, then what happens. The cursors are those of `agentEvents`, and
    /// `commissionReport.cursor` is one. `CURSOR_EXPIRED` for a cursor that this agent never had: start again from
    /// `agent.latestCursor`.
    ///
    /// Example: `subscription { commissionEvents { cursor commission { amount charge { amount } } balance { available } } }`
    async fn commission_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you have. From now on, if left out.")]
        after: Option<String>,
        #[graphql(desc = "For operators, who must name one. Yourself, if left out.")]
        agent_id: Option<Given<ID>>,
    ) -> async_graphql::Result<Feed<CommissionEvent>> {
        let kinds = Some(vec![AgentEventKind::Commission]);
        follow(
            ctx,
            after.as_deref(),
            agent_id.as_ref(),
            kinds,
            |event| match event {
                AgentEvent::Commission(event) => Some(event),
                _ => None,
            },
        )
        .await
    }

    /// All that concerns an agent, in order and as it happens: its commissions, customers, transfers, payouts, rates and
    /// standing.
    /// What moves on its own telephone account is told by `accountEvents`. Operators name an agent.
    ///
    /// First comes what happened after `after`, then what happens. `CURSOR_EXPIRED` for a cursor that this agent never
    /// had: start again from `agent.latestCursor`.
    ///
    /// Example: `subscription { agentEvents(kinds: [PAYOUT]) { cursor ... on PayoutEvent { payout { id state } } } }`
    async fn agent_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you have. From now on, if left out.")]
        after: Option<String>,
        #[graphql(desc = "Only of these kinds. All, if left out.")] kinds: Option<
            Vec<AgentEventKind>,
        >,
        #[graphql(desc = "For operators, who must name one. Yourself, if left out.")]
        agent_id: Option<Given<ID>>,
    ) -> async_graphql::Result<Feed<AgentEvent>> {
        follow(ctx, after.as_deref(), agent_id.as_ref(), kinds, Some).await
    }
}

async fn follow<T: Send + 'static>(
    ctx: &Context<'_>,
    after: Option<&str>,
    agent_id: Option<&Given<ID>>,
    kinds: Option<Vec<AgentEventKind>>,
    pick: fn(AgentEvent) -> Option<T>,
) -> async_graphql::Result<Feed<T>> {
    let actor = enter(ctx)?;
    let person = actor.person()?;
    let agent = agent(person, agent_id)?;
    let stream = EventStream::Agent(agent);
    let after = position(after, stream)?;
    let services = services(ctx);
    let following = services.live.agent_events(person, agent, after).await?;
    let money = ctx.look_ahead().field("balance").field("withdrawable");
    let page = Page {
        db: services.db.clone(),
        terms: Arc::clone(&services.terms),
        kinds,
        hold: services.terms.payout_hold_days > 0 && money.exists(),
    };
    Ok(feed(ctx, stream, following, move |rows| {
        let page = page.clone();
        async move {
            let events = page.dress(rows).await?;
            let picked = events.into_iter();
            Ok(picked
                .filter_map(|(seq, event)| Some((seq, pick(event)?)))
                .collect())
        }
    }))
}

fn agent(person: &Person, given: Option<&Given<ID>>) -> Result<AgentId, Error> {
    let agent = match given {
        Some(given) => given.known(),
        None => person.agent,
    };
    agent.ok_or_else(|| bad_argument("agentId", "must name an agent"))
}

/// How pages of rows become events.
#[derive(Clone)]
struct Page {
    db: Db,
    terms: Arc<Terms>,
    kinds: Option<Vec<AgentEventKind>>,
    /// Whether it matters what of the commission was inside the hold period.
    hold: bool,
}

/// What the events of a page tell of.
struct Told {
    commissions: HashMap<CommissionId, commission::Model>,
    transfers: HashMap<TransferId, transfer::Model>,
    payouts: HashMap<PayoutId, payout::Model>,
    standings: HashMap<StandingId, agent_standing::Model>,
}

impl Page {
    async fn dress(self, page: Vec<agent_event::Model>) -> Result<Vec<(i64, AgentEvent)>, Error> {
        let told = self.told(&page).await?;
        let immature = if self.hold {
            let commissions: Vec<_> = told.commissions.values().cloned().collect();
            immature(&self.db, &page, &commissions).await?
        } else {
            vec![Money::ZERO; page.len()]
        };
        let wanted = page
            .iter()
            .zip(immature)
            .filter_map(|(row, immature)| Some((AgentEventKind::of(row)?, row, immature)))
            .filter(|(kind, ..)| self.wants(*kind));
        wanted
            .map(|(kind, row, immature)| {
                let balance = AgentBalance(figures(&self.terms, row, immature));
                let event = told.event(kind, row, balance).ok_or_else(missing)?;
                Ok((row.seq, event))
            })
            .collect()
    }

    fn wants(&self, kind: AgentEventKind) -> bool {
        self.kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&kind))
    }

    async fn told(&self, page: &[agent_event::Model]) -> Result<Told, Error> {
        let about = |kind| {
            let rows = page
                .iter()
                .filter(move |row| AgentEventKind::of(row) == Some(kind));
            // For the hold period all commissions count, also those that are not to be shown.
            let wanted = self.wants(kind) || (self.hold && kind == AgentEventKind::Commission);
            rows.filter(move |_| wanted).map(|row| row.subject_id)
        };
        let db = &self.db;
        let ids: Vec<CommissionId> = about(AgentEventKind::Commission)
            .map(TypedId::from_uuid)
            .collect();
        let id = commission::Column::Id;
        let commissions = rows::<commission::Entity, _>(db, id, &ids, |row| row.id).await?;
        let ids: Vec<TransferId> = about(AgentEventKind::Transfer)
            .map(TypedId::from_uuid)
            .collect();
        let id = transfer::Column::Id;
        let transfers = rows::<transfer::Entity, _>(db, id, &ids, |row| row.id).await?;
        let ids: Vec<PayoutId> = about(AgentEventKind::Payout)
            .map(TypedId::from_uuid)
            .collect();
        let id = payout::Column::Id;
        let payouts = rows::<payout::Entity, _>(db, id, &ids, |row| row.id).await?;
        let ids: Vec<StandingId> = about(AgentEventKind::Standing)
            .map(TypedId::from_uuid)
            .collect();
        let id = agent_standing::Column::Id;
        let standings = rows::<agent_standing::Entity, _>(db, id, &ids, |row| row.id).await?;
        Ok(Told {
            commissions,
            transfers,
            payouts,
            standings,
        })
    }
}

impl Told {
    /// Nothing where the subject is missing.
    fn event(
        &self,
        kind: AgentEventKind,
        row: &agent_event::Model,
        balance: AgentBalance,
    ) -> Option<AgentEvent> {
        let stream = EventStream::Agent(row.agent_id);
        let seq = row.seq;
        let cursor = EventCursor { stream, seq }.encode();
        let occurred_at = DateTime(row.occurred_at);
        let id = row.subject_id;
        Some(match kind {
            AgentEventKind::Commission => AgentEvent::Commission(CommissionEvent {
                cursor,
                occurred_at,
                balance,
                commission: Commission(self.commissions.get(&CommissionId(id))?.clone()),
            }),
            AgentEventKind::Customer => AgentEvent::Customer(CustomerEvent {
                cursor,
                occurred_at,
                balance,
                customer_id: CustomerId(id),
            }),
            AgentEventKind::Transfer => AgentEvent::Transfer(TransferEvent {
                cursor,
                occurred_at,
                balance,
                transfer: Transfer(self.transfers.get(&TransferId(id))?.clone()),
            }),
            AgentEventKind::Payout => {
                let payout = self.payouts.get(&PayoutId(id))?.clone();
                AgentEvent::Payout(PayoutEvent {
                    cursor,
                    occurred_at,
                    balance,
                    payout: Payout(as_it_stood(payout, row.payout_state?)),
                })
            }
            AgentEventKind::CommissionRate => AgentEvent::CommissionRate(CommissionRateEvent {
                cursor,
                occurred_at,
                balance,
                commission_rate: row.commission_rate?.percent().into(),
            }),
            AgentEventKind::Standing => {
                let standing = self.standings.get(&StandingId(id))?;
                AgentEvent::Standing(StandingEvent {
                    cursor,
                    occurred_at,
                    balance,
                    status: standing.status.into(),
                    reason: standing.reason.to_string(),
                })
            }
        })
    }
}

/// The agent's money right after an event.
fn figures(terms: &Terms, row: &agent_event::Model, immature: Money) -> AgentFigures {
    let (commission, funding) = withdrawable(terms, row.funding, row.commission, immature);
    AgentFigures {
        funding: row.funding,
        commission: row.commission,
        held: row.held,
        reserved: row.reserved,
        withdrawable: commission + funding,
        carry: row.carry,
    }
}

/// A payout in a state that it was in before, without what came later.
fn as_it_stood(row: payout::Model, state: PayoutState) -> payout::Model {
    use PayoutState::{Paid, Rejected, Requested, Returned, Sent};
    let sent = matches!(state, Sent | Paid | Returned);
    let settled = matches!(state, Paid | Returned);
    let refused = matches!(state, Rejected | Returned);
    payout::Model {
        state,
        decided_at: row.decided_at.filter(|_| state != Requested),
        sent_at: row.sent_at.filter(|_| sent),
        settled_at: row.settled_at.filter(|_| settled),
        reference: row.reference.filter(|_| sent),
        reason: row.reason.filter(|_| refused),
        ..row
    }
}
