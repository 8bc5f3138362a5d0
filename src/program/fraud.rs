//! Fraud cases: commission that waits for an operator, and is taken back or released (E28, R43).
//!
//! What a case holds of a commission stands in its row for the charge. A hold takes no more than there is, so it never
//! takes a balance below zero: what was spent already is taken back when the case is confirmed, and then it may (E08).

use std::collections::{BTreeMap, BTreeSet};

use entity::charge::ChargeState;
use entity::desk_event::DeskSubject;
use entity::entry::Account;
use entity::fraud_case::{FraudCaseState, FraudReason};
use entity::transaction::{Cause, TransactionKind};
use entity::{
    AgentId, ChargeId, CustomerId, FraudCaseId, LoginId, Money, Prose, TypedId, charge, fraud_case,
    fraud_case_charge,
};
use serde::Serialize;

use super::periods::Span;
use super::posting::{Place, Posting, Tell, line};
use super::refunds::state_by_refunds;
use super::standing::HoldState;
use super::{Books, Command, Needs, Noted, Reason, Refusal};

/// How many charges a case has at most.
pub const MOST_CHARGES: usize = 10_000;

/// How many commissions are moved in one transaction: whoever reads it, or proves it, reads no more at once.
const MOST: usize = 1_000;

/// What is suspected.
#[derive(Clone, Debug, Serialize)]
pub enum Suspects {
    /// These charges.
    Charges(Vec<ChargeId>),
    /// All charges of a customer that happened within a time, but for those of other cases.
    Customer { customer: CustomerId, span: Span },
}

/// An operator suspects something: the commission of the charges is held.
#[derive(Clone, Debug, Serialize)]
pub struct OpenFraudCase {
    pub operator: LoginId,
    pub suspects: Suspects,
    pub reason: FraudReason,
    pub note: Option<Prose>,
}

/// It was fraud: the commission is taken back.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmFraudCase {
    pub operator: LoginId,
    pub case: FraudCaseId,
    pub note: Option<Prose>,
}

/// It was none: the commission is released.
#[derive(Clone, Debug, Serialize)]
pub struct ClearFraudCase {
    pub operator: LoginId,
    pub case: FraudCaseId,
    pub note: Option<Prose>,
}

impl Command for OpenFraudCase {
    const NAME: &'static str = "openFraudCase";
    type Outcome = fraud_case::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let note = self.note.as_ref().map_or("", Prose::as_str);
        Some(Noted::about(done.id).says(note))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.desk = true;
        match &self.suspects {
            Suspects::Charges(ids) => needs.charge_ids.extend(ids),
            Suspects::Customer { customer, span } => {
                needs.customer(*customer);
                needs.charges_of.insert((*customer, *span));
            }
        }
    }

    fn alone(&self) -> bool {
        true
    }

    /// # Errors
    /// In this order: `INVALID_INPUT` without a charge, or with more than a case may have; `NOT_FOUND`; `ILLEGAL_STATE`
    /// for a charge that is in another case, or was in one that was confirmed.
    fn decide(&self, books: &mut Books) -> Result<fraud_case::Model, Refusal> {
        let charges = self.suspects.find(books)?;
        let case = fraud_case::Model {
            id: books.new_id(),
            reason: self.reason,
            note: self.note.clone(),
            state: FraudCaseState::Open,
            clawed_back: Money::ZERO,
            opened_by: self.operator,
            opened_at: books.now,
            decided_by: None,
            decided_at: None,
            decision_note: None,
        };
        books.fraud_cases.add(case.id, case.clone());
        let mut of_agents: BTreeMap<AgentId, Vec<ChargeId>> = BTreeMap::new();
        for charge in charges {
            let earned = books.earned.get(&charge).map(|earned| &earned.row);
            let agent_id = earned.map(|row| row.agent_id);
            let row = fraud_case_charge::Model {
                case_id: case.id,
                charge_id: charge,
                commission_id: earned.map(|row| row.id),
                agent_id,
                held: Money::ZERO,
            };
            books.case_charges.add(charge, row);
            books.change_charge(charge, |row| row.state = ChargeState::FraudHeld);
            if let Some(agent) = agent_id {
                of_agents.entry(agent).or_default().push(charge);
            }
        }
        for (agent, charges) in of_agents {
            for some in charges.chunks(MOST) {
                books.hold(&case, agent, some)?;
            }
        }
        books.tell_desk(DeskSubject::FraudCase, case.id.uuid());
        Ok(case)
    }
}

