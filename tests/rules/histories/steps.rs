//! The next command: plausible most of the time, wrong now and then, and on the edge as often as may be.

use agent_program::program::{
    BeginCardPurchase, BeginTopUp, CancelPlan, ChargePlanFee, FeeOutcome, FinishTopUp, Finished,
    GatewaySaid, GrantPromo, Party, PurchaseProduct, Reason, SettleTopUp, TransferFunds,
};
use chrono::TimeDelta;
use entity::agent::AgentStatus;
use entity::entry::Account;
use entity::plan::PlanState;
use entity::top_up::{TopUpMethod, TopUpState};
use entity::{AgentId, CustomerId, LoginId, Money, Name, PlanId, TopUpId, TypedId};
use uuid::Uuid;

use super::history::{Foreseen, History};
use super::model::{open_agent, units};
use super::oracle;
use crate::world::name;

impl History {
    /// One command.
    pub fn step(&mut self) {
        match self.chance.between(0, 135) {
            0..20 => self.calls(),
            20..30 => self.rated_charges(),
            30..37 => self.purchase(),
            37..42 => self.card_purchase(),
            42..50 => self.begin_top_up(),
            50..57 => self.finish_top_up(),
            57..60 => self.settle_top_up(),
            60..69 => self.transfer(),
            69..71 => self.promo(),
            71..78 => self.request_payout(),
            78..91 => self.decide_on_payout(),
            91..94 => self.plan_fee(),
            94..96 => self.cancel_plan(),
            96..99 => self.standing(),
            99 => self.bonus(),
            100..109 => self.refund(),
            109..113 => self.reverse_top_up(),
            113..117 => self.reverse_transfer(),
            117..121 => self.adjust(),
            121..123 => self.write_off(),
            123..128 => self.suspect(),
            _ => self.decide_case(),
        }
    }

    /// An amount: often one of `edges` or a hair beside it.
    pub fn amount(&mut self, edges: &[i128]) -> Money {
        let edge = i64::try_from(self.chance.of(edges)).expect("within range");
        Money::from_units(match self.chance.between(0, 20) {
            0 => 0,
            1 => -self.chance.between(1, 100_000),
            2..6 => edge,
            6..8 => edge + 1,
            8 => edge - 1,
            9 => edge / 100 * 100,
            10 => edge / 100 * 100 + 100,
            11..13 => self.chance.between(1, 100),
            13 => Money::MAX.units(),
            _ => self.chance.between(1, 400_000),
        })
    }

    /// The same, in whole cents most of the time.
    pub fn cents(&mut self, edges: &[i128]) -> Money {
        let amount = self.amount(edges);
        if self.chance.percent(10) {
            return amount;
        }
        let cents = amount.units() / 100 + self.chance.between(0, 2);
        Money::from_units(cents * 100)
    }

    pub fn customer(&mut self) -> CustomerId {
        if self.chance.percent(2) {
            return CustomerId::from_uuid(Uuid::from_u128(u128::MAX));
        }
        self.chance.of(&self.world.customers)
    }

    /// Somebody who may act in an account, most of the time.
    fn party(&mut self, customer: CustomerId) -> Party {
        let operator = Party::Operator(LoginId::from_uuid(Uuid::from_u128(1)));
        match self.chance.between(0, 10) {
            0..4 => Party::Customer(customer),
            4 => Party::Customer(self.customer()),
            5 => operator,
            6 => Party::Agent(self.chance.of(&self.world.agents)),
            _ => {
                let file = self.world.books.customers.get(&customer);
                let agent = file
                    .and_then(|file| file.own_of)
                    .or_else(|| file.and_then(|_| open_agent(&self.world, customer)));
                agent.map_or(operator, Party::Agent)
            }
        }
    }

