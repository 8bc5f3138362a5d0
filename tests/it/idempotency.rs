//! The same key: the same answer and one posting, however many ask at once, a refusal too.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::payouts::{check, paypal};
use crate::support::app::{TestAgent, TestApp, TestCustomer};
use crate::support::caller::Caller;

/// How many ask at once.
const AT_ONCE: usize = 16;

/// A mutation with a key, and all of its answer.
struct Request {
    field: &'static str,
    input: Value,
    shown: &'static str,
}

struct World {
    operator: Caller,
    agent: TestAgent,
    customer: TestCustomer,
}

impl World {
    async fn new(app: &TestApp) -> Self {
        let operator = app.operator().await;
        let product =
            json!({ "code": "PHONE", "name": "A telephone", "kind": "PLAN", "price": "10" });
        operator
            .mutate("saveProduct", product, "product { id }")
            .await;
        let agent = app.agent("3.00").await;
        let customer = app.customer_of(&agent).await;
        Self {
            operator,
            agent,
            customer,
        }
    }

    /// What an agent asks for under a key.
    fn requests(&self) -> Vec<Request> {
        vec![
            Request {
                field: "transferFunds",
                input: json!({ "customerId": self.customer.id, "amount": "10.00", "memo": "May" }),
                shown: "transfer { id amount createdAt } agentBalance { available }",
            },
            Request {
                field: "purchaseProduct",
                input: json!({ "productCode": "PHONE" }),
                shown: "charge { id amount } plan { id state }",
            },
            Request {
                field: "requestPayout",
                input: json!({ "amount": "20.00", "destination": check() }),
                shown: "payout { id net state } agentBalance { available reserved }",
            },
        ]
    }

    /// What a card pays for.
    fn by_card(token: &str) -> Vec<Request> {
        vec![
            Request {
                field: "topUp",
                input: json!({ "amount": "25.00", "method": "CREDIT_CARD", "paymentToken": token }),
                shown: "topUp { id state amount }",
            },
            Request {
                field: "purchaseProduct",
                input: json!({ "productCode": "PHONE", "paymentToken": token }),
                shown: "charge { id amount } plan { id state }",
            },
        ]
    }

    async fn available(&self) -> String {
        let document =
            "{ viewer { agent { balance { available reserved } transactions { totalCount } } } }";
        self.agent.query(document).await.to_string()
    }
}

/// Asks; whether it was the first answer given again, and the answer without that.
async fn ask(who: &Caller, request: &Request, key: &str) -> (bool, Value) {
    let mut input = request.input.clone();
    input["idempotencyKey"] = json!(key);
    let shown = format!("{} replayed", request.shown);
    let mut payload = who.payload(request.field, input, &shown).await;
    let replayed = payload["replayed"].take();
    (replayed.as_bool().expect("a flag"), payload)
}

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"]
        .as_str()
        .unwrap_or_default()
}

on_both!(the_same_key_sixteen_times_at_once_is_one_posting);
async fn the_same_key_sixteen_times_at_once_is_one_posting(app: TestApp) {
    let world = World::new(&app).await;
    app.top_up(&world.agent, "100.00").await;
    let mut requests = world.requests();
    requests.extend(World::by_card("tok_approve"));
    for request in &requests {
        let key = app.new_key();
        let asked = (0..AT_ONCE).map(|_| ask(&world.agent, request, &key));
        let answers = join_all(asked).await;
        let first = answers.iter().filter(|(replayed, _)| !replayed).count();
        assert_eq!(
            first, 1,
            "{} was carried out once: {answers:#?}",
            request.field
        );
        for (_, answer) in &answers {
            assert_eq!(code(answer), "", "{answer}");
            assert_eq!(*answer, answers[0].1, "{}", request.field);
        }
        // And whenever it is asked again.
        let before = world.available().await;
        let (replayed, again) = ask(&world.agent, request, &key).await;
        assert!(replayed);
        assert_eq!(again, answers[0].1);
        assert_eq!(world.available().await, before);
    }
    // 100 - 10 - 10 - 20 reserved + 25 + (10 - 10).
    let seen = world
        .agent
        .query("{ viewer { agent { balance { available reserved } } } }");
    assert_eq!(
        seen.await["viewer"]["agent"]["balance"],
        json!({ "available": "85.0000", "reserved": "20.0000" })
    );
    app.prove().await;
}

on_both!(a_refusal_stays_refused_though_it_would_succeed_later);
async fn a_refusal_stays_refused_though_it_would_succeed_later(app: TestApp) {
    let world = World::new(&app).await;
    let mut refusals = Vec::new();
    for request in world.requests() {
        let key = app.new_key();
        let asked = (0..AT_ONCE).map(|_| ask(&world.agent, &request, &key));
        let answers = join_all(asked).await;
        let first = answers.iter().filter(|(replayed, _)| !replayed).count();
        assert_eq!(first, 1, "{}", request.field);
        for (_, answer) in &answers {
            assert_eq!(code(answer), "INSUFFICIENT_FUNDS");
            assert_eq!(*answer, answers[0].1);
        }
        refusals.push((request, key, answers[0].1.clone()));
    }
    for request in World::by_card("tok_decline") {
        let key = app.new_key();
        let (replayed, answer) = ask(&world.agent, &request, &key).await;
        assert_eq!((replayed, code(&answer)), (false, "PAYMENT_DECLINED"));
        refusals.push((request, key, answer));
    }
    app.top_up(&world.agent, "100.00").await;
    let before = world.available().await;
    for (request, key, refused) in &refusals {
        let (replayed, again) = ask(&world.agent, request, key).await;
        assert!(replayed, "{}", request.field);
        assert_eq!(again, *refused, "with the figures of then");
    }
    assert_eq!(world.available().await, before);
    // Under another key it is another request.
    for request in world.requests() {
        let (replayed, answer) = ask(&world.agent, &request, &app.new_key()).await;
        assert_eq!((replayed, code(&answer)), (false, ""), "{answer}");
    }
    app.prove().await;
}

