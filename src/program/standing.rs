//! An agent's standing: suspended, reinstated, closed (E22, E23).
//!
//! What a charge earns, at which rate, and whether that is held, are all of the instant of the charge (E05): so none of it
//! depends on when a switch reports a call. One that was answered before a suspension or a closing earns as it would have
//! then; one that was answered under a suspension shares the fate of what else was earned under it.

use chrono::{DateTime, Utc};
use entity::agent::{self, AgentStatus};
use entity::agent_event::AgentEventKind;
use entity::customer::Management;
use entity::entry::Account;
use entity::transaction::{Cause, TransactionKind};
use entity::{
    AgentId, CustomerId, LoginId, Money, Prose, StandingId, TransactionId, TypedId, agent_standing,
    commission,
};
use serde::Serialize;
use std::sync::Arc;

use super::books::AgentFile;
use super::posting::{Place, Posting, Tell, line};
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// An operator stops an agent: what it earns from now on is held, and nothing leaves by it.
#[derive(Clone, Debug, Serialize)]
pub struct SuspendAgent {
    pub operator: LoginId,
    pub agent: AgentId,
    pub reason: Prose,
}

/// An operator lets a suspended agent go on; what it earned meanwhile is released.
#[derive(Clone, Debug, Serialize)]
pub struct ReinstateAgent {
    pub operator: LoginId,
    pub agent: AgentId,
    pub reason: Prose,
}

/// An operator ends it for good: what was earned under a suspension is forfeited, and nobody is its customer any more.
#[derive(Clone, Debug, Serialize)]
pub struct CloseAgent {
    pub operator: LoginId,
    pub agent: AgentId,
    pub reason: Prose,
}

/// The standings from which another one may be reached: ACTIVE ⇄ SUSPENDED → CLOSED.
///
/// Closing does not ask for a suspension first, as approving an application does not ask for a question first: an agent
/// that leaves in good standing has done nothing to be suspended for, and there is nothing of it to be held.
///
/// # Errors
/// `ILLEGAL_STATE` with the standing that it has.
pub fn must_become(was: AgentStatus, becomes: AgentStatus) -> Result<(), Reason> {
    use AgentStatus::{Active, Closed, Suspended};
    match (was, becomes) {
        (Active, Suspended) | (Suspended, Active) | (Active | Suspended, Closed) => Ok(()),
        _ => Err(Reason::IllegalState(was.to_string())),
    }
}

impl Command for SuspendAgent {
    const NAME: &'static str = "suspendAgent";
    type Outcome = agent::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).says(&self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.agent(self.agent);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless ACTIVE.
    fn decide(&self, books: &mut Books) -> Result<agent::Model, Refusal> {
        let decision = Decision::begin(books, self.agent, AgentStatus::Suspended)?;
        books.tell_agent(self.agent, decision.tell(), None);
        Ok(decision.keep(books, self.operator, &self.reason, None))
    }
}

impl Command for ReinstateAgent {
    const NAME: &'static str = "reinstateAgent";
    type Outcome = agent::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).says(&self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.agent(self.agent).fraud_held.insert(self.agent);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless SUSPENDED.
    fn decide(&self, books: &mut Books) -> Result<agent::Model, Refusal> {
        let decision = Decision::begin(books, self.agent, AgentStatus::Active)?;
        let released = decision.empties_pool(
            books,
            (TransactionKind::CommissionReleased, "Released: reinstated"),
            Place::Commission(self.agent),
        )?;
        let young = books.nothing_immature_is_held(self.agent);
        books
            .immature
            .change(&self.agent, |immature| *immature += young);
        Ok(decision.keep(books, self.operator, &self.reason, released))
    }
}

