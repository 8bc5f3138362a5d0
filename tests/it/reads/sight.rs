use entity::*;
use serde_json::{Value, json};

use super::world::{ADA, BEN, CARL, DORA, EMIL, FAY, GUS, World, id};
use crate::support::db::on_both;

/// Every id that an operator can find, with what it is an id of.
async fn all_ids(world: &World) -> Vec<(String, String)> {
    let data = world
        .ask_operator(
            "{ agents { nodes { __typename id
                 commissions { nodes { __typename id } } transfers { nodes { __typename id } }
                 payouts { nodes { __typename id } } } }
               customers { nodes { __typename id charges { nodes { __typename id } }
                 topUps { nodes { __typename id } } plans { nodes { __typename id } } } }
               transactions(first: 100) { nodes { __typename id } }
               viewer { user { __typename id } } }",
        )
        .await;
    let mut ids = Vec::new();
    collect(&data, &mut ids);
    ids
}

fn collect(value: &Value, ids: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            if let (Some(Value::String(id)), Some(Value::String(of))) =
                (fields.get("id"), fields.get("__typename"))
            {
                ids.push((of.clone(), id.clone()));
            }
            fields.values().for_each(|value| collect(value, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

/// How many of each type somebody sees by `nodes`; each must be seen by `node` too, or by neither.
async fn seen(world: &World, who: u128, ids: &[(String, String)]) -> Value {
    let list = serde_json::to_string(&ids.iter().map(|(_, id)| id).collect::<Vec<_>>()).unwrap();
    let data = world
        .ask(
            who,
            &format!("{{ nodes(ids: {list}) {{ __typename id }} }}"),
        )
        .await;
    let mut counts = serde_json::Map::new();
    for (node, (of, id)) in data["nodes"].as_array().unwrap().iter().zip(ids) {
        if !node.is_null() {
            assert_eq!((&node["__typename"], &node["id"]), (&json!(of), &json!(id)));
            let count = counts.entry(of.clone()).or_insert(json!(0));
            *count = json!(count.as_u64().unwrap() + 1);
        }
    }
    Value::Object(counts)
}

#[tokio::test]
async fn r22_nobody_reads_anothers_by_any_id() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let ids = all_ids(&world).await;
        assert!(ids.len() > 50, "{}", ids.len());
        // Ada: herself, her account, Carl and Dora; what Carl, Dora and Gus paid while hers; Dora's top-up.
        assert_eq!(
            seen(&world, ADA, &ids).await,
            json!({ "Agent": 1, "Customer": 3, "Charge": 5, "Commission": 5, "TopUp": 2, "Plan": 1,
                    "Transfer": 1, "Payout": 1, "Transaction": 9 })
        );
        assert_eq!(
            seen(&world, BEN, &ids).await,
            json!({ "Agent": 1, "Customer": 3, "Charge": 2, "Commission": 2, "TopUp": 1, "Transaction": 3 })
        );
        assert_eq!(
            seen(&world, CARL, &ids).await,
            json!({ "Customer": 1, "Charge": 3, "TopUp": 1, "Plan": 1, "Transfer": 1, "Transaction": 5 })
        );
        assert_eq!(
            seen(&world, FAY, &ids).await,
            json!({ "Customer": 1, "Charge": 1, "TopUp": 1, "Transaction": 2 })
        );
    })
    .await;
}

