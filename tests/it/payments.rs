//! A processor that fails in every way it can: goods and money never both leave, and what is owed goes back.

use std::sync::Arc;
use std::sync::Mutex;

use agent_program::payments::{Charge, GatewayFault, PaymentGateway, Payments, Verdict};
use agent_program::program::{BeginCardPurchase, Party, Purchased, Reason};
use async_trait::async_trait;
use chrono::TimeDelta;
use entity::top_up::TopUpState;
use entity::{CustomerId, IdempotencyKey, Name, TopUpId, TypedId, charge, top_up};
use sea_orm::EntityTrait;
use serde_json::json;
use uuid::Uuid;

use crate::support::app::TestApp;

/// Says what it is told to, and remembers what it was asked.
#[derive(Default)]
struct Moody {
    charges: Mutex<Vec<Result<Verdict, GatewayFault>>>,
    refunds: Mutex<Vec<Result<Verdict, GatewayFault>>>,
    refunded: Mutex<Vec<TopUpId>>,
}

fn taken() -> Verdict {
    Verdict::Approved {
        reference: "ref-1".into(),
    }
}

fn silent() -> GatewayFault {
    GatewayFault("no answer".into())
}

#[async_trait]
impl PaymentGateway for Moody {
    async fn charge(&self, _: Charge) -> Result<Verdict, GatewayFault> {
        self.charges
            .lock()
            .unwrap()
            .pop()
            .expect("it was told what to say")
    }

    async fn refund(&self, top_up: TopUpId) -> Result<Verdict, GatewayFault> {
        self.refunded.lock().unwrap().push(top_up);
        self.refunds
            .lock()
            .unwrap()
            .pop()
            .expect("it was told what to say")
    }
}

struct Till {
    app: TestApp,
    gateway: Arc<Moody>,
    payments: Payments,
    customer: CustomerId,
}

impl Till {
    async fn open(app: TestApp) -> Self {
        let operator = app.operator().await;
        let input = json!({"code": "NUMBER", "name": "A number", "kind": "SERVICE", "price": "10"});
        operator
            .mutate("saveProduct", input, "product { id }")
            .await;
        let customer = app.customer().await;
        let gateway = Arc::new(Moody::default());
        let floors = &app.app;
        let payments = Payments::new(
            floors.db.clone(),
            floors.ledger.clone(),
            floors.clock.clone(),
            gateway.clone(),
        );
        Self {
            customer: CustomerId::parse(&customer.id).unwrap(),
            app,
            gateway,
            payments,
        }
    }

    fn charges(&self, says: Result<Verdict, GatewayFault>) {
        self.gateway.charges.lock().unwrap().push(says);
    }

    fn refunds(&self, says: Result<Verdict, GatewayFault>) {
        self.gateway.refunds.lock().unwrap().push(says);
    }

    fn refunded(&self) -> usize {
        self.gateway.refunded.lock().unwrap().len()
    }

    async fn buys(&self) -> Result<Purchased, Reason> {
        let begin = BeginCardPurchase {
            by: Party::Customer(self.customer),
            customer: self.customer,
            product_code: Name::parse("NUMBER").unwrap(),
            payment_token: "tok".into(),
        };
        let key = IdempotencyKey::parse("buy-1").unwrap();
        let answer = self
            .payments
            .purchase(None, Uuid::nil(), key, begin)
            .await
            .unwrap();
        answer.outcome.map_err(|refusal| refusal.reason)
    }

    async fn top_up(&self) -> top_up::Model {
        let db = &self.app.app.db;
        let rows = top_up::Entity::find().all(db.reader()).await.unwrap();
        assert_eq!(rows.len(), 1);
        rows.into_iter().next().unwrap()
    }

    async fn charge_count(&self) -> usize {
        let db = &self.app.app.db;
        charge::Entity::find().all(db.reader()).await.unwrap().len()
    }
}

on_both!(r25_a_purchase_that_settled_is_not_given_back_when_its_key_is_repeated);
async fn r25_a_purchase_that_settled_is_not_given_back_when_its_key_is_repeated(app: TestApp) {
    let till = Till::open(app).await;
    till.charges(Ok(taken()));
    let first = till.buys().await.unwrap();
    // The processor would be silent now; it is not even asked.
    till.charges(Err(silent()));
    assert_eq!(till.buys().await.unwrap().charge.id, first.charge.id);
    assert_eq!((till.refunded(), till.charge_count().await), (0, 1));
}

on_both!(r25_a_silent_processor_leaves_a_debt_that_is_asked_for_until_it_is_paid);
async fn r25_a_silent_processor_leaves_a_debt_that_is_asked_for_until_it_is_paid(app: TestApp) {
    let till = Till::open(app).await;
    till.charges(Err(silent()));
    till.refunds(Err(silent()));
    assert_eq!(till.buys().await, Err(Reason::PaymentDeclined));
    let failed = till.top_up().await;
    assert_eq!(failed.state, TopUpState::Failed);
    assert!(failed.give_back_since.is_some());

    till.refunds(Err(silent()));
    assert_eq!(till.payments.sweep().await.unwrap(), 0);
    assert!(till.top_up().await.give_back_since.is_some());
    till.refunds(Ok(taken()));
    assert_eq!(till.payments.sweep().await.unwrap(), 1);
    assert_eq!(till.top_up().await.give_back_since, None);
    assert_eq!(till.payments.sweep().await.unwrap(), 0);
    // Repeated, it stays declined, and nobody asks the processor.
    assert_eq!(till.buys().await, Err(Reason::PaymentDeclined));
    assert_eq!((till.refunded(), till.charge_count().await), (3, 0));
}

on_both!(r25_what_was_left_over_by_a_crash_comes_to_its_end);
async fn r25_what_was_left_over_by_a_crash_comes_to_its_end(app: TestApp) {
    let till = Till::open(app).await;
    let begin = BeginCardPurchase {
        by: Party::Customer(till.customer),
        customer: till.customer,
        product_code: Name::parse("NUMBER").unwrap(),
        payment_token: "tok".into(),
    };
    // The process dies between the intent and the processor.
    let key = IdempotencyKey::parse("buy-1").unwrap();
    let ledger = till.app.app.ledger.clone();
    ledger
        .submit(Uuid::nil(), key, begin)
        .await
        .unwrap()
        .outcome
        .unwrap();
    assert_eq!(
        till.payments.sweep().await.unwrap(),
        0,
        "it is asked about after a minute"
    );
    till.app.pass(TimeDelta::minutes(2));
    till.charges(Ok(taken()));
    assert_eq!(till.payments.sweep().await.unwrap(), 1);
    assert_eq!(till.top_up().await.state, TopUpState::Settled);
    let bought = till.buys().await.unwrap();
    assert_eq!(bought.charge.amount.to_string(), "10.0000");
    assert_eq!((till.refunded(), till.charge_count().await), (0, 1));
}