impl Command for CloseAgent {
    const NAME: &'static str = "closeAgent";
    type Outcome = agent::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        Some(Noted::about(done.id).says(&self.reason))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.agent(self.agent).fraud_held.insert(self.agent);
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` where it is CLOSED, or with `PAYOUTS_OPEN` while something is reserved.
    fn decide(&self, books: &mut Books) -> Result<agent::Model, Refusal> {
        let decision = Decision::begin(books, self.agent, AgentStatus::Closed)?;
        if !books.agent_balance(self.agent).reserved.is_zero() {
            return Err(Reason::IllegalState("PAYOUTS_OPEN".into()).at("agentId"));
        }
        let forfeited = decision.empties_pool(
            books,
            (TransactionKind::CommissionForfeited, "Forfeited: closed"),
            Place::House(Account::ExpenseCommission),
        )?;
        books.nothing_immature_is_held(self.agent);
        books.let_customers_go(self.agent);
        Ok(decision.keep(books, self.operator, &self.reason, forfeited))
    }
}

/// A standing on its way.
struct Decision {
    id: StandingId,
    agent: AgentId,
    status: AgentStatus,
}

impl Decision {
    fn begin(books: &mut Books, agent: AgentId, status: AgentStatus) -> Result<Self, Refusal> {
        let file = books
            .agent(agent)
            .map_err(|missing| missing.at("agentId"))?;
        must_become(file.agent.status, status).map_err(|illegal| illegal.at("agentId"))?;
        let id = books.new_id();
        Ok(Self { id, agent, status })
    }

    fn tell(&self) -> Tell {
        Tell {
            kind: AgentEventKind::Standing,
            subject: self.id.uuid(),
            payout_state: None,
        }
    }

    /// Moves what was earned under the suspension, and tells the agent; also where there is nothing to move.
    fn empties_pool(
        &self,
        books: &mut Books,
        (kind, description): (TransactionKind, &str),
        to: Place,
    ) -> Result<Option<TransactionId>, Refusal> {
        let pool = books.pool(self.agent);
        if pool.is_zero() {
            books.tell_agent(self.agent, self.tell(), None);
            return Ok(None);
        }
        let cause = (Cause::Agent, self.agent.uuid());
        let mut posting = Posting::new(kind, cause, line(description), books.now);
        posting.moves(Place::Held(self.agent), to, pool);
        posting.tells(self.agent, self.tell());
        books.post(posting).map(Some)
    }

    /// Keeps it: from now on the agent stands so.
    fn keep(
        self,
        books: &mut Books,
        operator: LoginId,
        reason: &Prose,
        transaction_id: Option<TransactionId>,
    ) -> agent::Model {
        let since = books.now;
        let kept = books.agents.change(&self.agent, |file| {
            let file = Arc::make_mut(file);
            let standing = agent_standing::Model {
                id: self.id,
                agent_id: self.agent,
                ordinal: file.standings.last().map_or(0, |last| last.ordinal) + 1,
                status: self.status,
                since,
                reason: reason.clone(),
                set_by: operator,
                transaction_id,
            };
            file.standings.push(standing.clone());
            file.agent.status = self.status;
            (standing, file.agent.clone())
        });
        let (standing, agent) = kept.expect("the agent was found above");
        books.added.standings.push(standing);
        agent
    }
}

/// Under which suspension something was earned, and what has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspended {
    pub id: StandingId,
    /// What an operator decided then; nothing yet.
    pub decided: Option<AgentStatus>,
}

/// What has become of a commission, by the standing of its agent (E22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HoldState {
    /// It was not earned under a suspension, or was released: it is the agent's.
    Free,
    /// It waits for an operator.
    Held,
    /// The suspension ended with the closing.
    Forfeited,
}

impl HoldState {
    /// Whether it waits for an operator.
    pub fn is_held(self) -> bool {
        self == Self::Held
    }

    /// Whether it is lost.
    pub fn is_forfeited(self) -> bool {
        self == Self::Forfeited
    }
}

impl Suspended {
    /// What becomes of what is earned under it.
    pub fn hold_state(self) -> HoldState {
        match self.decided {
            None | Some(AgentStatus::Suspended) => HoldState::Held,
            Some(AgentStatus::Active) => HoldState::Free,
            Some(AgentStatus::Closed) => HoldState::Forfeited,
        }
    }
}

/// What was decided on a suspension, by an agent's standings in their order; nothing yet, or it is none of them.
#[must_use]
pub fn decided(standings: &[agent_standing::Model], suspension: StandingId) -> Option<AgentStatus> {
    let mut later = standings.iter();
    later.find(|standing| standing.id == suspension)?;
    later.next().map(|next| next.status)
}

impl AgentFile {
    /// The standing at an instant. It begins inclusive, and of several that begin together the last one counts.
    #[must_use]
    pub fn status_at(&self, at: DateTime<Utc>) -> AgentStatus {
        self.standing_at(at)
            .map_or(AgentStatus::Active, |standing| standing.status)
    }

    /// The suspension that lasted at an instant (E22).
    pub(super) fn suspended_at(&self, at: DateTime<Utc>) -> Option<Suspended> {
        let standing = self.standing_at(at)?;
        (standing.status == AgentStatus::Suspended).then(|| Suspended {
            id: standing.id,
            decided: self.decided(standing.id),
        })
    }

    /// What was decided on a suspension of this agent.
    #[must_use]
    pub fn decided(&self, suspension: StandingId) -> Option<AgentStatus> {
        decided(&self.standings, suspension)
    }

    fn standing_at(&self, at: DateTime<Utc>) -> Option<&agent_standing::Model> {
        let mut newest_first = self.standings.iter().rev();
        newest_first.find(|standing| standing.since <= at)
    }
}

impl Books {
    /// What of `held` was earned under a suspension that nobody has decided on: all that no fraud case holds.
    ///
    /// # Panics
    /// Where the agent was not loaded.
    #[must_use]
    pub fn pool(&self, agent: AgentId) -> Money {
        let by_cases = self.fraud_held.get(&agent).copied().unwrap_or_default();
        self.agent_balance(agent).held - by_cases
    }

    /// Whatever was held under the suspension is held no more; answers what of it is inside the hold period.
    fn nothing_immature_is_held(&mut self, agent: AgentId) -> Money {
        let took = self.immature_held.change(&agent, std::mem::take);
        took.unwrap_or_default()
    }

    /// What has become of a commission.
    pub(super) fn hold_state(&self, row: &commission::Model) -> HoldState {
        let Some(id) = row.suspension_id else {
            return HoldState::Free;
        };
        let file = self.agents.get(&row.agent_id);
        let file = file.expect("what was earned is loaded with its agent");
        let decided = file.decided(id);
        Suspended { id, decided }.hold_state()
    }

    /// From now on nobody is this agent's customer, and it manages no account (E23). What a claim link was out for nobody
    /// manages until an operator assigns another agent. Those that are not on the books go by the standing that is kept.
    fn let_customers_go(&mut self, agent: AgentId) {
        let now = self.now;
        let customers = self.customers.iter();
        let customers = customers.filter(|(_, file)| file.agent_now() == Some(agent));
        let customers: Vec<CustomerId> = customers.map(|(id, _)| *id).collect();
        for id in customers {
            self.customers.change(&id, |file| {
                let file = Arc::make_mut(file);
                let open = file.affiliations.iter_mut();
                for open in open.filter(|time| time.until.is_none()) {
                    open.until = Some(now);
                }
                if file.customer.management == Management::PendingHandover {
                    file.customer.management = Management::AgentManaged;
                }
            });
        }
    }

    /// What was earned under a suspension that ended with the closing, and is reported only now, is lost like the rest.
    pub(super) fn forfeit_late(&mut self, row: &commission::Model) -> Result<(), Refusal> {
        if row.amount.is_zero() {
            return Ok(());
        }
        let mut posting = Posting::new(
            TransactionKind::CommissionForfeited,
            (Cause::Commission, row.id.uuid()),
            line("Forfeited: closed"),
            self.now,
        );
        let lost = Place::House(Account::ExpenseCommission);
        posting.moves(Place::Held(row.agent_id), lost, row.amount);
        posting.tells(row.agent_id, Tell::commission(row.id));
        self.post(posting).map(|_| ())
    }
}