#[tokio::test]
async fn strangers_and_machines_read_the_public_page_and_no_more() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let public = "{ program { minimumPayout maximumCommissionRate } products { nodes { code } }
            callRate(to: \"+12125550123\") { destination } viewer { sessionExpiresAt }
            serviceLimits { maxPageSize } }";
        let facts = json!({
            "program": { "minimumPayout": "20.0000", "maximumCommissionRate": "10.00" },
            "products": { "nodes": [{ "code": "line" }, { "code": "number" }] },
            "callRate": { "destination": "New York" },
            "viewer": null,
            "serviceLimits": { "maxPageSize": 100 },
        });
        assert_eq!(world.ask_as_stranger(public).await["data"], facts);
        assert_eq!(world.ask_as_switch(public).await["data"], facts);
        for (field, selection) in [
            ("customers", "{ totalCount }"),
            ("agents", "{ totalCount }"),
            ("transactions", "{ totalCount }"),
            ("applications", "{ totalCount }"),
            ("payouts", "{ totalCount }"),
            ("apiKeys", "{ name }"),
        ] {
            let query = format!("{{ {field} {selection} serviceLimits {{ maxPageSize }} }}");
            for (answer, code) in [
                (world.ask_as_stranger(&query).await, "UNAUTHENTICATED"),
                (world.ask_as_switch(&query).await, "FORBIDDEN"),
            ] {
                assert_eq!(answer["data"][field], Value::Null, "{field}");
                assert_eq!(answer["data"]["serviceLimits"]["maxPageSize"], 100);
                assert_eq!(answer["errors"][0]["extensions"]["code"], code);
            }
        }
        let answer = world.try_ask(CARL, "{ customers { totalCount } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn an_agent_sees_what_a_customer_paid_while_it_was_its_own() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let gus = id::<CustomerId>(GUS);
        let query = format!(
            "{{ node(id: \"{gus}\") {{ ... on Customer {{ name agent {{ displayName }} commissionEarned
                charges {{ totalCount nodes {{ externalId commission {{ amount }} }} }}
                topUps {{ totalCount }} transactions {{ nodes {{ kind entries {{ account amount }} }} }} }} }} }}"
        );
        assert_eq!(world.ask(ADA, &query).await["node"], Value::Null);
        assert_eq!(
            world.ask(BEN, &query).await["node"],
            json!({
                "name": "gus",
                "agent": { "displayName": "ben" },
                "commissionEarned": "0.1500",
                "charges": { "totalCount": 1, "nodes": [{ "externalId": "gus-new", "commission": { "amount": "0.1500" } }] },
                "topUps": null,
                "transactions": { "nodes": [
                    { "kind": "CHARGE", "entries": [{ "account": "agent:commission", "amount": "0.1500" }] },
                ] },
            })
        );
        // Ada keeps what she earned, and no longer learns whose it was.
        let query = "{ viewer { agent { commissions { nodes {
            amount customer { name } charge { externalId customer { name } } } } } } }";
        let data = world.ask(ADA, query).await;
        let commissions = data["viewer"]["agent"]["commissions"]["nodes"].as_array().unwrap();
        let old = commissions
            .iter()
            .find(|row| row["charge"]["externalId"] == "gus-old");
        let expected = json!({
            "amount": "0.1200", "customer": null, "charge": { "externalId": "gus-old", "customer": null },
        });
        assert_eq!(old, Some(&expected));
    })
    .await;
}

#[tokio::test]
async fn r24_an_agent_sees_all_of_a_customer_that_it_manages() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let dora = id::<CustomerId>(DORA);
        let query = format!(
            "{{ node(id: \"{dora}\") {{ ... on Customer {{ topUps {{ totalCount }}
                transactions {{ nodes {{ kind cause {{ __typename }} entries {{ account amount balanceAfter }} }} }} }} }} }}"
        );
        assert_eq!(
            world.ask(ADA, &query).await["node"],
            json!({
                "topUps": { "totalCount": 1 },
                "transactions": { "nodes": [
                    { "kind": "CHARGE", "cause": { "__typename": "Charge" }, "entries": [
                        { "account": "customer:cash", "amount": "-1.0000", "balanceAfter": "99.0000" },
                        { "account": "agent:commission", "amount": "0.0300", "balanceAfter": "0.9300" },
                    ] },
                    { "kind": "TOP_UP", "cause": { "__typename": "TopUp" }, "entries": [
                        { "account": "customer:cash", "amount": "100.0000", "balanceAfter": "100.0000" },
                    ] },
                ] },
            })
        );
    })
    .await;
}

#[tokio::test]
async fn r48_an_agents_transactions_tell_all_that_changed_its_balance() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let query = "{ transactions { totalCount nodes { kind cause { __typename }
              entries { account amount balanceAfter } } }
            viewer { agent { signupUrl commissionRate commissionRates { commissionRate effectiveTo setBy { email } }
              balance { funding commission reserved available withdrawable carry }
              customer { balance { cash } commissionEarned } } } }";
        let data = world.ask(ADA, query).await;
        assert_eq!(data["transactions"]["totalCount"], 8);
        assert_eq!(
            data["transactions"]["nodes"][0],
            json!({ "kind": "PAYOUT_RESERVED", "cause": { "__typename": "Payout" }, "entries": [
                { "account": "agent:funding", "amount": "-23.6500", "balanceAfter": "68.8500" },
                { "account": "agent:commission", "amount": "-1.3500", "balanceAfter": "0.0000" },
                { "account": "agent:reserved", "amount": "25.0000", "balanceAfter": "25.0000" },
            ] })
        );
        let agent = &data["viewer"]["agent"];
        let rates = agent["commissionRates"].as_array().unwrap();
        assert_eq!((rates.len(), &rates[0]["commissionRate"]), (2, &json!("5.00")));
        assert!(rates[0]["effectiveTo"].is_null() && rates[1]["effectiveTo"].is_string());
        assert!(rates[1]["setBy"].is_null());
        assert_eq!(agent["commissionRate"], "3.00");
        assert_eq!(
            agent["balance"],
            json!({ "funding": "68.8500", "commission": "0.0000", "reserved": "25.0000",
                    "available": "68.8500", "withdrawable": "68.8500", "carry": "0.00000000" })
        );
        assert_eq!(agent["customer"], json!({ "balance": { "cash": "68.8500" }, "commissionEarned": null }));
    })
    .await;
}

