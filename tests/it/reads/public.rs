use entity::*;
use serde_json::{Value, json};

use super::world::{ADA, BEN, CARL, World, id};
use crate::support::db::on_both;

#[tokio::test]
async fn r46_e33_anyone_reads_the_programs_facts_and_its_one_currency() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let answer = world
            .ask_as_stranger(
                "{ program { currencyCode minimumCommissionRate maximumCommissionRate minimumPayout
                     payoutHoldDays fundingWithdrawable claimAgentDays
                     payoutMethods { method fee minimumGross } topUpMethods { method minimum maximum } } }",
            )
            .await;
        let program = &answer["data"]["program"];
        assert_eq!(program["currencyCode"], "USD");
        assert_eq!(program["minimumCommissionRate"], "1.00");
        assert_eq!(program["claimAgentDays"], 30);
        assert_eq!(
            program["payoutMethods"],
            json!([
                { "method": "CHECK", "fee": "0.0000", "minimumGross": "20.0000" },
                { "method": "PAYPAL", "fee": "0.0000", "minimumGross": "20.0000" },
                { "method": "WIRE", "fee": "27.0000", "minimumGross": "27.0100" },
            ])
        );
        assert_eq!(program["topUpMethods"][3], json!({ "method": "WIRE", "minimum": "50.0000", "maximum": null }));
    })
    .await;
}

#[tokio::test]
async fn e21_a_signup_page_is_told_whose_number_it_is_and_nothing_of_a_typo() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let profile = async |number: &str| {
            let query = format!(
                "{{ agentProfile(agentNumber: \"{number}\") {{ agentNumber displayName }} }}"
            );
            let mut answer = world.ask_as_stranger(&query).await;
            assert!(answer.get("errors").is_none(), "{answer}");
            answer["data"]["agentProfile"].take()
        };
        let ada = AgentNumber::nth(1).to_string();
        let typed = format!(" {}-{} ", &ada[..4], &ada[4..]);
        assert_eq!(
            profile(&typed).await,
            json!({ "agentNumber": ada, "displayName": "ada" })
        );
        assert_eq!(profile(AgentNumber::nth(77).as_str()).await, Value::Null);
        assert_eq!(profile("12345678901234567890").await, Value::Null);
        assert_eq!(profile("").await, Value::Null);
    })
    .await;
}

#[tokio::test]
async fn r32_the_price_of_a_call_is_the_same_for_everybody() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let query = "{ callRate(to: \"+12125550123\") { prefix destination pricePerMinute initialIncrement }
            elsewhere: callRate(to: \"+13105550123\") { prefix } nowhere: callRate(to: \"+4930123456\") { prefix } }";
        let told = world.ask_as_stranger(query).await["data"].take();
        assert_eq!(
            told,
            json!({
                "callRate": { "prefix": "1212", "destination": "New York", "pricePerMinute": "0.0600", "initialIncrement": 60 },
                "elsewhere": { "prefix": "1" },
                "nowhere": null,
            })
        );
        assert_eq!(world.ask(CARL, query).await, told);
        assert_eq!(world.ask(ADA, query).await, told);
        let answer = world
            .ask_as_stranger("{ callRate(to: \"555-0123\") { prefix } program { name } }")
            .await;
        assert_eq!(answer["data"]["callRate"], Value::Null);
        assert!(answer["data"]["program"]["name"].is_string());
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["argument"], "to");
        assert_eq!(error["path"], json!(["callRate"]));
        assert!(!error["message"].as_str().unwrap().contains("555-0123"));
    })
    .await;
}