impl Suspects {
    /// The charges, the oldest first.
    fn find(&self, books: &Books) -> Result<Vec<ChargeId>, Refusal> {
        let mut found: Vec<&charge::Model> = match self {
            Self::Charges(ids) => {
                if ids.is_empty() {
                    let problem = "Name one charge or more.";
                    return Err(Refusal::invalid("subject.chargeIds", problem));
                }
                let once: BTreeSet<&ChargeId> = ids.iter().collect();
                let mut found = Vec::with_capacity(once.len());
                for (at, id) in ids.iter().enumerate() {
                    let field = format!("subject.chargeIds.{at}");
                    let charge = books.charge_of(*id);
                    let charge = charge.map_err(|missing| missing.at(field.clone()))?;
                    if is_suspect(charge) {
                        return Err(Reason::IllegalState(charge.state.to_string()).at(field));
                    }
                    if once.contains(id) && !ids[..at].contains(id) {
                        found.push(charge);
                    }
                }
                found
            }
            Self::Customer { customer, span } => {
                let field = "subject.customer.customerId";
                books.customer(*customer).map_err(|none| none.at(field))?;
                let charges = books.charges.iter().map(|(_, charge)| charge);
                charges
                    .filter(|charge| charge.customer_id == *customer)
                    .filter(|charge| {
                        span.from <= charge.occurred_at && charge.occurred_at < span.to
                    })
                    .filter(|charge| !is_suspect(charge))
                    .collect()
            }
        };
        let field = "subject.customer.period";
        if found.is_empty() {
            let problem = "There is no charge in this period that is in no other case.";
            return Err(Refusal::invalid(field, problem));
        }
        if found.len() > MOST_CHARGES {
            let problem =
                format!("A case has at most {MOST_CHARGES} charges: take a shorter period.");
            return Err(Refusal::invalid(field, problem));
        }
        found.sort_by_key(|charge| (charge.occurred_at, charge.id));
        Ok(found.iter().map(|charge| charge.id).collect())
    }
}

/// Whether it is in a case that is open or was confirmed.
fn is_suspect(charge: &charge::Model) -> bool {
    matches!(
        charge.state,
        ChargeState::FraudHeld | ChargeState::FraudConfirmed
    )
}

impl Command for ConfirmFraudCase {
    const NAME: &'static str = "confirmFraudCase";
    type Outcome = fraud_case::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let note = self.note.as_ref().map_or("", Prose::as_str);
        Some(Noted::about(done.id).says(note))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.fraud_cases.insert(self.case);
    }

    fn alone(&self) -> bool {
        true
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless OPEN.
    fn decide(&self, books: &mut Books) -> Result<fraud_case::Model, Refusal> {
        let case = books.open_case(self.case)?;
        let mut clawed_back = Money::ZERO;
        for (agent, charges) in books.of_agents(case.id) {
            for some in charges.chunks(MOST) {
                books.let_go(&case, agent, some, false)?;
                clawed_back += books.take_back(&case, some)?;
            }
        }
        for charge in books.charges_in(case.id) {
            books.change_charge(charge, |row| row.state = ChargeState::FraudConfirmed);
        }
        let decided = |case: &mut fraud_case::Model| {
            case.state = FraudCaseState::Confirmed;
            case.clawed_back = clawed_back;
        };
        Ok(books.decide_case(case, self.operator, self.note.as_ref(), decided))
    }
}

impl Command for ClearFraudCase {
    const NAME: &'static str = "clearFraudCase";
    type Outcome = fraud_case::Model;

    fn noted(&self, done: &Self::Outcome) -> Option<Noted> {
        let note = self.note.as_ref().map_or("", Prose::as_str);
        Some(Noted::about(done.id).says(note))
    }

    fn needs(&self, needs: &mut Needs) {
        needs.fraud_cases.insert(self.case);
    }

    fn alone(&self) -> bool {
        true
    }

