//! Everything at once on one agent: nothing but refusals, nothing negative, and the books add up to what was answered.

use std::sync::Arc;

use agent_program::program::Terms;
use entity::Money;
use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp, TestCustomer, text};
use crate::support::caller::Caller;
use crate::support::dice::Dice;

const TASKS: u64 = 64;
const STEPS: u64 = 10;
const CUSTOMERS: usize = 8;
/// The first ones call, and may owe for it; the others only buy.
const CALLERS: usize = 4;

const BALANCE: &str = "agentBalance { available funding commission held reserved withdrawable }";

/// Who takes part. Of the callers there is one for each server.
struct World {
    agents: Vec<Caller>,
    operators: Vec<Caller>,
    /// Ids and account numbers.
    customers: Vec<(String, String)>,
    now: String,
}

/// What the answers said, in ten-thousandths.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    funding: i64,
    commission: i64,
    reserved: i64,
    customers: [i64; CUSTOMERS],
    refused: u32,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.funding += other.funding;
        self.commission += other.commission;
        self.reserved += other.reserved;
        self.refused += other.refused;
        for (sum, more) in self.customers.iter_mut().zip(other.customers) {
            *sum += more;
        }
    }

    fn reserve(&mut self, payout: &Value, sign: i64) {
        self.funding -= sign * units(&payout["fromFunding"]);
        self.commission -= sign * units(&payout["fromCommission"]);
        self.reserved += sign * units(&payout["gross"]);
    }
}

fn units(value: &Value) -> i64 {
    Money::parse(text(value)).expect("money").units()
}

/// One of 64.
struct Task {
    name: String,
    dice: Dice,
    world: Arc<World>,
    tally: Tally,
    keys: u32,
    open: Vec<String>,
    rows: Vec<(usize, Value)>,
}

impl Task {
    fn new(number: u64, seed: u64, world: Arc<World>) -> Self {
        Self {
            name: format!("task-{number}"),
            dice: Dice::new(seed ^ (number << 32)),
            world,
            tally: Tally::default(),
            keys: 0,
            open: Vec::new(),
            rows: Vec::new(),
        }
    }

    async fn run(mut self) -> Tally {
        for _ in 0..STEPS {
            match self.dice.below(100) {
                0..40 => self.transfer().await,
                40..65 => self.charges().await,
                65..75 => self.calls().await,
                75..90 => self.payout().await,
                _ => self.top_up().await,
            }
        }
        self.tally
    }

