//! What top-ups, transfers and payouts must move (`program.md`, section 3).

use std::collections::BTreeMap;

use entity::agent::AgentStatus;
use entity::entry::{self, Account};
use entity::payout::{self, PayoutMethod, PayoutState};
use entity::top_up::{TopUpMethod, TopUpState};
use entity::transaction::{self, Cause, TransactionKind};
use entity::{AgentId, PayoutId, TopUpId, TypedId, commission};

use super::charges::moved;
use super::model::{Model, Place, status, units};
use crate::world::World;

impl Model {
    /// What an agent can pay out by now: of its commission, and of its funding (E08, E09, E12).
    pub fn withdrawable(&self, world: &World, agent: AgentId) -> (i128, i128) {
        let commission = self.balance(Account::AgentCommission, agent.uuid());
        let funding = self.funding(world, agent);
        if commission < 0 {
            return (0, 0);
        }
        let all = (funding + commission).max(0);
        let mature = commission - immature(world, agent);
        let of_commission = mature.max(0).min(all);
        let of_funding = if world.books.terms.funding_withdrawable {
            funding.max(0).min(all - of_commission)
        } else {
            0
        };
        (of_commission, of_funding)
    }

    pub fn funding(&self, world: &World, agent: AgentId) -> i128 {
        let account = world.account_of(agent);
        self.balance(Account::CustomerCash, account.uuid())
    }

    /// What a transaction that is no charge must have moved.
    pub fn moves(
        &self,
        world: &World,
        transaction: &transaction::Model,
        entries: &[entry::Model],
    ) -> BTreeMap<Place, i128> {
        let mut moves = BTreeMap::new();
        let cause = transaction.cause_id;
        match transaction.kind {
            TransactionKind::TopUp => {
                assert_eq!(transaction.cause, Cause::TopUp);
                let top_up = world.books.top_ups.get(&TopUpId(cause)).expect("a top-up");
                assert_eq!(top_up.state, TopUpState::Settled);
                assert_eq!(top_up.transaction_id, Some(transaction.id));
                assert_eq!(top_up.settled_at, Some(world.now()));
                let clearing = match top_up.method {
                    TopUpMethod::CreditCard | TopUpMethod::DebitCard => Account::ClearingCard,
                    TopUpMethod::Paypal => Account::ClearingPaypal,
                    TopUpMethod::Wire => Account::ClearingBank,
                };
                let to = (Account::CustomerCash, Some(top_up.customer_id.uuid()));
                moved(&mut moves, (clearing, None), to, units(top_up.amount));
            }
            TransactionKind::PromoGrant => {
                assert_eq!(transaction.cause, Cause::Customer);
                let given: i128 = entries.iter().map(|entry| units(entry.amount).max(0)).sum();
                let from = (Account::ExpensePromo, None);
                moved(
                    &mut moves,
                    from,
                    (Account::CustomerPromo, Some(cause)),
                    given,
                );
            }
            TransactionKind::Transfer => {
                assert_eq!(transaction.cause, Cause::Transfer);
                let transfers = &world.books.added.transfers;
                let transfer = transfers.last().expect("a transfer");
                assert_eq!(transfer.id.uuid(), cause);
                assert_eq!(transfer.transaction_id, transaction.id);
                let agent = transfer.agent_id;
                let amount = units(transfer.amount);
                let of_funding = self.funding(world, agent).max(0).min(amount);
                assert_eq!(units(transfer.from_funding), of_funding, "E13");
                assert_eq!(units(transfer.from_commission), amount - of_funding, "E13");
                let account = Some(world.account_of(agent).uuid());
                let to = (Account::CustomerCash, Some(transfer.customer_id.uuid()));
                moved(&mut moves, (Account::CustomerCash, account), to, of_funding);
                let from = (Account::AgentCommission, Some(agent.uuid()));
                moved(&mut moves, from, to, amount - of_funding);
            }
            TransactionKind::CommissionReleased => {
                assert_eq!(transaction.cause, Cause::Agent);
                let held = self.balance(Account::AgentHeld, cause) - self.holds_of(AgentId(cause));
                let from = (Account::AgentHeld, Some(cause));
                let to = (Account::AgentCommission, Some(cause));
                assert_eq!(status(world, AgentId(cause)), AgentStatus::Active);
                moved(&mut moves, from, to, held);
            }
            TransactionKind::CommissionForfeited => {
                let lost = (Account::ExpenseCommission, None);
                let (agent, held) = if transaction.cause == Cause::Agent {
                    let held = self.balance(Account::AgentHeld, cause);
                    (AgentId(cause), held - self.holds_of(AgentId(cause)))
                } else {
                    assert_eq!(transaction.cause, Cause::Commission);
                    let mut rows = world.books.added.commissions.iter();
                    let row = rows.find(|row| row.id.uuid() == cause).expect("a row");
                    (row.agent_id, units(row.amount))
                };
                assert_eq!(status(world, agent), AgentStatus::Closed);
                let from = (Account::AgentHeld, Some(agent.uuid()));
                moved(&mut moves, from, lost, held);
            }
            _ => {
                assert_eq!(transaction.cause, Cause::Payout);
                let payout = world.books.payouts.get(&PayoutId(cause)).expect("a payout");
                self.payout_moves(world, transaction.kind, payout, entries, &mut moves);
            }
        }
        moves
    }

