//! Streams, from below the doors: what resumes, what is heard, and what ends.

mod stories;
mod world;

use agent_program::Error;
use agent_program::auth::Origin;
use agent_program::live::{Following, immature};
use agent_program::program::Terms;
use chrono::TimeDelta;
use entity::{AgentId, Money, TypedId, agent_event, commission};
use sea_orm::EntityTrait;
use uuid::Uuid;

use crate::support::db::{TestDb, on_both};
use world::{World, denied, soon};

type AgentEvents = Following<agent_event::Entity>;

/// The positions that come next.
async fn next(events: &mut AgentEvents) -> Vec<i64> {
    let page = soon(events.page()).await.unwrap();
    page.iter().map(|row| row.seq).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e25_wherever_one_comes_back_nothing_is_missing_and_nothing_comes_twice() {
    const CALLS: i64 = 40;
    on_both(|test| async {
        let world = World::new(test).await;
        let live = &world.here.live;
        let first = live.agent_events(&world.agent, world.agent_id, Some(0));
        let before = next(&mut first.await.unwrap()).await;
        let before = *before.last().expect("it has customers");
        let calls = async {
            for n in 0..CALLS {
                world.talk(&format!("call-{n}")).await;
            }
        };
        let resume = async {
            for after in before..before + CALLS {
                let events = live.agent_events(&world.agent, world.agent_id, Some(after));
                let mut seen = match events.await {
                    Ok(mut events) => next(&mut events).await,
                    Err(error) => panic!("after {after}: {error}"),
                };
                assert_eq!(seen[0], after + 1);
                seen.insert(0, after);
                assert!(seen.is_sorted_by(|a, b| a + 1 == *b), "{seen:?}");
            }
        };
        let follow = async {
            let mut events = live
                .agent_events(&world.agent, world.agent_id, Some(before))
                .await
                .unwrap();
            let mut seen = Vec::new();
            while seen.len() < usize::try_from(CALLS).unwrap() {
                seen.extend(next(&mut events).await);
            }
            assert_eq!(seen, (before + 1..=before + CALLS).collect::<Vec<_>>());
        };
        tokio::join!(calls, resume, follow);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_page_comes_in_pages() {
    on_both(|test| async {
        let world = World::new(test).await;
        let live = &world.here.live;
        let before = live.agent_events(&world.agent, world.agent_id, Some(0));
        let before = next(&mut before.await.unwrap()).await.len();
        let calls: Vec<String> = (0..230).map(|n| format!("call-{n}")).collect();
        let calls = calls.iter().map(|call| world.talk(call));
        futures_util::future::join_all(calls).await;
        let mut events = live
            .agent_events(&world.agent, world.agent_id, Some(0))
            .await
            .unwrap();
        assert_eq!(next(&mut events).await.len(), 200);
        assert_eq!(next(&mut events).await.len(), before + 30);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_position_a_stream_begins_now() {
    on_both(|test| async {
        let world = World::new(test).await;
        world.talk("before").await;
        let live = &world.here.live;
        let mut events = live
            .agent_events(&world.agent, world.agent_id, None)
            .await
            .unwrap();
        let newest = live.agent_events(&world.agent, world.agent_id, Some(0));
        let newest = *next(&mut newest.await.unwrap()).await.last().unwrap();
        let (seen, ()) = tokio::join!(next(&mut events), world.talk("after"));
        assert_eq!(seen, [newest + 1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_another_process_hears_of_it_at_once() {
    let world = World::new(TestDb::postgres().await).await;
    let there = world.process().await;
    let mut events = there
        .live
        .agent_events(&world.agent, world.agent_id, None)
        .await
        .unwrap();
    for call in ["first", "second", "third"] {
        let (seen, ()) = tokio::join!(next(&mut events), world.talk(call));
        assert_eq!(seen.len(), 1);
    }
    there
        .auth
        .sign_out(&world.customer, &Origin::default())
        .await
        .unwrap();
    let mut account = (world.here.live)
        .account_events(&world.operator, world.customer_id, None)
        .await
        .unwrap();
    let leaving = async {
        there
            .auth
            .sign_out(&world.operator, &Origin::default())
            .await
            .unwrap();
    };
    let (end, ()) = tokio::join!(soon(account.page()), leaving);
    assert!(matches!(denied(end), Error::Unauthenticated));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_a_stream_goes_on_where_it_was() {
    on_both(|test| async {
        let world = World::new(test).await;
        let live = &world.here.live;
        let events = live.agent_events(&world.agent, world.agent_id, Some(0));
        let last = *next(&mut events.await.unwrap()).await.last().unwrap();
        world.talk("meanwhile").await;
        let again = world.process().await;
        let events = again
            .live
            .agent_events(&world.agent, world.agent_id, Some(last));
        assert_eq!(next(&mut events.await.unwrap()).await, [last + 1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_was_never_reached_is_not_known() {
    on_both(|test| async {
        let world = World::new(test).await;
        let live = &world.here.live;
        for after in [-1, 1_000_000, i64::MAX] {
            let events = live.agent_events(&world.agent, world.agent_id, Some(after));
            assert!(matches!(denied(events.await), Error::CursorExpired));
        }
        let nobody = AgentId::from_uuid(Uuid::now_v7());
        let events = live.agent_events(&world.operator, nobody, None).await;
        assert!(matches!(denied(events), Error::Refused(_)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_session() {
    on_both(|test| async {
        let world = World::new(test).await;
        let (live, auth) = (&world.here.live, &world.here.auth);
        let mut waiting = live
            .agent_events(&world.agent, world.agent_id, None)
            .await
            .unwrap();
        let mut reading = live
            .agent_events(&world.agent, world.agent_id, Some(0))
            .await
            .unwrap();
        next(&mut reading).await;
        reading.still().await.unwrap();
        let leaving = async {
            auth.sign_out(&world.agent, &Origin::default())
                .await
                .unwrap();
        };
        let (end, ()) = tokio::join!(soon(waiting.page()), leaving);
        assert!(matches!(denied(end), Error::Unauthenticated));
        assert!(matches!(
            denied(reading.still().await),
            Error::Unauthenticated
        ));
        let anew = live.agent_events(&world.agent, world.agent_id, None).await;
        assert!(matches!(denied(anew), Error::Unauthenticated));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_its_session_runs_out() {
    on_both(|test| async {
        let world = World::new(test).await;
        let live = &world.here.live;
        let mut events = live
            .account_events(&world.customer, world.customer_id, None)
            .await
            .unwrap();
        world.grant(world.customer_id).await;
        assert_eq!(soon(events.page()).await.unwrap().len(), 1);
        // The token of ten minutes is the socket's matter, not the stream's.
        world.pass(TimeDelta::hours(1));
        events.still().await.unwrap();
        world.pass(TimeDelta::days(31));
        assert!(matches!(
            denied(events.still().await),
            Error::Unauthenticated
        ));
        world.grant(world.customer_id).await;
        let end = soon(events.page()).await;
        assert!(matches!(denied(end), Error::Unauthenticated));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e25_a_claim_ends_what_the_agent_saw_of_the_account() {
    on_both(|test| async {
        let world = World::new(test).await;
        let live = &world.here.live;
        world.grant(world.managed).await;
        let mut waiting = live
            .account_events(&world.agent, world.managed, None)
            .await
            .unwrap();
        let mut reading = live
            .account_events(&world.agent, world.managed, Some(0))
            .await
            .unwrap();
        assert_eq!(soon(reading.page()).await.unwrap().len(), 1);
        reading.still().await.unwrap();
        let (end, mona) = tokio::join!(soon(waiting.page()), world.claim());
        assert!(matches!(denied(end), Error::Forbidden));
        assert!(matches!(denied(reading.still().await), Error::Forbidden));
        world.grant(world.managed).await;
        let end = soon(reading.page()).await;
        assert!(matches!(denied(end), Error::Forbidden));
        let own = live.account_events(&mona, world.managed, Some(0)).await;
        assert_eq!(soon(own.unwrap().page()).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_nobody_follows_what_is_anothers() {
    on_both(|test| async {
        let world = World::new(test).await;
        let live = &world.here.live;
        let forbidden = |error| assert!(matches!(error, Error::Forbidden), "{error}");
        let agents = live.agent_events(&world.customer, world.agent_id, None);
        forbidden(denied(agents.await));
        let missing = entity::CustomerId::from_uuid(Uuid::now_v7());
        for account in [world.customer_id, missing] {
            let monitored = live.account_events(&world.agent, account, None);
            forbidden(denied(monitored.await));
        }
        let strangers = live.account_events(&world.customer, world.managed, None);
        forbidden(denied(strangers.await));
        forbidden(denied(live.desk_events(&world.agent, None).await));
        let mut desk = live.desk_events(&world.operator, Some(0)).await.unwrap();
        assert_eq!(soon(desk.page()).await.unwrap()[0].seq, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e09_what_was_inside_the_hold_period_is_told_as_of_each_event() {
    on_both(|test| async {
        let terms = Terms {
            payout_hold_days: 2,
            ..Terms::default()
        };
        let world = World::with_terms(test, terms).await;
        let live = &world.here.live;
        let mut events = live
            .agent_events(&world.agent, world.agent_id, None)
            .await
            .unwrap();
        world.talk("at first").await;
        world.pass(TimeDelta::days(1));
        futures_util::future::join(world.talk("a day later"), world.talk("and again")).await;
        world.pass(TimeDelta::hours(36));
        world.talk("when the first is mature").await;
        let db = &world.here.db;
        let mut page = Vec::new();
        while page.len() < 4 {
            page.extend(soon(events.page()).await.unwrap());
        }
        let all = commission::Entity::find().all(db.reader()).await.unwrap();
        let dollars = |figures: &[i64]| -> Vec<Money> {
            let figures = figures.iter();
            figures.map(|n| Money::from_units(n * 10_000)).collect()
        };
        for (from, figures) in [[3, 6, 9, 9].as_slice(), &[6, 9, 9], &[9, 9], &[9]]
            .into_iter()
            .enumerate()
        {
            let told = immature(db, &page[from..], &all).await.unwrap();
            assert_eq!(told, dollars(figures), "from {from}");
        }
    })
    .await;
}