#[tokio::test]
async fn what_is_off_the_price_list_is_nobodys_to_find() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let (line, fax) = (id::<ProductId>(1), id::<ProductId>(3));
        let query = format!(
            "{{ products(kind: SERVICE) {{ totalCount nodes {{ code price commissionable }} }}
               nodes(ids: [\"{line}\", \"{fax}\", \"prd_x\", \"nonsense\", \"\"]) {{ id }} }}"
        );
        let told = world.ask_as_stranger(&query).await["data"].take();
        assert_eq!(
            told["products"],
            json!({ "totalCount": 1, "nodes": [{ "code": "number", "price": "10.0000", "commissionable": true }] })
        );
        assert_eq!(told["nodes"], json!([{ "id": line.to_string() }, null, null, null, null]));
        let told = world.ask_operator(&query).await;
        assert_eq!(told["nodes"][1], json!({ "id": fax.to_string() }));
    })
    .await;
}

#[tokio::test]
async fn at_most_100_nodes_are_asked_for_at_once() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let ids = |count: usize| format!("{{ nodes(ids: {:?}) {{ id }} }}", vec!["x"; count]);
        let answer = world.try_ask(ADA, &ids(101)).await;
        assert_eq!(answer["data"], Value::Null);
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "ids");
        let data = world.ask(ADA, &ids(100)).await;
        assert_eq!(data["nodes"].as_array().unwrap().len(), 100);
    })
    .await;
}

#[tokio::test]
async fn who_is_signed_in_sees_himself_and_another_only_as_a_profile() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let query = "{ viewer { user { id email roles } agent { displayName } customer { name
            agent { displayName } affiliation { method } plans { nodes { state nextChargeAt product { code } } } } } }";
        let carl = world.ask(CARL, query).await["viewer"].take();
        assert_eq!(carl["user"]["roles"], json!(["CUSTOMER"]));
        assert_eq!(carl["agent"], Value::Null);
        assert_eq!(carl["customer"]["agent"], json!({ "displayName": "ada" }));
        assert_eq!(carl["customer"]["affiliation"], json!({ "method": "LINK" }));
        let plan = &carl["customer"]["plans"]["nodes"][0];
        assert_eq!((&plan["state"], &plan["product"]["code"]), (&json!("ACTIVE"), &json!("line")));
        assert!(plan["nextChargeAt"].as_str().unwrap().ends_with('Z'));
        let ada = world.ask(ADA, query).await["viewer"].take();
        assert_eq!(ada["user"]["roles"], json!(["CUSTOMER", "AGENT"]));
        assert_eq!(ada["customer"]["agent"], Value::Null);
        let node = format!("{{ node(id: {}) {{ ... on User {{ email }} }} }}", carl["user"]["id"]);
        assert_eq!(world.ask(ADA, &node).await["node"], Value::Null);
        assert_eq!(world.ask(CARL, &node).await["node"], json!({ "email": "carl@example.com" }));
        assert_eq!(world.ask_operator(&node).await["node"], json!({ "email": "carl@example.com" }));
    })
    .await;
}

#[tokio::test]
async fn an_agent_names_another_agent_in_a_filter_and_finds_nothing() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let (ben, carl) = (id::<AgentId>(BEN), id::<CustomerId>(CARL));
        let query = format!(
            "{{ customers(filter: {{ agentId: \"{ben}\" }}) {{ totalCount nodes {{ id }} }}
               viewer {{ agent {{ commissions(filter: {{ customerId: \"{carl}\", kinds: [EARNED] }}) {{ totalCount nodes {{
                 base commissionRate exact amount state }} }} }} }} }}"
        );
        let data = world.ask(ADA, &query).await;
        assert_eq!(data["customers"], json!({ "totalCount": 0, "nodes": [] }));
        let commissions = &data["viewer"]["agent"]["commissions"];
        assert_eq!(commissions["totalCount"], 3);
        assert_eq!(
            commissions["nodes"][2],
            json!({ "base": "10.0000", "commissionRate": "3.00", "exact": "0.30000000", "amount": "0.3000", "state": "MATURED" })
        );
        let data = world.ask(BEN, &query).await;
        assert_eq!(data["customers"]["totalCount"], 2);
        assert_eq!(data["viewer"]["agent"]["commissions"]["totalCount"], 0);
        assert_eq!(world.ask_operator("{ customers { totalCount } }").await["customers"]["totalCount"], 7);
    })
    .await;
}