    /// R24: which refusal must come of acting inside an account.
    fn may_act(&self, by: Party, customer: CustomerId) -> Option<Reason> {
        let missing = Some(Reason::NotFound("customer".into()));
        let Some(file) = self.world.books.customers.get(&customer) else {
            return missing;
        };
        match by {
            Party::Operator(_) => None,
            Party::Customer(own) => missing.filter(|_| own != customer),
            Party::Agent(agent) if file.own_of == Some(agent) => None,
            Party::Agent(agent) if open_agent(&self.world, customer) == Some(agent) => {
                let manages = file.customer.management != entity::customer::Management::Own;
                let active = super::model::status(&self.world, agent) == AgentStatus::Active;
                let inactive = (!active).then_some(Reason::AgentNotActive);
                if manages {
                    inactive
                } else {
                    Some(Reason::NotManaged)
                }
            }
            Party::Agent(_) => missing,
        }
    }

    fn closed(&self, customer: CustomerId) -> Option<Reason> {
        (!oracle::is_open(&self.world, customer)).then_some(Reason::CustomerNotActive)
    }

    fn code(&mut self) -> Name {
        name(self.chance.of(&[
            "number", "fax", "greeting", "tax", "basic", "full", "gone", "none",
        ]))
    }

    /// R31: what is on the list under a code.
    fn price(&self, code: &Name) -> Result<Money, Reason> {
        let mut products = self.world.books.products.values();
        products
            .find(|product| product.code == *code && product.available)
            .map(|product| product.price)
            .ok_or(Reason::ProductNotAvailable)
    }

    fn purchase(&mut self) {
        let customer = self.customer();
        let command = PurchaseProduct {
            by: self.party(customer),
            customer,
            product_code: self.code(),
        };
        let foreseen = self
            .may_act(command.by, customer)
            .or_else(|| self.closed(customer))
            .or_else(|| match self.price(&command.product_code) {
                Ok(price) => self.unaffordable(customer, price),
                Err(reason) => Some(reason),
            });
        let bought = self.decide(&command, foreseen);
        if let Ok(bought) = bought {
            let price = self.price(&command.product_code);
            assert_eq!(Ok(bought.charge.amount), price, "R32");
            assert_eq!(bought.charge.customer_id, customer);
            assert_eq!(bought.charge.occurred_at, self.world.now());
        }
    }

    /// E31, E13: a purchase is covered by promo, cash and on an agent's own account its commission.
    pub fn unaffordable(&self, customer: CustomerId, price: Money) -> Option<Reason> {
        let own = self.world.books.customers[&customer].own_of;
        let own = own.filter(|agent| {
            let status = super::model::status(&self.world, *agent);
            status == AgentStatus::Active
        });
        let promo = self.model.balance(Account::CustomerPromo, customer.uuid());
        let cash = self.model.balance(Account::CustomerCash, customer.uuid());
        let own = own.map_or(0, |agent| {
            self.model.balance(Account::AgentCommission, agent.uuid())
        });
        let available = (promo + cash + own).max(0);
        if units(price) <= available {
            return None;
        }
        // E08: without the commission's debt it would be enough.
        Some(if own < 0 && units(price) <= promo + cash {
            Reason::CommissionNegative
        } else {
            Reason::InsufficientFunds {
                available: Money::from_units(i64::try_from(available).expect("within range")),
                requested: price,
            }
        })
    }