    fn new_key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.name, self.keys)
    }

    /// Asks under a key, now and then twice at once and at two servers: the answer, or nothing where it was refused as it
    /// may be.
    async fn keyed(
        &mut self,
        field: &str,
        mut input: Value,
        shown: &str,
        may: &[&str],
    ) -> Option<Value> {
        input["idempotencyKey"] = json!(self.new_key());
        let world = self.world.clone();
        let first = self.dice.one_of(&world.agents);
        let mut answer = if self.dice.once_in(4) {
            let other = world.agents.last().expect("a server");
            let (mut one, mut two) = tokio::join!(
                first.payload(field, input.clone(), shown),
                other.payload(field, input, shown),
            );
            let replayed = [one["replayed"].take(), two["replayed"].take()];
            assert!(replayed.contains(&json!(true)) && replayed.contains(&json!(false)));
            assert_eq!(one, two, "the same key is the same answer");
            one
        } else {
            first.payload(field, input, shown).await
        };
        if let Some(code) = answer["userErrors"][0]["code"].as_str() {
            assert!(may.contains(&code), "{field}: {code}");
            self.tally.refused += 1;
            return None;
        }
        for figure in [
            "available",
            "funding",
            "commission",
            "held",
            "reserved",
            "withdrawable",
        ] {
            if let Some(amount) = answer["agentBalance"][figure].as_str() {
                assert!(!amount.starts_with('-'), "{field}: {figure} is {amount}");
            }
        }
        Some(answer.take())
    }

    async fn transfer(&mut self) {
        let to = self.customer(CUSTOMERS);
        let amount = self.dice.amount(300_000);
        let input = json!({ "customerId": self.world.customers[to].0, "amount": amount });
        let shown = format!("transfer {{ amount fromFunding fromCommission }} {BALANCE} replayed");
        let done = self.keyed("transferFunds", input, &shown, &["INSUFFICIENT_FUNDS"]);
        if let Some(done) = done.await {
            let transfer = &done["transfer"];
            self.tally.funding -= units(&transfer["fromFunding"]);
            self.tally.commission -= units(&transfer["fromCommission"]);
            self.tally.customers[to] += units(&transfer["amount"]);
        }
    }

    async fn payout(&mut self) {
        const SHOWN: &str = "payout { id gross fromFunding fromCommission } replayed";
        let shown = format!("{SHOWN} {BALANCE}");
        if self.dice.once_in(2)
            && let Some(payout) = self.open.pop()
        {
            let input = json!({ "payoutId": payout });
            let done = self.keyed("cancelPayout", input, &shown, &[]).await;
            let done = done.expect("it is open, and nobody else's");
            self.tally.reserve(&done["payout"], -1);
            return;
        }
        let amount = format!("{}.{:02}", 20 + self.dice.below(20), self.dice.below(100));
        let to = json!({ "paypal": { "email": "ada@example.com" } });
        let input = json!({ "amount": amount, "destination": to });
        let done = self.keyed("requestPayout", input, &shown, &["INSUFFICIENT_FUNDS"]);
        if let Some(done) = done.await {
            self.tally.reserve(&done["payout"], 1);
            self.open.push(text(&done["payout"]["id"]).to_owned());
        }
    }

    async fn top_up(&mut self) {
        let amount = format!("{}.{:02}", 5 + self.dice.below(30), self.dice.below(100));
        let input =
            json!({ "amount": amount, "method": "DEBIT_CARD", "paymentToken": "tok_approve" });
        let shown = "topUp { amount state } replayed";
        let done = self.keyed("topUp", input, shown, &["TOP_UP_METHOD_LIMIT"]);
        if let Some(done) = done.await {
            assert_eq!(done["topUp"]["state"], "SETTLED");
            self.tally.funding += units(&done["topUp"]["amount"]);
        }
    }

    /// One to three services, of which some were sent before.
    async fn charges(&mut self) {
        let mut rows = Vec::new();
        for _ in 0..=self.dice.below(3) {
            if self.dice.once_in(5) && !self.rows.is_empty() {
                rows.push(self.rows[0].clone());
                continue;
            }
            let of = self.customer(CUSTOMERS);
            let row = json!({
                "externalId": self.new_key(), "accountNumber": self.world.customers[of].1, "kind": "SERVICE",
                "description": "A service", "amount": self.dice.amount(100_000), "occurredAt": self.world.now,
            });
            rows.push((of, row));
        }
        self.record("recordCharges", "charges", rows).await;
    }

    async fn calls(&mut self) {
        let of = self.customer(CALLERS);
        let row = json!({
            "externalId": self.new_key(), "accountNumber": self.world.customers[of].1, "to": "+12125550123",
            "answeredAt": self.world.now, "durationSeconds": self.dice.below(600),
        });
        self.record("recordCalls", "calls", vec![(of, row)]).await;
    }

    async fn record(&mut self, field: &str, list: &str, rows: Vec<(usize, Value)>) {
        let given: Vec<&Value> = rows.iter().map(|(_, row)| row).collect();
        let input = json!({ "source": self.name, list: given });
        let world = self.world.clone();
        let operator = self.dice.one_of(&world.operators);
        let shown = "results { replayed charge { amount commission { amount } } error { code } }";
        let done = operator.mutate(field, input, shown).await;
        let results = done["results"].as_array().expect("a list");
        for ((of, row), result) in rows.into_iter().zip(results) {
            if let Some(code) = result["error"]["code"].as_str() {
                assert_eq!(code, "INSUFFICIENT_FUNDS", "{result}");
                self.tally.refused += 1;
                continue;
            }
            let before = self
                .rows
                .iter()
                .any(|(_, known)| known["externalId"] == row["externalId"]);
            assert_eq!(result["replayed"], before, "{result}");
            if before {
                continue;
            }
            let charge = &result["charge"];
            self.tally.customers[of] -= units(&charge["amount"]);
            if !charge["commission"].is_null() {
                self.tally.commission += units(&charge["commission"]["amount"]);
            }
            if list == "charges" {
                self.rows.push((of, row));
            }
        }
    }

    fn customer(&mut self, of: usize) -> usize {
        let all: Vec<usize> = (0..of).collect();
        *self.dice.one_of(&all)
    }
}