    fn payout_moves(
        &self,
        world: &World,
        kind: TransactionKind,
        payout: &payout::Model,
        entries: &[entry::Model],
        moves: &mut BTreeMap<Place, i128>,
    ) {
        let agent = payout.agent_id;
        let funding = Some(world.account_of(agent).uuid());
        let funding = (Account::CustomerCash, funding);
        let commission = (Account::AgentCommission, Some(agent.uuid()));
        let reserved = (Account::AgentReserved, Some(agent.uuid()));
        let in_transit = (Account::PayoutsInTransit, None);
        let fees = (Account::RevenuePayoutFees, None);
        let (gross, fee, net) = (units(payout.gross), units(payout.fee), units(payout.net));
        let (of_commission, of_funding) =
            (units(payout.from_commission), units(payout.from_funding));
        match kind {
            TransactionKind::PayoutReserved => {
                assert_eq!(payout.state, PayoutState::Requested);
                let (mature, _) = self.withdrawable(world, agent);
                assert_eq!(of_commission, gross.min(mature), "E12: commission first");
                moved(moves, commission, reserved, of_commission);
                moved(moves, funding, reserved, of_funding);
            }
            TransactionKind::PayoutReleased => {
                let ended = [PayoutState::Cancelled, PayoutState::Rejected];
                assert!(ended.contains(&payout.state));
                moved(moves, reserved, commission, of_commission);
                moved(moves, reserved, funding, of_funding);
            }
            TransactionKind::PayoutSent => {
                assert_eq!(payout.state, PayoutState::Sent);
                moved(moves, reserved, in_transit, net);
                moved(moves, reserved, fees, fee);
            }
            TransactionKind::PayoutSettled => {
                assert_eq!(payout.state, PayoutState::Paid);
                let clearing = match payout.method {
                    PayoutMethod::Paypal => Account::ClearingPaypal,
                    PayoutMethod::Check | PayoutMethod::Wire => Account::ClearingBank,
                };
                moved(moves, in_transit, (clearing, None), net);
            }
            TransactionKind::PayoutReturned => {
                assert_eq!(payout.state, PayoutState::Returned);
                let gives_fee = entries
                    .iter()
                    .any(|entry| entry.account == Account::RevenuePayoutFees);
                let kept = if gives_fee { 0 } else { fee };
                let to_commission = (of_commission - kept).max(0);
                moved(moves, in_transit, commission, to_commission);
                moved(moves, in_transit, funding, gross - kept - to_commission);
                moved(moves, fees, in_transit, fee - kept);
            }
            other => panic!("no command writes {other:?}"),
        }
    }
}

/// The commission of an agent that is not old enough to be paid out (E09), and is not held: what was earned under a
/// suspension is free once the agent is reinstated.
pub fn immature(world: &World, agent: AgentId) -> i128 {
    young(world, agent, |row| {
        !row.held || became(world, row) == Some(AgentStatus::Active)
    })
}

/// The same that is held: under a suspension that lasts.
pub fn immature_held(world: &World, agent: AgentId) -> i128 {
    young(world, agent, |row| row.held && became(world, row).is_none())
}

fn young(world: &World, agent: AgentId, which: impl Fn(&commission::Model) -> bool) -> i128 {
    let rows = world.books.added.commissions.iter();
    let young = |row: &&commission::Model| {
        row.agent_id == agent && row.matures_at > world.now() && which(row)
    };
    let rows: Vec<_> = rows.filter(young).collect();
    let credited: i128 = rows.iter().map(|row| units(row.amount)).sum();
    // What a case holds can be spent by nobody, and is not young either.
    let cases = world.books.case_charges.iter().map(|(_, row)| row);
    let held: i128 = cases
        .filter(|case| rows.iter().any(|row| Some(row.id) == case.commission_id))
        .map(|case| units(case.held))
        .sum();
    credited - held
}

/// What followed the suspension that a row was earned under.
pub fn became(world: &World, row: &commission::Model) -> Option<AgentStatus> {
    let standings = &world.books.agents[&row.agent_id].standings;
    let this = standings
        .iter()
        .position(|standing| Some(standing.id) == row.suspension_id)?;
    standings.get(this + 1).map(|next| next.status)
}