    fn card_purchase(&mut self) {
        let customer = self.customer();
        let command = BeginCardPurchase {
            by: self.party(customer),
            customer,
            product_code: self.code(),
            payment_token: "tok_approve".into(),
        };
        let foreseen = self
            .may_act(command.by, customer)
            .or_else(|| self.closed(customer))
            .or_else(|| self.price(&command.product_code).err());
        let price = self.price(&command.product_code);
        let price = price.unwrap_or_default();
        let charged = Money::from_units((price.units() + 99) / 100 * 100);
        let within = oracle::limit(&self.world, customer, TopUpMethod::CreditCard, charged);
        let begun = self.decide(&command, Foreseen::Anything);
        let refused = begun.as_ref().err().map(|refusal| &refusal.reason);
        match foreseen {
            Some(reason) => assert_eq!(refused, Some(&reason)),
            None if price.is_zero() => assert!(matches!(refused, Some(Reason::InvalidInput(_)))),
            None if self.model.balance(Account::CustomerCash, customer.uuid()) < 0 => {
                assert!(
                    matches!(
                        refused,
                        Some(Reason::InsufficientFunds { .. } | Reason::CommissionNegative)
                    ),
                    "E31"
                );
            }
            None if within => assert_eq!(refused, None),
            None => assert!(matches!(refused, Some(Reason::TopUpMethodLimit(_)))),
        }
        if let Ok(top_up) = begun {
            let price = self.price(&command.product_code).expect("on the list");
            let charged = top_up.amount - price;
            assert!(!charged.is_negative() && charged < Money::CENT, "E11");
            self.began(&top_up);
        }
    }

    fn began(&self, top_up: &entity::top_up::Model) {
        assert_eq!(top_up.state, TopUpState::Pending);
        assert!(top_up.amount.is_whole_cents(), "E11");
        assert_eq!(self.closed(top_up.customer_id), None);
        let limits = self.world.books.terms.top_up_limits(top_up.method);
        let today = oracle::paid_in(&self.world, top_up.customer_id, top_up.method);
        assert!(limits.maximum.is_none_or(|most| top_up.amount <= most));
        assert!(
            limits.maximum_per_day.is_none_or(|most| today <= most),
            "R34"
        );
    }

    pub fn begin_top_up(&mut self) {
        let customer = self.customer();
        let method = self.chance.of(&[
            TopUpMethod::CreditCard,
            TopUpMethod::DebitCard,
            TopUpMethod::Paypal,
            TopUpMethod::Wire,
        ]);
        let limits = self.world.books.terms.top_up_limits(method);
        let mut edges = vec![units(limits.minimum)];
        if self.world.books.customers.get(&customer).is_some() {
            let today = oracle::paid_in(&self.world, customer, method);
            edges.extend(limits.maximum.map(units));
            edges.extend(limits.maximum_per_day.map(|most| units(most - today)));
        }
        let wants_token = method != TopUpMethod::Wire;
        let command = BeginTopUp {
            by: self.party(customer),
            customer,
            amount: self.cents(&edges),
            method,
            payment_token: (wants_token != self.chance.percent(3)).then(|| "tok".into()),
        };
        let foreseen = if !command.amount.is_positive() {
            Some(Reason::AmountNotPositive)
        } else if command.amount.units() % 100 != 0 {
            Some(Reason::AmountNotWholeCents)
        } else {
            self.may_act(command.by, customer)
                .or_else(|| self.closed(customer))
        };
        let within = command.amount >= limits.minimum
            && oracle::limit(&self.world, customer, method, command.amount);
        let begun = self.decide(&command, Foreseen::Anything);
        let refused = begun.as_ref().err().map(|refusal| &refusal.reason);
        let has_token = command.payment_token.is_some();
        match foreseen {
            Some(reason) => assert_eq!(refused, Some(&reason)),
            None if wants_token != has_token => {
                assert!(matches!(refused, Some(Reason::InvalidInput(_))));
            }
            None if within => assert_eq!(refused, None, "R34"),
            None => assert!(matches!(refused, Some(Reason::TopUpMethodLimit(_))), "R34"),
        }
        if let Ok(top_up) = begun {
            assert_eq!(top_up.amount, command.amount);
            self.began(&top_up);
        }
    }

