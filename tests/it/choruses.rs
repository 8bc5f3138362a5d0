//! Streams that are executed once for all who asked the same: nobody notices but by the time that it takes.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::bodies::{Reader, served};
use crate::support::small::SmallServer;

async fn follow(server: &SmallServer, query: &str, variables: Value) -> Reader {
    let request = Client::new()
        .post(server.stream_url())
        .header("accept", "text/event-stream")
        .bearer_auth("good")
        .json(&json!({ "query": query, "variables": variables }));
    Reader::open(request).await
}

async fn hears(reader: &mut Reader, n: i32, name: &str) {
    let event = reader.event().await.expect("an event");
    assert_eq!(event.id, Some(n.to_string()));
    assert_eq!(event.json()["data"]["numbers"][name], n);
}

/// Says numbers, one after the other, until one is looked at by so many alone; answers how many were said.
async fn until_looked_at_by(looks: u32, server: &SmallServer, all: &mut [Reader]) -> i32 {
    for n in 1..=1_000 {
        let before = server.world.looks.load(Ordering::SeqCst);
        server.world.said.send_replace(n);
        join_all(all.iter_mut().map(|reader| hears(reader, n, "n"))).await;
        if server.world.looks.load(Ordering::SeqCst) - before == looks {
            return n;
        }
    }
    panic!("a number is still looked at more often")
}

#[tokio::test]
async fn who_asks_the_same_hears_one_execution() {
    let server = SmallServer::start().await;
    let query = "subscription($from: String) { numbers(after: $from) { n } }";
    let mut all = Vec::new();
    for _ in 0..20 {
        all.push(follow(&server, query, json!({})).await);
        all.push(follow(&server, query, json!({ "from": "0" })).await);
    }
    let said = until_looked_at_by(1, &server, &mut all).await;
    // Whoever comes later and has to catch up hears all of it, once, and then the others.
    let mut late = follow(&server, query, json!({ "from": "0" })).await;
    for n in 1..=said {
        hears(&mut late, n, "n").await;
    }
    let mut all: Vec<_> = all.into_iter().chain([late]).collect();
    for n in said + 1..said + 100 {
        let before = server.world.looks.load(Ordering::SeqCst);
        server.world.said.send_replace(n);
        join_all(all.iter_mut().map(|reader| hears(reader, n, "n"))).await;
        if server.world.looks.load(Ordering::SeqCst) - before == 1 {
            return;
        }
    }
    panic!("whoever came late never went with the others");
}

#[tokio::test]
async fn a_burst_reaches_everybody_whole_and_in_order() {
    const BURST: i32 = 1_000;
    let server = SmallServer::start().await;
    let query = "subscription { numbers { n } }";
    let mut all = Vec::new();
    for _ in 0..10 {
        all.push(follow(&server, query, json!({})).await);
    }
    let said = until_looked_at_by(1, &server, &mut all).await;
    server.world.said.send_replace(said + BURST);
    let read = all.iter_mut().map(async |reader| {
        for n in said + 1..=said + BURST {
            hears(reader, n, "n").await;
        }
    });
    join_all(read).await;
}

#[tokio::test]
async fn what_is_for_one_alone_is_executed_for_each() {
    let server = SmallServer::start().await;
    let query = "subscription { numbers { mine } }";
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(follow(&server, query, json!({})).await);
    }
    for n in 1..=20 {
        let before = server.world.looks.load(Ordering::SeqCst);
        server.world.said.send_replace(n);
        join_all(all.iter_mut().map(|reader| hears(reader, n, "mine"))).await;
        let looks = server.world.looks.load(Ordering::SeqCst) - before;
        assert!(looks >= 3, "{looks} looks at {n}");
    }
}

on_both!(when_one_of_them_signs_out_the_others_hear_on);
async fn when_one_of_them_signs_out_the_others_hear_on(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    let operator = app.operator().await;
    let url = served(&app).await;
    let query = "subscription { commissionEvents { cursor commission { charge { externalId } } } }";
    let follow = async |token: &str| {
        let request = Client::new()
            .post(format!("{url}/stream"))
            .header("accept", "text/event-stream")
            .bearer_auth(token)
            .json(&json!({ "query": query }));
        Reader::open(request).await
    };
    let earn = async |n: u32| {
        let row = json!({
            "externalId": format!("c-{n}"), "accountNumber": customer.number, "kind": "CALL",
            "description": "A call", "amount": "1.0000", "occurredAt": app.now().to_rfc3339(),
        });
        let input = json!({ "source": "switch", "charges": [row] });
        operator
            .mutate("recordCharges", input, "results { error { code } }")
            .await;
    };
    let hears = async |reader: &mut Reader, n: u32| {
        let event = reader.event().await.expect("an event").json();
        let charge = &event["data"]["commissionEvents"]["commission"]["charge"];
        assert_eq!(charge["externalId"], format!("c-{n}"), "{event}");
    };
    // Two more sessions of the same agent; the first one's stream is the one that all hear.
    let others = [
        app.sign_in(&agent.email).await,
        app.sign_in(&agent.email).await,
    ];
    let mut first = follow(agent.token()).await;
    let mut second = follow(others[0].token()).await;
    let mut third = follow(others[1].token()).await;
    for n in 0..5 {
        earn(n).await;
        for reader in [&mut first, &mut second, &mut third] {
            hears(reader, n).await;
        }
    }
    agent.mutate("signOut", json!(null), "").await;
    let last = first.event().await.expect("a last word").json();
    let code = &last["errors"][0]["extensions"]["code"];
    assert_eq!(text(code), "UNAUTHENTICATED", "{last}");
    for n in 5..10 {
        earn(n).await;
        for reader in [&mut second, &mut third] {
            hears(reader, n).await;
        }
    }
}
