//! Books of agents that were suspended, reinstated and closed, right and broken.

use agent_program::program::{
    CloseAgent, PayBonus, RatedCharge, RecordCharges, ReinstateAgent, SuspendAgent,
};
use agent_program::store::bulk;
use chrono::{DateTime, TimeDelta, Utc};
use entity::charge::ChargeKind;
use entity::{AssignmentId, Prose, TypedId, assignment};
use uuid::Uuid;

use super::broken::{Case, find_all};
use super::world::{
    World, account_number, agent_id, beginning, customer_id, money, name, operator,
};
use crate::support::db::on_both;

fn because() -> Prose {
    Prose::parse("Looked into").unwrap()
}

async fn suspend(world: &World, agent: u128) {
    let (operator, agent, reason) = (operator(8), agent_id(agent), because());
    world
        .run(SuspendAgent {
            operator,
            agent,
            reason,
        })
        .await;
}

/// A call of customer 2, answered then and reported now.
async fn call_at(world: &World, id: &str, occurred_at: DateTime<Utc>) {
    let charges = vec![RatedCharge {
        external_id: name(id),
        account_number: account_number(2),
        kind: ChargeKind::Call,
        description: name("Reported late"),
        amount: money("10"),
        commissionable: true,
        occurred_at,
    }];
    let source = name("billing");
    let rows = world.run(RecordCharges { source, charges }).await;
    rows[0].result.as_ref().unwrap();
}

/// Agent 2 is suspended and reinstated, suspended and closed; calls of all these times are reported afterwards. Agent 1 is
/// suspended at the end. Both were given bonuses.
async fn decided(world: &World) {
    let bonus = |agent, amount| PayBonus {
        agent: agent_id(agent),
        amount: money(amount),
        reason: name("Well done"),
    };
    suspend(world, 2).await;
    world.calls(12).await;
    let first = world.clock.now();
    let (reason, agent) = (because(), agent_id(2));
    let (olga, omar) = (operator(8), operator(9));
    world
        .run(ReinstateAgent {
            operator: omar,
            agent,
            reason: reason.clone(),
        })
        .await;
    let free = world.clock.now();
    world.run(bonus(2, "2.5")).await;
    suspend(world, 2).await;
    world.calls(12).await;
    let second = world.clock.now();
    world
        .run(CloseAgent {
            operator: olga,
            agent,
            reason,
        })
        .await;
    for (id, at) in [("first", first), ("free", free), ("second", second)] {
        call_at(world, id, at).await;
    }
    call_at(world, "after", world.clock.now()).await;
    suspend(world, 1).await;
    world.calls(12).await;
    world.run(bonus(1, "7")).await;
}

/// What the story of the world did with customer 2, as an operator's decision.
async fn assigned(world: &World) {
    let row = assignment::Model {
        id: AssignmentId::from_uuid(Uuid::now_v7()),
        customer_id: customer_id(2),
        from_agent_id: Some(agent_id(1)),
        to_agent_id: Some(agent_id(2)),
        reason: because(),
        set_by: operator(8),
        at: beginning() + TimeDelta::seconds(5),
    };
    let txn = world.db.begin_write().await.unwrap();
    bulk::insert_all::<assignment::Entity>(&txn, &[row])
        .await
        .unwrap();
    txn.commit().await.unwrap();
}

/// What is done to which table, and the rules that it breaks.
fn cases() -> Vec<Case> {
    let agent =
        |nth| format!("agent_id = (SELECT id FROM agent WHERE display_name = 'Agent {nth}')");
    let (first, second) = (agent(1), agent(2));
    let of_first = format!(
        "id = (SELECT id FROM commission WHERE {first} AND suspension_id IS NOT NULL AND amount > 0 AND kind = 'EARNED' LIMIT 1)"
    );
    vec![
        (
            "agent_standing",
            format!("UPDATE agent_standing SET ordinal = 5 WHERE {second} AND ordinal = 4"),
            &["STANDING_GAP"],
        ),
        (
            "agent",
            "UPDATE agent SET status = 'ACTIVE' WHERE display_name = 'Agent 1'".into(),
            &["STANDING_DIFFERS"],
        ),
        (
            "agent_standing",
            format!("UPDATE agent_standing SET status = 'SUSPENDED' WHERE {second} AND ordinal = 4"),
            &["FORFEIT_DIFFERS", "STANDING_ILLEGAL"],
        ),
        (
            "agent_event",
            "UPDATE agent_event SET subject_id = agent_id WHERE kind = 'STANDING' AND seq = (SELECT MAX(seq) \
             FROM agent_event WHERE kind = 'STANDING')"
                .into(),
            &["STANDING_UNTOLD"],
        ),
        (
            "commission",
            format!("UPDATE commission SET suspension_id = NULL WHERE {of_first}"),
            &["COMMISSION_HELD_DIFFERS", "HELD_DIFFERS", "SUSPENSION_DIFFERS"],
        ),
        (
            "commission",
            format!("UPDATE commission SET held = NOT held WHERE {of_first}"),
            &["COMMISSION_ENTRIES_DIFFER", "COMMISSION_HELD_DIFFERS"],
        ),
        (
            "agent_balance",
            format!("UPDATE agent_balance SET held = held + 1 WHERE {first}"),
            &["BALANCE_DIFFERS", "HELD_DIFFERS"],
        ),
        (
            "agent_standing",
            format!("UPDATE agent_standing SET transaction_id = NULL WHERE {second} AND status = 'CLOSED'"),
            &["STANDING_TRANSACTION_DIFFERS", "STANDING_UNTOLD"],
        ),
        (
            "transaction",
            "UPDATE \"transaction\" SET kind = 'COMMISSION_FORFEITED' WHERE kind = 'COMMISSION_RELEASED'".into(),
            &["STANDING_TRANSACTION_DIFFERS"],
        ),
        (
            "transaction",
            "UPDATE \"transaction\" SET cause_id = (SELECT id FROM commission WHERE suspension_id IS NULL LIMIT 1) \
             WHERE kind = 'COMMISSION_FORFEITED' AND cause = 'COMMISSION'"
                .into(),
            &["FORFEIT_DIFFERS"],
        ),
        (
            "affiliation",
            format!(
                "UPDATE affiliation SET until = NULL WHERE {second} AND customer_id = (SELECT customer_id FROM agent \
                 WHERE display_name = 'Agent 1')"
            ),
            &["AFFILIATION_UNDUE"],
        ),
        (
            "assignment",
            "UPDATE assignment SET from_agent_id = to_agent_id".into(),
            &["ASSIGNMENT_DIFFERS"],
        ),
        (
            "commission",
            format!(
                "DELETE FROM commission WHERE {second} AND charge_id = (SELECT id FROM charge WHERE external_id = 'free')"
            ),
            &[
                "AGENT_SLOT_DIFFERS",
                "COMMISSION_ENTRIES_DIFFER",
                "COMMISSION_MISSING",
                "CUSTOMER_DAY_DIFFERS",
            ],
        ),
    ]
}

#[tokio::test]
async fn e22_e23_what_operators_decided_about_agents_is_right_and_what_is_not_is_named() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        decided(&world).await;
        assigned(&world).await;
        assert_eq!(world.check().await.violations, []);
        find_all(&test, &world, cases()).await;
    })
    .await;
}