    fn top_up(&mut self) -> TopUpId {
        let rows: Vec<_> = self
            .world
            .books
            .top_ups
            .iter()
            .map(|(_, row)| row)
            .collect();
        let pending: Vec<_> = rows
            .iter()
            .filter(|row| row.state == TopUpState::Pending)
            .map(|row| row.id)
            .collect();
        let all: Vec<_> = rows.iter().map(|row| row.id).collect();
        let rare = self.chance.percent(20);
        let found = self.chance.maybe(if rare { &all } else { &pending });
        found.unwrap_or(TopUpId::from_uuid(Uuid::from_u128(u128::MAX)))
    }

    fn finish_top_up(&mut self) {
        if self.world.books.top_ups.iter().count() == 0 && self.chance.percent(90) {
            return self.begin_top_up();
        }
        let id = self.top_up();
        let approved = self.chance.percent(70);
        let said = if approved {
            GatewaySaid::Approved {
                reference: name("ch_1"),
            }
        } else {
            GatewaySaid::Declined
        };
        let command = FinishTopUp { top_up: id, said };
        let before = self.world.books.top_ups.get(&id).cloned();
        let foreseen = before.is_none().then(|| Reason::NotFound("top-up".into()));
        let finished = self.decide(&command, foreseen);
        let (Ok(finished), Some(before)) = (finished, before) else {
            return;
        };
        match (before.state, finished) {
            (TopUpState::Pending, Finished::Settled { top_up, charge, .. }) => {
                assert!(approved);
                assert_eq!(top_up.state, TopUpState::Settled);
                assert_eq!(
                    charge.is_some(),
                    before.product_id.is_some(),
                    "both or neither"
                );
            }
            (TopUpState::Pending, Finished::Failed { top_up, give_back }) => {
                assert_eq!(top_up.state, TopUpState::Failed);
                assert_eq!(top_up.transaction_id, None);
                assert_eq!(give_back, approved);
                assert!(!approved || before.product_id.is_some());
            }
            (TopUpState::Settled | TopUpState::Reversed, Finished::Settled { top_up, .. }) => {
                assert_eq!(top_up, before);
                self.nothing_changed();
            }
            (TopUpState::Failed, Finished::Failed { top_up, give_back }) => {
                assert_eq!(give_back, approved);
                // What was declined, and came after all, is given back from now on.
                if approved && before.give_back_since.is_none() {
                    assert_eq!(top_up.give_back_since, Some(self.world.now()));
                } else {
                    assert_eq!(top_up, before);
                    self.nothing_changed();
                }
            }
            (was, became) => panic!("{was} became {became:?}"),
        }
    }

    fn settle_top_up(&mut self) {
        let command = SettleTopUp {
            top_up: self.top_up(),
            reference: name("wire 1"),
        };
        let row = self.world.books.top_ups.get(&command.top_up);
        let foreseen = match row.map(|row| row.state) {
            None => Some(Reason::NotFound("top-up".into())),
            Some(TopUpState::Pending) => None,
            Some(state) => Some(Reason::IllegalState(state.to_string())),
        };
        let _ = self.decide(&command, foreseen);
    }

    pub fn transfer(&mut self) {
        let customer = self.customer();
        let known = self.world.books.customers.get(&customer).is_some();
        let its_own = known.then(|| open_agent(&self.world, customer)).flatten();
        let agent: AgentId = match its_own {
            Some(agent) if self.chance.percent(85) => agent,
            _ => self.chance.of(&self.world.agents),
        };
        let funding = self.model.funding(&self.world, agent);
        let commission = self.model.balance(Account::AgentCommission, agent.uuid());
        let command = TransferFunds {
            agent,
            customer,
            amount: self.amount(&[funding + commission, funding, commission]),
            memo: None,
        };
        let foreseen = oracle::transfer(&self.model, &self.world, &command);
        if let Ok(done) = self.decide(&command, foreseen) {
            assert_eq!(done.transfer.amount, command.amount);
            assert_eq!(done.transfer.customer_id, customer);
            let (a, b) = self.model.withdrawable(&self.world, agent);
            assert_eq!(units(done.balance.withdrawable), a + b);
        }
    }

