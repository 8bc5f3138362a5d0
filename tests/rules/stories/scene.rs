//! Where a story begins: an agent at 3% and a customer of it, with nothing on their accounts.

use std::ops::{Deref, DerefMut};

use agent_program::program::{
    AgentFigures, Call, Destination, PayoutDecided, PurchaseProduct, Purchased, RatedCharge,
    Reason, RecordCalls, RecordCharges, RefundCharge, Refunded, Refusal, RequestPayout, RowOutcome,
    Terms, TransferFunds, Transferred,
};
use agent_program::program::{ApprovePayout, Party, SendPayout};
use chrono::{DateTime, TimeDelta, Utc};
use entity::charge::{self, ChargeKind};
use entity::customer::Management;
use entity::{
    AgentId, CustomerId, Email, Exact, LoginId, PayoutId, PhoneNumber, Prose, TypedId, commission,
};
use uuid::Uuid;

use crate::world::{World, money, name};

pub struct Scene {
    world: World,
    pub agent: AgentId,
    /// A customer of the agent, who holds its own login.
    pub customer: CustomerId,
    posted: u32,
}

impl Deref for Scene {
    type Target = World;
    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

pub fn operator(which: u128) -> LoginId {
    LoginId::from_uuid(Uuid::from_u128(which))
}

pub fn check() -> Destination {
    Destination::Check {
        payee: name("Ada"),
        address: Prose::parse("1 Main Street").expect("prose"),
    }
}

pub fn paypal() -> Destination {
    Destination::Paypal {
        email: Email::parse("ada@example.com").expect("an address"),
    }
}

pub fn wire() -> Destination {
    Destination::Wire {
        payee: name("Ada"),
        bank_name: name("First Bank"),
        account_number: name("12345678"),
        routing_code: name("021000021"),
    }
}

/// The reason alone, or that it was done.
pub fn reason<T>(result: Result<T, Refusal>) -> Result<T, Reason> {
    result.map_err(|refusal| refusal.reason)
}

impl Scene {
    pub fn new() -> Self {
        Self::with(Terms::default())
    }

    pub fn with(terms: Terms) -> Self {
        let mut world = World::new(terms);
        let agent = world.agent(300);
        let customer = world.customer(Management::Own);
        world.affiliate(customer, Some(agent));
        world.pass(TimeDelta::hours(1));
        Self {
            world,
            agent,
            customer,
            posted: 0,
        }
    }

    /// Another customer, of an agent or of none.
    pub fn another(&mut self, agent: Option<AgentId>) -> CustomerId {
        let customer = self.world.customer(Management::Own);
        self.world.affiliate(customer, agent);
        customer
    }

    /// Cash and promotional credit to begin with.
    pub fn give(&mut self, customer: CustomerId, cash: &str, promo: &str) {
        self.world
            .load_customer_balance(customer, money(cash), money(promo));
    }

    /// The agent's funding and commission to begin with.
    pub fn endow(&mut self, funding: &str, commission: &str) {
        let account = self.world.account_of(self.agent);
        self.give(account, funding, "0");
        self.world
            .load_agent_balance(self.agent, money(commission), Exact::ZERO);
    }

    pub fn cash(&self, customer: CustomerId) -> String {
        self.books.customer_balance(customer).cash.to_string()
    }

    pub fn promo(&self, customer: CustomerId) -> String {
        self.books.customer_balance(customer).promo.to_string()
    }

    pub fn figures(&self) -> AgentFigures {
        self.books.figures(self.agent)
    }

    /// Funding, commission, held, reserved.
    pub fn money(&self) -> [String; 4] {
        let figures = self.figures();
        [
            figures.funding,
            figures.commission,
            figures.held,
            figures.reserved,
        ]
        .map(|amount| amount.to_string())
    }

    pub fn rated(&mut self, customer: CustomerId, kind: ChargeKind, amount: &str) -> RatedCharge {
        self.posted += 1;
        RatedCharge {
            external_id: name(&format!("row {}", self.posted)),
            account_number: self.number_of(customer),
            kind,
            description: name("Rated elsewhere"),
            amount: money(amount),
            commissionable: true,
            occurred_at: self.now(),
        }
    }

    /// Posts one row that was rated elsewhere.
    pub fn post(&mut self, row: RatedCharge) -> RowOutcome {
        let command = RecordCharges {
            source: name("billing"),
            charges: vec![row],
        };
        let mut rows = self.run(&command).expect("a request of a known source");
        rows.remove(0)
    }