/// What everybody has now.
async fn have(agent: &TestAgent, customers: &[TestCustomer]) -> Tally {
    let document = "{ viewer { agent { balance { funding commission reserved } } } }";
    let mut seen = agent.query(document).await;
    let balance = seen["viewer"]["agent"]["balance"].take();
    let mut tally = Tally {
        funding: units(&balance["funding"]),
        commission: units(&balance["commission"]),
        reserved: units(&balance["reserved"]),
        ..Tally::default()
    };
    for (sum, customer) in tally.customers.iter_mut().zip(customers) {
        // Not `available`, which is never below zero: a call may leave a debt.
        let document = "{ viewer { customer { balance { cash promo } } } }";
        let seen = customer.query(document).await;
        let balance = &seen["viewer"]["customer"]["balance"];
        *sum = units(&balance["cash"]) + units(&balance["promo"]);
    }
    tally
}

async fn storm(apps: &[TestApp]) {
    let seed = Dice::seed("storm");
    let app = &apps[0];
    let operator = app.operator().await;
    let rate = json!({ "prefix": "1", "destination": "USA", "pricePerMinute": "0.0198" });
    operator
        .mutate(
            "saveCallRates",
            json!({ "rates": [rate] }),
            "rates { prefix }",
        )
        .await;
    let agent = app.agent("7.77").await;
    app.wire(&operator, &agent, "900.00").await;
    let mut customers = Vec::new();
    for _ in 0..CUSTOMERS {
        let customer = app.customer_of(&agent).await;
        app.wire(&operator, &customer, "60.00").await;
        customers.push(customer);
    }
    let at = |who: &Caller| apps.iter().map(|app| app.with_token(who.token())).collect();
    let world = Arc::new(World {
        agents: at(&agent),
        operators: at(&operator),
        customers: customers
            .iter()
            .map(|it| (it.id.clone(), it.number.clone()))
            .collect(),
        now: app.now().to_rfc3339(),
    });
    let mut expected = have(&agent, &customers).await;
    let tasks = (0..TASKS).map(|number| tokio::spawn(Task::new(number, seed, world.clone()).run()));
    for task in tasks.collect::<Vec<_>>() {
        expected.add(&task.await.expect("a task that was only refused"));
    }
    println!("{} refusals", expected.refused);
    let found = have(&agent, &customers).await;
    expected.refused = 0;
    assert_eq!(found, expected);
    assert!(found.funding >= 0 && found.commission >= 0 && found.reserved >= 0);
    assert!(
        found.customers[CALLERS..].iter().all(|cash| *cash >= 0),
        "{found:?}"
    );
    app.prove().await;
}

on_both!(rule_9_and_7_in_a_storm_only_refusals_and_the_sums_agree);
async fn rule_9_and_7_in_a_storm_only_refusals_and_the_sums_agree(app: TestApp) {
    storm(&[app]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_9_and_7_in_a_storm_on_two_servers_of_one_postgres() {
    let app = TestApp::postgres().await;
    let other = app.beside(Terms::default()).await;
    storm(&[app, other]).await;
}