    fn promo(&mut self) {
        let customer = self.customer();
        let command = GrantPromo {
            customer,
            amount: self.amount(&[10_000]),
            reason: name("welcome"),
        };
        let most = command.amount == Money::MAX;
        if most {
            return;
        }
        let known = self.world.books.customers.get(&customer).is_some();
        let foreseen = if !command.amount.is_positive() {
            Some(Reason::AmountNotPositive)
        } else if known {
            self.closed(customer)
        } else {
            Some(Reason::NotFound("customer".into()))
        };
        let before = self.model.balance(Account::CustomerPromo, customer.uuid());
        if self.decide(&command, foreseen).is_ok() {
            let after = self.model.balance(Account::CustomerPromo, customer.uuid());
            assert_eq!(after - before, units(command.amount));
        }
    }

    fn plan_fee(&mut self) {
        let now = self.world.now();
        let plans: Vec<_> = self
            .world
            .books
            .plans
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        let due: Vec<_> = plans
            .iter()
            .filter(|plan| plan.next_attempt_at.is_some_and(|at| at <= now))
            .cloned()
            .collect();
        let rare = due.is_empty() || self.chance.percent(10);
        let Some(plan) = self.chance.maybe(if rare { &plans } else { &due }) else {
            return;
        };
        let stale = self.chance.percent(10);
        let command = ChargePlanFee {
            plan: plan.id,
            period: plan.period - i32::from(stale),
        };
        let price = self.world.books.products[&plan.product_id].price;
        let covered = self.closed(plan.customer_id).is_none()
            && self.unaffordable(plan.customer_id, price).is_none();
        let outcome = self
            .decide(&command, Foreseen::Done)
            .expect("never refused");
        let after = self
            .world
            .books
            .plans
            .get(&plan.id)
            .expect("a plan")
            .clone();
        if stale || plan.next_attempt_at.is_none_or(|at| at > now) {
            assert_eq!(outcome, FeeOutcome::Stale);
            self.nothing_changed();
        } else if covered {
            assert_eq!(outcome, FeeOutcome::Charged);
            assert_eq!(after.state, PlanState::Active);
            assert_eq!(after.period, plan.period + 1);
            assert_eq!(after.next_attempt_at, Some(after.due_at));
            let charges = self.world.books.charges.iter();
            let mut charges = charges.filter(|(_, charge)| charge.created_at == now);
            assert!(
                charges.any(|(_, charge)| charge.plan_id == Some(plan.id)
                    && charge.occurred_at == plan.due_at)
            );
        } else {
            assert_eq!(outcome, FeeOutcome::PastDue);
            assert_eq!(after.state, PlanState::PastDue);
            assert_eq!((after.period, after.due_at), (plan.period, plan.due_at));
            assert_eq!(after.next_attempt_at, Some(now + TimeDelta::days(1)));
        }
    }

    fn cancel_plan(&mut self) {
        let plans: Vec<_> = self
            .world
            .books
            .plans
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        let Some(plan) = self.chance.maybe(&plans) else {
            let plan = PlanId::from_uuid(Uuid::from_u128(u128::MAX));
            let by = Party::Operator(LoginId::from_uuid(Uuid::from_u128(1)));
            let missing = Some(Reason::NotFound("plan".into()));
            let _ = self.decide(&CancelPlan { by, plan }, missing);
            return;
        };
        let by = self.party(plan.customer_id);
        let foreseen = match self.may_act(by, plan.customer_id) {
            Some(Reason::NotFound(_)) => Some(Reason::NotFound("plan".into())),
            Some(other) => Some(other),
            None if plan.state == PlanState::Cancelled => {
                Some(Reason::IllegalState("CANCELLED".into()))
            }
            None => None,
        };
        let command = CancelPlan { by, plan: plan.id };
        if let Ok(cancelled) = self.decide(&command, foreseen) {
            assert_eq!(cancelled.next_attempt_at, None);
        }
    }
}
