//! Queries that are executed once for all who ask the same meanwhile: nobody is told what was read before he asked.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::bodies::served;
use crate::support::caller::Caller;
use crate::support::sales::{charge, post, units};
use crate::support::small::SmallServer;

async fn look(client: &Client, server: &SmallServer) -> u32 {
    let before = server.world.looks.load(Ordering::SeqCst);
    let asked = client
        .post(server.url())
        .json(&json!({ "query": "{ look }" }))
        .send();
    let answer: Value = asked.await.unwrap().json().await.unwrap();
    let told = answer["data"]["look"].as_u64().expect("a look");
    let told = u32::try_from(told).expect("few looks");
    assert!(told > before, "told of look {told}, asked after {before}");
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_the_same_at_once_is_told_by_few_executions_and_none_from_before_he_asked() {
    let server = SmallServer::start().await;
    let client = Client::new();
    let mut shared = false;
    for _ in 0..1_000 {
        let before = server.world.looks.load(Ordering::SeqCst);
        let told = join_all((0..20).map(|_| look(&client, &server))).await;
        let looks = server.world.looks.load(Ordering::SeqCst) - before;
        assert!(told.iter().all(|told| *told <= before + looks));
        // One that ran, and one for all who came meanwhile.
        shared |= looks <= 2;
        if shared {
            return;
        }
    }
    panic!("twenty who ask the same are never told by two executions");
}

/// The commission that an agent is told of, which is never less than what it has for certain.
async fn watches(url: &str, agent: &Caller, client: &Client) -> i64 {
    let query = "{ viewer { agent { balance { commission } } } }";
    let asked = client
        .post(url)
        .bearer_auth(agent.token())
        .json(&json!({ "query": query }))
        .send();
    let answer: Value = asked.await.unwrap().json().await.unwrap();
    assert!(answer["errors"].is_null(), "{answer:#}");
    units(&answer["data"]["viewer"]["agent"]["balance"]["commission"])
}

on_both!(what_is_posted_is_seen_by_whoever_asks_afterwards);
async fn what_is_posted_is_seen_by_whoever_asks_afterwards(app: TestApp) {
    let url = served(&app).await;
    let switch = app.machine("SWITCH").await;
    let agent = app.agent("10.00").await;
    let customer = app.customer_of(&agent).await;
    let client = Client::new();
    let certain = std::sync::atomic::AtomicI64::new(0);
    let over = std::sync::atomic::AtomicBool::new(false);
    let posting = async {
        for _ in 0..50 {
            let row = charge(&app, &customer.number, "CALL", "1.0000");
            assert_eq!(text(&post(&switch, row).await["amount"]), "1.0000");
            certain.fetch_add(1_000, Ordering::SeqCst);
        }
        over.store(true, Ordering::SeqCst);
    };
    let watching = join_all((0..8).map(|_| async {
        let mut asked = 0;
        while !over.load(Ordering::SeqCst) || asked == 0 {
            let before = certain.load(Ordering::SeqCst);
            let told = watches(&url, &agent.caller, &client).await;
            assert!(told >= before, "told {told}, and {before} was certain");
            asked += 1;
        }
        asked
    }));
    let (asked, ()) = tokio::join!(watching, posting);
    assert!(asked.iter().sum::<u32>() >= 8);
    assert_eq!(watches(&url, &agent.caller, &client).await, 50_000);
}