#[tokio::test]
async fn a_customer_sees_the_transfer_and_not_what_it_was_made_of() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let transfer = |fields: &str| {
            format!(
                "{{ transactions(filter: {{ kinds: [TRANSFER] }}) {{ nodes {{ kind cause {{ ... on Transfer {{
                    agent {{ displayName }} amount memo {fields} }} }} entries {{ account amount }} }} }} }}"
            )
        };
        let data = world.ask(CARL, &transfer("")).await;
        assert_eq!(
            data["transactions"]["nodes"],
            json!([{
                "kind": "TRANSFER",
                "cause": { "agent": { "displayName": "ada" }, "amount": "7.5000", "memo": "thanks" },
                "entries": [{ "account": "customer:cash", "amount": "7.5000" }],
            }])
        );
        let answer = world.try_ask(CARL, &transfer("fromCommission")).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
        assert_eq!(answer["data"]["transactions"]["nodes"][0]["cause"], Value::Null);
        let data = world.ask(CARL, "{ viewer { customer { charges { nodes { commission { id } } }
            commissionEarned agent { agentNumber displayName } } } }").await;
        let customer = &data["viewer"]["customer"];
        assert_eq!(customer["commissionEarned"], Value::Null);
        let charges = customer["charges"]["nodes"].as_array().unwrap();
        assert!(charges.iter().all(|charge| charge["commission"].is_null()));
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_transactions_sum_to_zero() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let data = world
            .ask_operator(
                "{ transactions(first: 100) { totalCount nodes { kind entries { account amount } } }
                   customers { totalCount } agents { totalCount nodes { displayName balance { reserved } } }
                   payouts { nodes { gross fee net state destination { paypalEmail } agent { displayName } } } }",
            )
            .await;
        let transactions = data["transactions"]["nodes"].as_array().unwrap();
        assert_eq!(data["transactions"]["totalCount"], transactions.len());
        for transaction in transactions {
            let entries = transaction["entries"].as_array().unwrap();
            let sum: Money = entries
                .iter()
                .map(|entry| Money::parse(entry["amount"].as_str().unwrap()).unwrap())
                .sum();
            assert_eq!(sum, Money::ZERO, "{transaction:#}");
        }
        assert_eq!(data["customers"]["totalCount"], 7);
        assert_eq!(data["agents"]["totalCount"], 2);
        assert_eq!(
            data["payouts"]["nodes"],
            json!([{ "gross": "25.0000", "fee": "0.0000", "net": "25.0000", "state": "REQUESTED",
                     "destination": { "paypalEmail": "ada.pays@example.com" }, "agent": { "displayName": "ada" } }])
        );
        let query = format!("{{ node(id: \"{}\") {{ id }} }}", world.payout);
        assert_eq!(world.ask(BEN, &query).await["node"], Value::Null);
        assert_eq!(world.ask(EMIL, &query).await["node"], Value::Null);
        assert!(world.ask(ADA, &query).await["node"].is_object());
    })
    .await;
}

#[tokio::test]
async fn r45_what_was_earned_on_a_customer_is_told_for_any_days_and_zone() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let carl = id::<CustomerId>(CARL);
        let earned = async |period: &str| {
            let query = format!(
                "{{ node(id: \"{carl}\") {{ ... on Customer {{ commissionEarned{period} }} }} }}"
            );
            world.try_ask(ADA, &query).await
        };
        assert_eq!(
            earned("").await["data"]["node"]["commissionEarned"],
            "1.2000"
        );
        let year =
            "(period: { from: \"2026-01-01\", to: \"2027-01-01\", timeZone: \"Asia/Tokyo\" })";
        assert_eq!(
            earned(year).await["data"]["node"]["commissionEarned"],
            "1.2000"
        );
        let long_ago = "(period: { from: \"2020-01-01\", to: \"2020-02-01\" })";
        assert_eq!(
            earned(long_ago).await["data"]["node"]["commissionEarned"],
            "0.0000"
        );
        let answer = earned("(period: { from: \"2020-1-1\", to: \"2020-02-01\" })").await;
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "period.from");
    })
    .await;
}