    /// # Errors
    /// In this order: `NOT_FOUND`; `ILLEGAL_STATE` unless OPEN.
    fn decide(&self, books: &mut Books) -> Result<fraud_case::Model, Refusal> {
        let case = books.open_case(self.case)?;
        for (agent, charges) in books.of_agents(case.id) {
            for some in charges.chunks(MOST) {
                books.let_go(&case, agent, some, true)?;
            }
        }
        for charge in books.charges_in(case.id) {
            books.change_charge(charge, |row| {
                row.state = ChargeState::Posted;
                row.state = state_by_refunds(row);
            });
        }
        let decided = |case: &mut fraud_case::Model| case.state = FraudCaseState::Cleared;
        Ok(books.decide_case(case, self.operator, self.note.as_ref(), decided))
    }
}

impl Books {
    /// Holds what these charges earned an agent, as far as it is there: what waits in the pool of a suspension stays where
    /// it is and is the case's from now on.
    fn hold(
        &mut self,
        case: &fraud_case::Model,
        agent: AgentId,
        charges: &[ChargeId],
    ) -> Result<(), Refusal> {
        let (commission, held) = (Place::Commission(agent), Place::Held(agent));
        let kind = TransactionKind::CommissionHeld;
        let mut posting = self.case_posting(case, kind, "Held: under suspicion");
        for charge in charges {
            let earned = self.earned.get(charge).cloned();
            let earned = earned.expect("what was earned is loaded with its charge");
            let net = earned.net.not_negative();
            match self.hold_state(&earned.row) {
                HoldState::Forfeited => {}
                HoldState::Held => {
                    let there = self.pool(agent) + posting.at(held);
                    self.mark_held(*charge, agent, net.min(there.not_negative()));
                }
                HoldState::Free => {
                    let there = self.agent_balance(agent).commission + posting.at(commission);
                    let amount = net.min(there.not_negative());
                    if amount.is_positive() {
                        posting.moves(commission, held, amount);
                        posting.tells(agent, Tell::commission(earned.row.id));
                        self.mark_held(*charge, agent, amount);
                    }
                }
            }
        }
        self.post_some(posting)
    }

    /// What a case held of these charges it holds no more: it is the agent's again, waits in the pool of the suspension under
    /// which it was earned, or is lost with that. The agent is told of each where that is the end of it.
    fn let_go(
        &mut self,
        case: &fraud_case::Model,
        agent: AgentId,
        charges: &[ChargeId],
        tells: bool,
    ) -> Result<(), Refusal> {
        let held = Place::Held(agent);
        let lost = Place::House(Account::ExpenseCommission);
        let text = if tells {
            "Released: no fraud"
        } else {
            "Released to be taken back"
        };
        let kind = TransactionKind::CommissionReleased;
        let mut released = self.case_posting(case, kind, text);
        let kind = TransactionKind::CommissionForfeited;
        let mut forfeited = self.case_posting(case, kind, "Forfeited: closed");
        for charge in charges {
            let amount = self.unmark_held(*charge, agent);
            if amount.is_zero() {
                continue;
            }
            let row = self.earned.get(charge).map(|earned| earned.row.clone());
            let row = row.expect("what was earned is loaded with its charge");
            let (posting, to) = match self.hold_state(&row) {
                HoldState::Held => continue,
                HoldState::Free => (&mut released, Place::Commission(agent)),
                HoldState::Forfeited => (&mut forfeited, lost),
            };
            posting.moves(held, to, amount);
            if tells || to == lost {
                posting.tells(agent, Tell::commission(row.id));
            }
        }
        self.post_some(released)?;
        self.post_some(forfeited)
    }

    /// Takes back all that is left of what these charges earned; answers how much. What is less than 0.0001 in all, and so
    /// moves nothing, stays where it is: in the carry.
    fn take_back(
        &mut self,
        case: &fraud_case::Model,
        charges: &[ChargeId],
    ) -> Result<Money, Refusal> {
        let taken = self.attempt(|books| {
            let id = books.new_id();
            let kind = TransactionKind::CommissionClawback;
            let mut posting = books.case_posting(case, kind, "Commission on what was fraud");
            let mut sum = Money::ZERO;
            for charge in charges {
                let left = books.earned.get(charge).map(super::Earned::left);
                let clawback =
                    left.and_then(|left| books.claw_back(*charge, left, id, &mut posting));
                sum -= clawback.map_or(Money::ZERO, |row| row.amount);
            }
            if posting.moves_nothing() {
                // Nothing of it is kept.
                return Err(Refusal::from(Reason::AmountNotPositive));
            }
            books.post_as(id, posting)?;
            Ok(sum)
        });
        match taken {
            Err(refusal) if refusal.reason == Reason::AmountNotPositive => Ok(Money::ZERO),
            taken => taken,
        }
    }

