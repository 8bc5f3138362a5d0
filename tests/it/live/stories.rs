//! Streams, as subscribers see them.

use agent_program::auth::{Actor, Origin};
use agent_program::graphql::cursor::{EventCursor, EventStream};
use agent_program::program::{ApprovePayout, Destination, RequestPayout, TransferFunds};
use entity::{AgentId, Email, Money, TypedId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::World;
use crate::support::db::on_both;

const ALL: &str =
    "subscription($after: String, $agent: ID) { agentEvents(after: $after, agentId: $agent) {
    __typename cursor balance { funding commission available withdrawable }
    ... on TransferEvent { transfer { amount } } ... on CustomerEvent { customer { id } } } }";
const COMMISSIONS: &str = "subscription($after: String) { commissionEvents(after: $after) {
    cursor commission { amount commissionRate customer { id } } balance { commission available withdrawable } } }";
const ACCOUNT: &str =
    "subscription($after: String, $id: ID) { accountEvents(after: $after, customerId: $id) {
    cursor transaction { kind } balance { cash promo available } } }";

fn cursor(stream: EventStream, seq: i64) -> String {
    EventCursor { stream, seq }.encode()
}

/// The position of the agent's newest event.
async fn newest(world: &World) -> String {
    let events = world
        .here
        .live
        .agent_events(&world.agent, world.agent_id, Some(0));
    let page = events.await.unwrap().page().await.unwrap();
    cursor(EventStream::Agent(world.agent_id), page.last().unwrap().seq)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_a_commission_is_told_with_the_balance_right_after_it() {
    on_both(|test| async {
        let world = World::new(test).await;
        let after = json!({ "after": newest(&world).await });
        let mut events = world.here.follow(&world.agent, COMMISSIONS, after);
        world.talk("call-1").await;
        world.talk("call-2").await;
        for sum in ["3.0000", "6.0000"] {
            let event = events.next().await;
            let commission = &event["commission"];
            assert_eq!(commission["amount"], "3.0000");
            assert_eq!(commission["commissionRate"], "3.00");
            assert_eq!(commission["customer"]["id"], world.customer_id.to_string());
            let balance = json!({ "commission": sum, "available": sum, "withdrawable": sum });
            assert_eq!(event["balance"], balance);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_two_streams_of_an_agent_share_their_cursors() {
    on_both(|test| async {
        let world = World::new(test).await;
        let start = json!({ "after": newest(&world).await });
        world.talk("call-1").await;
        // Told by `accountEvents` alone: it is nobody's commission, customer, transfer or payout.
        world.grant(world.agent.customer.unwrap()).await;
        let transfer = TransferFunds {
            agent: world.agent_id,
            customer: world.customer_id,
            amount: Money::from_units(10_000),
            memo: None,
        };
        world.here.ledger.run(transfer).await.unwrap();
        world.talk("call-2").await;
        let mut events = world.here.follow(&world.agent, ALL, start.clone());
        let mut told = Vec::new();
        for kind in ["CommissionEvent", "TransferEvent", "CommissionEvent"] {
            let event = events.next().await;
            assert_eq!(event["__typename"], kind);
            told.push(event);
        }
        assert_eq!(told[1]["transfer"]["amount"], "1.0000");
        assert_eq!(told[1]["balance"]["commission"], "2.0000");
        let after = |event: &Value| json!({ "after": event["cursor"] });
        for seen in &told[..2] {
            let mut resumed = world.here.follow(&world.agent, COMMISSIONS, after(seen));
            assert_eq!(resumed.next().await["cursor"], told[2]["cursor"]);
        }
        let transfers = ALL.replace("after: $after,", "after: $after, kinds: [TRANSFER],");
        let mut resumed = world.here.follow(&world.agent, &transfers, start);
        assert_eq!(resumed.next().await["cursor"], told[1]["cursor"]);
        let named = json!({ "after": told[0]["cursor"], "agent": world.agent_id.to_string() });
        let mut resumed = world.here.follow(&world.operator, ALL, named);
        assert_eq!(resumed.next().await["cursor"], told[1]["cursor"]);
        let first = cursor(EventStream::Agent(world.agent_id), 0);
        let mut resumed = world
            .here
            .follow(&world.agent, ALL, json!({ "after": first }));
        let begun = resumed.next().await;
        assert_eq!(begun["__typename"], "CommissionRateEvent");
        let joined = resumed.next().await;
        assert_eq!(joined["customer"]["id"], world.customer_id.to_string());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_elsewhere_is_expired() {
    on_both(|test| async {
        let world = World::new(test).await;
        let other = AgentId::from_uuid(Uuid::now_v7());
        for after in [
            "nonsense".to_owned(),
            String::new(),
            cursor(EventStream::Agent(other), 1),
            cursor(EventStream::Account(world.customer_id), 0),
            cursor(EventStream::Agent(world.agent_id), 1_000),
        ] {
            let after = json!({ "after": after });
            let mut events = world.here.follow(&world.agent, ALL, after);
            assert_eq!(events.end().await, "CURSOR_EXPIRED");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_who_may_not_follow_is_told_once() {
    on_both(|test| async {
        let world = World::new(test).await;
        let desk = "subscription { deskEvents { cursor } }";
        let own = json!({});
        let others = json!({ "id": world.customer_id.to_string() });
        for (who, document, variables, code) in [
            (None, ACCOUNT, &own, "UNAUTHENTICATED"),
            (None, COMMISSIONS, &own, "UNAUTHENTICATED"),
            (Some(&world.customer), COMMISSIONS, &own, "FORBIDDEN"),
            (Some(&world.customer), desk, &own, "FORBIDDEN"),
            (Some(&world.agent), desk, &own, "FORBIDDEN"),
            (Some(&world.agent), ACCOUNT, &others, "FORBIDDEN"),
            (Some(&world.operator), COMMISSIONS, &own, "BAD_USER_INPUT"),
        ] {
            let who = who.map_or(Actor::Anonymous, |who| Actor::Person(who.clone()));
            let mut events = world.here.follow_as(who, document, variables.clone());
            assert_eq!(events.end().await, code, "{document}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_is_told_as_it_stood() {
    on_both(|test| async {
        let world = World::new(test).await;
        for n in 0..10 {
            world.talk(&format!("call-{n}")).await;
        }
        let after = json!({ "after": newest(&world).await });
        let request = RequestPayout {
            agent: world.agent_id,
            amount: Money::from_units(200_000),
            destination: Destination::Paypal {
                email: Email::parse("ada@example.com").unwrap(),
            },
        };
        let payout = world.here.ledger.run(request).await.unwrap().payout.id;
        let approve = ApprovePayout {
            payout,
            operator: world.operator.login,
        };
        world.here.ledger.run(approve).await.unwrap();
        let document = "subscription($after: String) { agentEvents(after: $after, kinds: [PAYOUT]) {
            balance { reserved } ... on PayoutEvent { payout { id state decidedAt } } } }";
        let mut events = world.here.follow(&world.agent, document, after);
        let first = events.next().await;
        let id = payout.to_string();
        let stood = json!({ "id": id, "state": "REQUESTED", "decidedAt": null });
        assert_eq!(first["payout"], stood);
        assert_eq!(first["balance"]["reserved"], "20.0000");
        let second = events.next().await;
        assert_eq!(second["payout"]["state"], "APPROVED");
        assert!(second["payout"]["decidedAt"].is_string());
        let after = json!({ "after": cursor(EventStream::Desk, 0) });
        let document = "subscription($after: String) { deskEvents(after: $after) { subject { __typename id } } }";
        let mut desk = world.here.follow(&world.operator, document, after);
        assert_eq!(desk.next().await["subject"]["__typename"], "Application");
        let subject = json!({ "__typename": "Payout", "id": id });
        assert_eq!(desk.next().await["subject"], subject);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e25_the_claim_ends_the_agents_view_and_begins_the_customers() {
    on_both(|test| async {
        let world = World::new(test).await;
        let first = cursor(EventStream::Account(world.managed), 0);
        let variables = json!({ "after": first, "id": world.managed.to_string() });
        let mut events = world.here.follow(&world.agent, ACCOUNT, variables);
        world.grant(world.managed).await;
        let event = events.next().await;
        assert_eq!(event["transaction"]["kind"], "PROMO_GRANT");
        let balance = json!({ "cash": "0.0000", "promo": "0.0100", "available": "0.0100" });
        assert_eq!(event["balance"], balance);
        let mona = world.claim().await;
        assert_eq!(events.end().await, "FORBIDDEN");
        let after = json!({ "after": event["cursor"] });
        let mut own = world.here.follow(&mona, ACCOUNT, after);
        world.grant(world.managed).await;
        assert_eq!(own.next().await["balance"]["promo"], "0.0200");
        world
            .here
            .auth
            .sign_out(&mona, &Origin::default())
            .await
            .unwrap();
        assert_eq!(own.end().await, "UNAUTHENTICATED");
    })
    .await;
}
