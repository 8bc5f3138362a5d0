//! A clawback races what it would take back: what goes out is never more than what had been earned at that instant, and a
//! debt shows (E08, `program.md` 4.7).

use std::sync::Arc;

use agent_program::program::Terms;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp, TestCustomer};
use crate::support::caller::Caller;
use crate::support::dice::Dice;
use crate::support::sales::{agent_balance, charge, money, post, units};

const AGENTS: u64 = 10;
const ROUNDS: u64 = 100;

const OUT: &str = "agentBalance { commission available reserved }
    userErrors { code ... on InsufficientFundsError { available requested } }";

/// Who asks which server.
struct Seats {
    agent: Vec<Caller>,
    operator: Vec<Caller>,
}

/// What happened in the rounds of an agent: how often the money was out first, and how often it was taken back first.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    out: u64,
    back: u64,
}

/// One agent that earns, wants its money out, and has it taken back in the same moment.
struct Racer {
    app: Arc<TestApp>,
    seats: Seats,
    customer: TestCustomer,
    friend: TestCustomer,
    dice: Dice,
}

impl Racer {
    async fn new(app: Arc<TestApp>, other: &TestApp, seed: u64) -> Self {
        let (agent, operator): (TestAgent, Caller) =
            (app.agent("10.00").await, app.operator().await);
        let customer = app.customer_of(&agent).await;
        let friend = app.customer_of(&agent).await;
        let seats = Seats {
            agent: vec![other.with_token(agent.token()), agent.caller],
            operator: vec![other.with_token(operator.token()), operator],
        };
        Self {
            app,
            seats,
            customer,
            friend,
            dice: Dice::new(seed),
        }
    }

    /// Earns 20.0000, which is then asked for and taken back at once; and makes good what that left.
    async fn round(&mut self, outcome: &mut Outcome) {
        let (app, dice) = (self.app.clone(), &mut self.dice);
        let (agent, operator) = (
            dice.one_of(&self.seats.agent).clone(),
            dice.one_of(&self.seats.operator).clone(),
        );
        let earned = post(
            &operator,
            charge(&app, &self.customer.number, "CALL", "200.00"),
        )
        .await;
        let pays_out = dice.once_in(2);
        let key = app.new_key();
        let (field, input) = if pays_out {
            let paypal = json!({ "paypal": { "email": "ada@example.com" } });
            (
                "requestPayout",
                json!({ "amount": "20.00", "destination": paypal, "idempotencyKey": key }),
            )
        } else {
            (
                "transferFunds",
                json!({ "customerId": self.friend.id, "amount": "20.00", "idempotencyKey": key }),
            )
        };
        let shown = if pays_out { "payout" } else { "transfer" };
        let asks = {
            let agent = agent.clone();
            let document = format!(
                "mutation($input: {}{}Input!) {{ done: {field}(input: $input) {{ it: {shown} {{ id }} {OUT} }} }}",
                field[..1].to_uppercase(),
                &field[1..]
            );
            async move { agent.run(&document, json!({ "input": input })).await["done"].take() }
        };
        let refund = json!({ "chargeId": earned["id"], "reason": "Stolen", "idempotencyKey": app.new_key() });
        let takes = {
            let operator = operator.clone();
            async move {
                operator
                    .mutate("refundCharge", refund, "clawback { amount }")
                    .await
            }
        };
        // Neither is always first: whoever is begun later may be heard earlier.
        let (head_starts, swapped) = (dice.below(3), dice.once_in(2));
        let late = async move {
            for _ in 0..head_starts {
                tokio::task::yield_now().await;
            }
        };
        let (asked, taken) = if swapped {
            let taken = tokio::spawn(takes);
            late.await;
            (asks.await, taken.await.expect("a refund"))
        } else {
            let asked = tokio::spawn(asks);
            late.await;
            let taken = takes.await;
            (asked.await.expect("an answer"), taken)
        };
        assert_eq!(taken["clawback"]["amount"], "-20.0000");
        let owed = units(&agent_balance(&agent).await["commission"]);
        if asked["it"].is_null() {
            let error = &asked["userErrors"][0];
            assert_eq!(error["code"], "INSUFFICIENT_FUNDS", "{asked}");
            assert_eq!(
                (&error["available"], &error["requested"]),
                (&json!("0.0000"), &json!("20.0000"))
            );
            assert_eq!(owed, 0, "nothing went out");
            outcome.back += 1;
            return;
        }
        // It was there when it went out, and is owed now.
        assert_eq!(asked["userErrors"], json!([]));
        assert_eq!(asked["agentBalance"]["commission"], "0.0000");
        assert_eq!(owed, -200_000, "what was gone is owed");
        outcome.out += 1;
        self.makes_good(&agent, &operator, pays_out, &asked["it"]["id"])
            .await;
        assert_eq!(units(&agent_balance(&agent).await["commission"]), 0);
    }