    fn case_posting(&self, case: &fraud_case::Model, kind: TransactionKind, text: &str) -> Posting {
        let cause = (Cause::FraudCase, case.id.uuid());
        Posting::new(kind, cause, line(text), self.now)
    }

    fn post_some(&mut self, posting: Posting) -> Result<(), Refusal> {
        if posting.moves_nothing() {
            return Ok(());
        }
        self.post(posting).map(|_| ())
    }

    /// Notes that a case holds so much more, or less, of what a charge earned. What is inside the hold period and held by
    /// nobody counts as immature.
    pub(super) fn mark_held(&mut self, charge: ChargeId, agent: AgentId, amount: Money) {
        self.case_charges.change(&charge, |row| row.held += amount);
        if self.fraud_held.get(&agent).is_none() {
            self.fraud_held.add(agent, Money::ZERO);
        }
        self.fraud_held.change(&agent, |held| *held += amount);
        let earned = self.earned.get(&charge).map(|earned| &earned.row);
        let Some(row) = earned.filter(|row| row.matures_at > self.now) else {
            return;
        };
        let immature = match self.hold_state(row) {
            HoldState::Free => &mut self.immature,
            HoldState::Held => &mut self.immature_held,
            HoldState::Forfeited => return,
        };
        immature.change(&agent, |immature| *immature -= amount);
    }

    /// What its case held of what a charge earned; it holds nothing more.
    fn unmark_held(&mut self, charge: ChargeId, agent: AgentId) -> Money {
        let held = self.held_by_case(charge);
        self.mark_held(charge, agent, -held);
        held
    }

    /// What an open case holds of what a charge earned.
    pub(super) fn held_by_case(&self, charge: ChargeId) -> Money {
        let row = self.case_charges.get(&charge);
        row.map_or(Money::ZERO, |row| row.held)
    }

    fn open_case(&self, id: FraudCaseId) -> Result<fraud_case::Model, Refusal> {
        let case = self.fraud_cases.get(&id);
        let case = case.ok_or_else(|| Refusal::not_found("fraud case").at("fraudCaseId"))?;
        match case.state {
            FraudCaseState::Open => Ok(case.clone()),
            state => Err(Reason::IllegalState(state.to_string()).at("fraudCaseId")),
        }
    }

    /// The charges of a case, the oldest first.
    fn charges_in(&self, case: FraudCaseId) -> Vec<ChargeId> {
        let rows = self.case_charges.iter();
        let ids = rows
            .filter(|(_, row)| row.case_id == case)
            .map(|(id, _)| *id);
        let mut ids: Vec<ChargeId> = ids.collect();
        ids.sort_by_key(|id| (self.charge_of(*id).map(|row| row.occurred_at).ok(), *id));
        ids
    }

    fn of_agents(&self, case: FraudCaseId) -> BTreeMap<AgentId, Vec<ChargeId>> {
        let mut of_agents: BTreeMap<AgentId, Vec<ChargeId>> = BTreeMap::new();
        for charge in self.charges_in(case) {
            let agent = self.case_charges.get(&charge).and_then(|row| row.agent_id);
            if let Some(agent) = agent {
                of_agents.entry(agent).or_default().push(charge);
            }
        }
        of_agents
    }

    fn decide_case(
        &mut self,
        mut case: fraud_case::Model,
        operator: LoginId,
        note: Option<&Prose>,
        decide: impl FnOnce(&mut fraud_case::Model),
    ) -> fraud_case::Model {
        decide(&mut case);
        case.decided_by = Some(operator);
        case.decided_at = Some(self.now);
        case.decision_note = note.cloned();
        self.fraud_cases.change(&case.id, |row| *row = case.clone());
        case
    }

    /// Changes a charge that was asked for by its id.
    fn change_charge(&mut self, id: ChargeId, change: impl FnOnce(&mut charge::Model)) {
        if let Some(key) = self.charge_keys.get(&id).cloned() {
            self.charges.change(&key, change);
        }
    }
}
