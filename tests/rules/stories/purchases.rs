use agent_program::program::{
    BeginCardPurchase, CancelPlan, ChargePlanFee, Command, FeeOutcome, FinishTopUp, Finished,
    GatewaySaid, Needs, Party, PurchaseProduct, Reason, SettleTopUp,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::charge::ChargeKind;
use entity::customer::{CustomerStatus, Management};
use entity::plan::{self, PlanState};
use entity::product::ProductKind;
use entity::top_up::{self, TopUpMethod};

use super::scene::{Scene, illegal, lacks, operator, reason};
use crate::world::{money, name};

/// A price list of a service at 10, one of an odd price, and a plan at 5 a month.
fn shop() -> Scene {
    let mut scene = Scene::new();
    scene.product("number", ProductKind::Service, money("10"));
    scene.product("fax", ProductKind::Service, money("4.9951"));
    scene.product("greeting", ProductKind::Service, money("0"));
    scene.product("basic", ProductKind::Plan, money("5"));
    scene
}

impl Scene {
    fn by_card(&mut self, code: &str) -> Result<top_up::Model, Reason> {
        let customer = self.customer;
        reason(self.run(&BeginCardPurchase {
            by: Party::Customer(customer),
            customer,
            product_code: name(code),
            payment_token: "tok_approve".into(),
        }))
    }

    fn approved(&mut self, top_up: &top_up::Model) -> Finished {
        let said = GatewaySaid::Approved {
            reference: name("ch_1"),
        };
        let top_up = top_up.id;
        self.run(&FinishTopUp { top_up, said }).unwrap()
    }

    fn change_product(&mut self, which: usize, change: impl FnOnce(&mut entity::product::Model)) {
        let id = self.products[which];
        change(self.books.products.get_mut(&id).unwrap());
    }

    fn subscribed(&mut self) -> plan::Model {
        let bought = self.buy(self.customer, "basic").unwrap();
        bought.plan.expect("a plan runs")
    }

    fn fee(&mut self, plan: &plan::Model, period: i32) -> FeeOutcome {
        let plan = plan.id;
        self.run(&ChargePlanFee { plan, period }).unwrap()
    }

    fn plan(&self, plan: &plan::Model) -> plan::Model {
        self.books.plans.get(&plan.id).unwrap().clone()
    }

    fn is_now(&mut self, at: DateTime<Utc>) {
        self.books.now = at;
    }
}

#[test]
fn r31_only_what_is_on_the_list_is_sold() {
    let mut scene = shop();
    scene.give(scene.customer, "100", "0");
    let customer = scene.customer;
    assert_eq!(
        scene.buy(customer, "yacht"),
        Err(Reason::ProductNotAvailable)
    );
    scene.change_product(0, |product| product.available = false);
    assert_eq!(
        scene.buy(customer, "number"),
        Err(Reason::ProductNotAvailable)
    );
    assert_eq!(scene.by_card("number"), Err(Reason::ProductNotAvailable));
}

#[test]
fn r32_a_product_costs_everybody_the_same() {
    let mut scene = shop();
    let other = scene.agent(1_000);
    let customers = [
        scene.customer,
        scene.another(Some(other)),
        scene.another(None),
        scene.account_of(other),
    ];
    for customer in customers {
        scene.give(customer, "10", "0");
        let bought = scene.buy(customer, "number").unwrap();
        assert_eq!(bought.charge.amount, money("10"));
        assert_eq!(bought.plan, None);
        assert_eq!(scene.cash(customer), "0.0000");
    }
}

#[test]
fn r24_an_agent_buys_for_those_that_it_manages() {
    let mut scene = shop();
    scene.give(scene.customer, "100", "0");
    let (agent, customer) = (scene.agent, scene.customer);
    let command = PurchaseProduct {
        by: Party::Agent(agent),
        customer,
        product_code: name("number"),
    };
    assert_eq!(reason(scene.run(&command)), Err(Reason::NotManaged));
    scene.change_customer(customer, |file| {
        file.customer.management = Management::AgentManaged;
    });
    scene.run(&command).unwrap();
    scene.affiliate(customer, None);
    let missing = Err(Reason::NotFound("customer".into()));
    assert_eq!(reason(scene.run(&command)), missing);
}

#[test]
fn r41_an_agent_buys_for_its_own_account_with_its_commission() {
    let mut scene = shop();
    scene.endow("4", "6");
    let account = scene.account_of(scene.agent);
    let bought = scene.buy(account, "number").unwrap();
    assert_eq!(scene.earned(&bought.charge), None);
    assert_eq!(scene.money()[..2], ["0.0000", "0.0000"]);
}

#[test]
fn r41_a_commission_below_zero_lessens_what_its_account_can_buy() {
    let mut scene = shop();
    scene.endow("12", "-3");
    let account = scene.account_of(scene.agent);
    // The 12.00 would be enough, were it not for what the commission owes.
    let owes = Err(Reason::CommissionNegative);
    assert_eq!(scene.buy(account, "number"), owes);
    assert_eq!(
        scene.buy(account, "fax").unwrap().charge.amount.units(),
        49_951
    );
    assert_eq!(scene.money()[..2], ["7.0049", "-3.0000"]);
}

#[test]
fn e31_a_purchase_that_is_not_covered_is_refused() {
    let mut scene = shop();
    let customer = scene.customer;
    scene.give(customer, "9.9999", "0");
    assert_eq!(scene.buy(customer, "number"), lacks("9.9999", "10"));
    scene.give(customer, "9.9999", "0.0001");
    scene.buy(customer, "number").unwrap();
    scene.buy(customer, "greeting").unwrap();
    scene.change_customer(customer, |file| {
        file.customer.status = CustomerStatus::Suspended;
    });
    let refused = scene.buy(customer, "greeting");
    assert_eq!(refused, Err(Reason::CustomerNotActive));
}

#[test]
fn r25_what_is_bought_by_card_is_paid_by_card_alone() {
    let mut scene = shop();
    scene.give(scene.customer, "1", "20");
    let top_up = scene.by_card("fax").unwrap();
    assert_eq!(top_up.amount, money("5"), "whole cents (E11)");
    let Finished::Settled {
        charge: Some(charge),
        ..
    } = scene.approved(&top_up)
    else {
        panic!("it was bought");
    };
    assert_eq!(charge.promo_part, money("0"));
    assert_eq!(scene.credited(&charge).as_deref(), Some("0.1498"));
    assert_eq!(scene.cash(scene.customer), "1.0049");
    assert_eq!(scene.promo(scene.customer), "20.0000");
}

#[test]
fn e31_a_debt_of_calls_is_paid_off_before_a_card_buys_anything() {
    let mut scene = shop();
    scene.give(scene.customer, "-3", "0");
    let refused = scene.by_card("number").unwrap_err();
    assert!(matches!(refused, Reason::InsufficientFunds { .. }));

    let mut scene = shop();
    let top_up = scene.by_card("number").unwrap();
    scene.give(scene.customer, "-3", "0");
    let finished = scene.approved(&top_up);
    assert!(matches!(
        finished,
        Finished::Failed {
            give_back: true,
            ..
        }
    ));
    assert_eq!(scene.cash(scene.customer), "-3.0000");
}

#[test]
fn r34_what_is_bought_by_card_counts_toward_the_most_of_a_day() {
    let scene = shop();
    let customer = scene.customer;
    let command = BeginCardPurchase {
        by: Party::Customer(customer),
        customer,
        product_code: name("number"),
        payment_token: "tok_approve".into(),
    };
    let mut needs = Needs::default();
    command.needs(&mut needs);
    let of_cards = (customer, TopUpMethod::CreditCard);
    assert!(needs.paid_in.contains(&of_cards));
}

#[test]
fn r25_by_card_all_or_nothing() {
    let changes: [fn(&mut Scene); 4] = [
        |scene| scene.change_product(0, |product| product.available = false),
        |scene| scene.change_product(0, |product| product.price = money("10.01")),
        |scene| scene.change_product(0, |product| product.price = money("9.99")),
        |scene| {
            let customer = scene.customer;
            scene.change_customer(customer, |file| {
                file.customer.status = CustomerStatus::Closed;
            });
        },
    ];
    for change in changes {
        let mut scene = shop();
        let top_up = scene.by_card("number").unwrap();
        change(&mut scene);
        let Finished::Failed { give_back, .. } = scene.approved(&top_up) else {
            panic!("it cannot be bought any more");
        };
        assert!(give_back);
        assert!(scene.books.added.transactions.is_empty());
        assert_eq!(scene.cash(scene.customer), "0.0000");
    }
}

#[test]
fn r25_money_that_arrived_late_stays_on_the_account_where_it_buys_nothing() {
    let mut scene = shop();
    let top_up = scene.by_card("number").unwrap();
    scene.change_product(0, |product| product.available = false);
    let reference = name("by hand");
    let command = SettleTopUp {
        top_up: top_up.id,
        reference: reference.clone(),
    };
    scene.run(&command).unwrap();
    assert_eq!(scene.cash(scene.customer), "10.0000");
    let mut scene = shop();
    let top_up = scene.by_card("number").unwrap().id;
    scene.run(&SettleTopUp { top_up, reference }).unwrap();
    assert_eq!(scene.cash(scene.customer), "0.0000");
    assert_eq!(scene.money()[1], "0.3000");
}

#[test]
fn what_is_free_is_not_bought_by_card() {
    let mut scene = shop();
    assert!(matches!(
        scene.by_card("greeting"),
        Err(Reason::InvalidInput(_))
    ));
}

#[test]
fn r34_a_purchase_by_card_is_within_the_limits_of_cards() {
    let mut scene = shop();
    scene.change_product(0, |product| product.price = money("500.0001"));
    let refused = scene.by_card("number");
    assert!(matches!(refused, Err(Reason::TopUpMethodLimit(_))));
    scene.change_product(0, |product| product.price = money("500"));
    scene.by_card("number").unwrap();
    scene.by_card("number").unwrap();
    let refused = scene.by_card("fax");
    assert!(matches!(refused, Err(Reason::TopUpMethodLimit(_))));
}

#[test]
fn e04_a_plans_first_fee_is_charged_when_it_is_bought() {
    let mut scene = shop();
    scene.give(scene.customer, "5", "0");
    let bought = scene.buy(scene.customer, "basic").unwrap();
    let plan = bought.plan.unwrap();
    assert_eq!(bought.charge.kind, ChargeKind::PlanFee);
    assert_eq!(bought.charge.plan_id, Some(plan.id));
    assert_eq!((plan.state, plan.period), (PlanState::Active, 1));
    assert_eq!(plan.due_at.to_rfc3339(), "2026-02-05T10:00:00+00:00");
}

#[test]
fn e31_a_fee_is_charged_when_it_is_due_and_once() {
    let mut scene = shop();
    scene.give(scene.customer, "15", "0");
    let plan = scene.subscribed();
    scene.is_now(plan.due_at - TimeDelta::microseconds(1));
    assert_eq!(scene.fee(&plan, 1), FeeOutcome::Stale);
    scene.is_now(plan.due_at);
    assert_eq!(scene.fee(&plan, 1), FeeOutcome::Charged);
    assert_eq!(scene.fee(&plan, 1), FeeOutcome::Stale);
    assert_eq!(scene.fee(&plan, 2), FeeOutcome::Stale);
    assert_eq!(scene.cash(scene.customer), "5.0000");
    let next = scene.plan(&plan);
    assert_eq!(next.due_at.to_rfc3339(), "2026-03-05T10:00:00+00:00");
}

#[test]
fn e31_a_fee_that_is_not_covered_is_tried_daily_and_dated_when_it_was_due() {
    let mut scene = shop();
    scene.give(scene.customer, "9.9999", "0");
    let plan = scene.subscribed();
    for day in 0..3 {
        scene.is_now(plan.due_at + TimeDelta::days(day));
        assert_eq!(scene.fee(&plan, 1), FeeOutcome::PastDue);
        let tried = scene.plan(&plan);
        assert_eq!(tried.state, PlanState::PastDue);
        let tomorrow = scene.now() + TimeDelta::days(1);
        assert_eq!(tried.next_attempt_at, Some(tomorrow));
        assert_eq!(scene.fee(&plan, 1), FeeOutcome::Stale, "once a day");
    }
    scene.give(scene.customer, "5", "0");
    let agent = scene.agent;
    scene.set_rate(agent, plan.due_at + TimeDelta::hours(1), 1_000);
    scene.pass(TimeDelta::days(1));
    assert_eq!(scene.fee(&plan, 1), FeeOutcome::Charged);
    let paid = scene.plan(&plan);
    assert_eq!((paid.state, paid.period), (PlanState::Active, 2));
    let (_, fee) = scene
        .books
        .charges
        .iter()
        .find(|(_, charge)| charge.occurred_at == plan.due_at)
        .unwrap();
    assert_eq!(scene.credited(fee).as_deref(), Some("0.1500"), "E05");
}

#[test]
fn r31_a_plan_that_is_off_the_list_goes_on() {
    let mut scene = shop();
    scene.give(scene.customer, "20", "0");
    let plan = scene.subscribed();
    scene.change_product(3, |product| product.available = false);
    scene.is_now(plan.due_at);
    assert_eq!(scene.fee(&plan, 1), FeeOutcome::Charged);
}

#[test]
fn a_closed_accounts_fee_is_past_due() {
    let mut scene = shop();
    scene.give(scene.customer, "20", "0");
    let plan = scene.subscribed();
    let customer = scene.customer;
    scene.change_customer(customer, |file| {
        file.customer.status = CustomerStatus::Closed;
    });
    scene.is_now(plan.due_at);
    assert_eq!(scene.fee(&plan, 1), FeeOutcome::PastDue);
    assert_eq!(scene.cash(customer), "15.0000");
}

#[test]
fn a_plan_is_cancelled_by_its_own_and_once() {
    let mut scene = shop();
    scene.give(scene.customer, "20", "0");
    let plan = scene.subscribed();
    let (agent, stranger) = (scene.agent, scene.another(None));
    let mut cancel = |by| {
        let plan = plan.id;
        reason(scene.run(&CancelPlan { by, plan }))
    };
    let missing = Err(Reason::NotFound("plan".into()));
    assert_eq!(cancel(Party::Customer(stranger)), missing);
    assert_eq!(cancel(Party::Agent(agent)), Err(Reason::NotManaged));
    let cancelled = cancel(Party::Customer(plan.customer_id)).unwrap();
    assert_eq!(cancelled.state, PlanState::Cancelled);
    assert_eq!(cancelled.next_attempt_at, None);
    assert_eq!(cancel(Party::Operator(operator(1))), illegal("CANCELLED"));
    scene.is_now(plan.due_at);
    assert_eq!(scene.fee(&plan, 1), FeeOutcome::Stale);
    assert_eq!(scene.cash(scene.customer), "15.0000");
}