    /// The money comes back: or, now and then, it is gone for good and the debt is written off.
    async fn makes_good(&mut self, agent: &Caller, operator: &Caller, pays_out: bool, id: &Value) {
        let app = self.app.clone();
        let key = || json!(app.new_key());
        match (pays_out, self.dice.once_in(8)) {
            (true, false) => {
                let input = json!({ "payoutId": id, "idempotencyKey": key() });
                agent.mutate("cancelPayout", input, "payout { id }").await;
            }
            (true, true) => {
                for field in ["approvePayout", "sendPayout", "settlePayout"] {
                    let mut input = json!({ "payoutId": id, "idempotencyKey": key() });
                    if field == "sendPayout" {
                        input["reference"] = json!("PP-1");
                    }
                    operator.mutate(field, input, "payout { id }").await;
                }
                self.writes_off(operator).await;
            }
            (false, false) => {
                let input =
                    json!({ "transferId": id, "reason": "Stolen", "idempotencyKey": key() });
                operator
                    .mutate("reverseTransfer", input, "transfer { id }")
                    .await;
            }
            (false, true) => self.writes_off(operator).await,
        }
    }

    async fn writes_off(&self, operator: &Caller) {
        let seen = self.seats.agent[0]
            .query("{ viewer { agent { id } } }")
            .await;
        let input = json!({
            "debtor": { "agentId": seen["viewer"]["agent"]["id"] }, "reason": "Gone", "idempotencyKey": self.app.new_key(),
        });
        operator
            .mutate("writeOff", input, "transaction { id }")
            .await;
    }
}

/// A thousand rounds, over two servers on one database.
async fn a_thousand_rounds(app: TestApp, other: TestApp) {
    let seed = Dice::seed("race");
    let app = Arc::new(app);
    let other = Arc::new(other);
    let races = (0..AGENTS).map(|nth| {
        let (app, other) = (app.clone(), other.clone());
        tokio::spawn(async move {
            let mut racer = Racer::new(app, &other, seed ^ nth).await;
            let mut outcome = Outcome::default();
            for _ in 0..ROUNDS {
                racer.round(&mut outcome).await;
            }
            let given = money(&racer.friend).await.0;
            (outcome, given)
        })
    });
    let mut all = Outcome::default();
    for race in join_all(races).await {
        let (outcome, given) = race.expect("a race");
        assert!(
            !given.starts_with('-'),
            "the friend keeps what it was given: {given}"
        );
        all.out += outcome.out;
        all.back += outcome.back;
    }
    println!("{all:?}");
    assert_eq!(all.out + all.back, AGENTS * ROUNDS);
    assert!(
        all.out > 0 && all.back > 0,
        "each was first sometimes: {all:?}"
    );
    app.prove().await;
}

on_both!(e08_a_clawback_races_a_payout_a_thousand_times);
async fn e08_a_clawback_races_a_payout_a_thousand_times(app: TestApp) {
    let other = app.beside(Terms::default()).await;
    a_thousand_rounds(app, other).await;
}