on_both!(a_key_is_for_one_request);
async fn a_key_is_for_one_request(app: TestApp) {
    let world = World::new(&app).await;
    app.top_up(&world.agent, "100.00").await;
    let requests = world.requests();
    let key = app.new_key();
    let (_, first) = ask(&world.agent, &requests[0], &key).await;
    let other_amount = Request {
        input: json!({ "customerId": world.customer.id, "amount": "10.01", "memo": "May" }),
        ..world.requests().remove(0)
    };
    let no_memo = Request {
        input: json!({ "customerId": world.customer.id, "amount": "10.00" }),
        ..world.requests().remove(0)
    };
    let before = world.available().await;
    for request in [&other_amount, &no_memo, &requests[1], &requests[2]] {
        let (replayed, refused) = ask(&world.agent, request, &key).await;
        assert!(!replayed);
        assert_eq!(code(&refused), "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(
            refused["userErrors"][0]["field"],
            json!(["input", "idempotencyKey"])
        );
    }
    assert_eq!(world.available().await, before);
    // The first request is answered as ever; and it is the same amount however it is written.
    let (replayed, again) = ask(&world.agent, &requests[0], &key).await;
    assert_eq!((replayed, &again), (true, &first));
    let same = Request {
        input: json!({ "customerId": world.customer.id, "amount": "10.0000", "memo": "May" }),
        ..world.requests().remove(0)
    };
    assert_eq!(ask(&world.agent, &same, &key).await, (true, first));
    app.prove().await;
}

on_both!(of_different_requests_at_once_under_one_key_one_is_carried_out);
async fn of_different_requests_at_once_under_one_key_one_is_carried_out(app: TestApp) {
    let world = World::new(&app).await;
    app.top_up(&world.agent, "100.00").await;
    let key = app.new_key();
    let requests: Vec<Request> = (1..=AT_ONCE)
        .map(|cents| Request {
            input: json!({ "customerId": world.customer.id, "amount": format!("1.{cents:02}") }),
            ..world.requests().remove(0)
        })
        .collect();
    let answers = join_all(requests.iter().map(|it| ask(&world.agent, it, &key))).await;
    let done = answers.iter().filter(|(_, answer)| code(answer).is_empty());
    assert_eq!(done.count(), 1);
    let reused = answers
        .iter()
        .filter(|(_, answer)| code(answer) == "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(reused.count(), AT_ONCE - 1);
    app.prove().await;
}

on_both!(a_key_is_its_actors_own);
async fn a_key_is_its_actors_own(app: TestApp) {
    let world = World::new(&app).await;
    let other = app.agent("3.00").await;
    let key = "the-same-key";
    let [request, _] = World::by_card("tok_approve").try_into().ok().expect("two");
    let mut ids = Vec::new();
    for who in [&*world.agent, &*other, &*world.customer] {
        let (replayed, answer) = ask(who, &request, key).await;
        assert!(!replayed);
        ids.push(answer["topUp"]["id"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // Another session is the same actor.
    let again = app.sign_in(&world.agent.email).await;
    let (replayed, answer) = ask(&again, &request, key).await;
    assert_eq!((replayed, &answer["topUp"]["id"]), (true, &ids[0]));
    app.prove().await;
}

on_both!(a_key_has_1_to_255_characters);
async fn a_key_has_1_to_255_characters(app: TestApp) {
    let world = World::new(&app).await;
    app.top_up(&world.agent, "100.00").await;
    let long = "k".repeat(256);
    let payout = json!({ "payoutId": "pay_0192f5a0c0de7000800000000000beef", "reason": "x", "reference": "x" });
    let top_up = json!({ "topUpId": "top_0192f5a0c0de7000800000000000beef", "reference": "x" });
    let promo = json!({ "customerId": world.customer.id, "amount": "1", "reason": "x" });
    let returned = json!({ "payoutId": payout["payoutId"], "reason": "x" });
    let mut all: Vec<(&Caller, &str, Value)> = vec![
        (&world.agent, "cancelPayout", payout.clone()),
        (&world.operator, "approvePayout", payout.clone()),
        (&world.operator, "rejectPayout", payout.clone()),
        (&world.operator, "sendPayout", payout.clone()),
        (&world.operator, "settlePayout", payout),
        (&world.operator, "returnPayout", returned),
        (&world.operator, "settleTopUp", top_up),
        (&world.operator, "grantPromo", promo),
    ];
    let asked = world
        .requests()
        .into_iter()
        .chain(World::by_card("tok_approve"));
    for request in asked {
        all.push((&world.agent, request.field, request.input));
    }
    for key in ["", long.as_str()] {
        for (who, field, input) in &all {
            let mut input = input.clone();
            input["idempotencyKey"] = json!(key);
            let refused = who.refused(field, input).await;
            assert_eq!(
                (refused.code.as_str(), refused.field.as_str()),
                ("INVALID_INPUT", "idempotencyKey"),
                "{field}"
            );
        }
    }
    for key in ["k", &long[..255]] {
        let input = json!({ "amount": "20.00", "destination": paypal(), "idempotencyKey": key });
        world
            .agent
            .mutate("requestPayout", input, "payout { id }")
            .await;
    }
    app.prove().await;
}