    pub fn charge(
        &mut self,
        customer: CustomerId,
        kind: ChargeKind,
        amount: &str,
    ) -> Result<charge::Model, Reason> {
        let row = self.rated(customer, kind, amount);
        reason(self.post(row).result)
    }

    /// A call of the scene's customer that was rated elsewhere.
    pub fn call(&mut self, amount: &str) -> charge::Model {
        let customer = self.customer;
        self.charge(customer, ChargeKind::Call, amount)
            .expect("a call is always posted")
    }

    /// The same, at another time.
    pub fn call_at(&mut self, at: DateTime<Utc>, amount: &str) -> charge::Model {
        let mut row = self.rated(self.customer, ChargeKind::Call, amount);
        row.occurred_at = at;
        self.post(row).result.expect("a call is always posted")
    }

    /// A call to be rated here.
    pub fn dialled(&mut self, to: &str, at: DateTime<Utc>, seconds: i32) -> Call {
        self.posted += 1;
        Call {
            external_id: name(&format!("call {}", self.posted)),
            account_number: self.number_of(self.customer),
            to: PhoneNumber::parse(to).expect("a number"),
            answered_at: at,
            duration_seconds: seconds,
        }
    }

    pub fn post_calls(&mut self, calls: Vec<Call>) -> Vec<RowOutcome> {
        let command = RecordCalls {
            source: name("switch"),
            calls,
        };
        self.run(&command).expect("a request of a known source")
    }

    pub fn post_call(&mut self, call: Call) -> RowOutcome {
        self.post_calls(vec![call]).remove(0)
    }

    /// What a charge earned.
    pub fn earned(&self, charge: &charge::Model) -> Option<&commission::Model> {
        let rows = self.books.added.commissions.iter();
        let mut rows =
            rows.filter(|row| row.charge_id == Some(charge.id) && row.reverses_id.is_none());
        let row = rows.next();
        assert!(rows.next().is_none(), "earned twice");
        row
    }

    /// The amount of it, with four decimals.
    pub fn credited(&self, charge: &charge::Model) -> Option<String> {
        self.earned(charge).map(|row| row.amount.to_string())
    }

    pub fn transfer(&mut self, amount: &str) -> Result<Transferred, Reason> {
        let command = TransferFunds {
            agent: self.agent,
            customer: self.customer,
            amount: money(amount),
            memo: None,
        };
        reason(self.run(&command))
    }

    pub fn buy(&mut self, customer: CustomerId, code: &str) -> Result<Purchased, Reason> {
        let command = PurchaseProduct {
            by: Party::Customer(customer),
            customer,
            product_code: name(code),
        };
        reason(self.run(&command))
    }

    /// Gives a charge back: so much of it, or all that is left.
    pub fn refund(
        &mut self,
        charge: &charge::Model,
        amount: Option<&str>,
    ) -> Result<Refunded, Reason> {
        self.recall(charge);
        let command = RefundCharge {
            charge: charge.id,
            amount: amount.map(money),
            reason: name("Bad line"),
        };
        reason(self.run(&command))
    }

    pub fn request(&mut self, amount: &str, to: Destination) -> Result<PayoutDecided, Reason> {
        let command = RequestPayout {
            agent: self.agent,
            amount: money(amount),
            destination: to,
        };
        reason(self.run(&command))
    }

    pub fn approve(&mut self, who: u128, payout: PayoutId) -> Result<PayoutDecided, Reason> {
        let operator = operator(who);
        reason(self.run(&ApprovePayout { operator, payout }))
    }

    pub fn send(&mut self, who: u128, payout: PayoutId) -> Result<PayoutDecided, Reason> {
        let command = SendPayout {
            operator: operator(who),
            payout,
            reference: Some(name("wire 7")),
        };
        reason(self.run(&command))
    }

    /// A payout that has been sent.
    pub fn sent(&mut self, amount: &str, to: Destination) -> PayoutId {
        let id = self.request(amount, to).expect("requested").payout.id;
        self.approve(1, id).expect("approved");
        self.send(2, id).expect("sent").payout.id
    }
}

pub fn lacks<T>(available: &str, requested: &str) -> Result<T, Reason> {
    Err(Reason::InsufficientFunds {
        available: money(available),
        requested: money(requested),
    })
}

pub fn illegal<T>(state: &str) -> Result<T, Reason> {
    Err(Reason::IllegalState(state.into()))
}

/// Money to spend on what a story is not about.
pub const PLENTY: &str = "1000";
