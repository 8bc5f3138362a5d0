//! Books with fraud cases, open and decided, right and broken.

use agent_program::program::{
    ClearFraudCase, ConfirmFraudCase, OpenFraudCase, RefundCharge, ReinstateAgent, Span, Suspects,
    SuspendAgent,
};
use chrono::TimeDelta;
use entity::fraud_case::FraudReason;
use entity::{AgentId, FraudCaseId, Prose, charge};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::broken::{Case, find_all};
use super::world::{World, agent_id, beginning, customer_id, money, name, operator};
use crate::support::db::on_both;

async fn suspect(world: &World, suspects: Suspects) -> FraudCaseId {
    let command = OpenFraudCase {
        operator: operator(8),
        suspects,
        reason: FraudReason::ArtificialTraffic,
        note: None,
    };
    world.run(command).await.id
}

async fn confirm(world: &World, case: FraudCaseId) {
    let (operator, note) = (operator(9), None);
    world
        .run(ConfirmFraudCase {
            operator,
            case,
            note,
        })
        .await;
}

async fn clear(world: &World, case: FraudCaseId) {
    let (operator, note) = (operator(9), None);
    world
        .run(ClearFraudCase {
            operator,
            case,
            note,
        })
        .await;
}

/// Charges of an agent, the oldest first.
async fn charges_of(world: &World, agent: AgentId) -> Vec<charge::Model> {
    let rows = charge::Entity::find().filter(charge::Column::AgentId.eq(agent));
    let rows = rows.filter(charge::Column::Amount.gt(money("0.05")));
    let rows = rows.order_by_asc(charge::Column::OccurredAt);
    rows.order_by_asc(charge::Column::Id)
        .all(world.db.reader())
        .await
        .unwrap()
}

fn some(charges: &[charge::Model]) -> Suspects {
    Suspects::Charges(charges.iter().map(|row| row.id).collect())
}

/// Cases of agent 1, confirmed, cleared and open, and refunds of what they are about. Agent 2 is suspended: of what it earned
/// under that one case is cleared, one confirmed, and one stays open while it is reinstated.
async fn decided(world: &World) {
    let own = charges_of(world, agent_id(1)).await;
    let [confirmed, cleared, open] = [0..3, 3..6, 6..9].map(|some| &own[some]);
    let case = suspect(world, some(cleared)).await;
    clear(world, case).await;
    let case = suspect(world, some(confirmed)).await;
    let half = |charge: &charge::Model| RefundCharge {
        charge: charge.id,
        amount: Some(money("0.03")),
        reason: name("Half"),
    };
    world.run(half(&confirmed[0])).await;
    confirm(world, case).await;
    suspect(world, some(open)).await;
    world.run(half(&open[0])).await;

    let (reason, agent) = (Prose::parse("Looked into").unwrap(), agent_id(2));
    world
        .run(SuspendAgent {
            operator: operator(8),
            agent,
            reason: reason.clone(),
        })
        .await;
    let before = world.clock.now();
    world.calls(60).await;
    let all = charges_of(world, agent).await;
    let under: Vec<_> = all
        .into_iter()
        .filter(|row| row.created_at > before)
        .collect();
    let case = suspect(world, some(&under[..2])).await;
    clear(world, case).await;
    let case = suspect(world, some(&under[2..4])).await;
    confirm(world, case).await;
    suspect(world, some(&under[4..6])).await;
    world
        .run(ReinstateAgent {
            operator: operator(8),
            agent,
            reason,
        })
        .await;
    let span = Span {
        from: beginning(),
        to: world.clock.now() + TimeDelta::days(1),
    };
    let all = Suspects::Customer {
        customer: customer_id(2),
        span,
    };
    let case = suspect(world, all).await;
    confirm(world, case).await;
}

/// What is done to which table, and the rules that it breaks.
fn cases() -> Vec<Case> {
    let in_case = |state| {
        format!(
            "(SELECT h.charge_id FROM fraud_case_charge h JOIN fraud_case f ON f.id = h.case_id \
                 WHERE f.state = '{state}' AND h.commission_id IS NOT NULL LIMIT 1)"
        )
    };
    let holding = "charge_id = (SELECT charge_id FROM fraud_case_charge WHERE held > 1 ORDER BY charge_id LIMIT 1)";
    let case_of =
        |state| format!("id = (SELECT id FROM fraud_case WHERE state = '{state}' LIMIT 1)");
    vec![
        (
            "charge",
            "UPDATE charge SET state = 'POSTED' WHERE refunded = 0 AND id = (SELECT h.charge_id FROM \
                     fraud_case_charge h JOIN fraud_case f ON f.id = h.case_id JOIN charge c ON c.id = h.charge_id \
                     WHERE f.state = 'OPEN' AND c.refunded = 0 LIMIT 1)"
                .into(),
            &["FRAUD_STATE_DIFFERS"],
        ),
        (
            "charge",
            format!("UPDATE charge SET state = 'FRAUD_CONFIRMED' WHERE id = {}", in_case("CLEARED")),
            &["FRAUD_STATE_DIFFERS"],
        ),
        (
            "fraud_case_charge",
            format!("UPDATE fraud_case_charge SET held = held - 1 WHERE {holding}"),
            &["HELD_DIFFERS"],
        ),
        (
            "fraud_case_charge",
            format!("UPDATE fraud_case_charge SET held = held + 100000000 WHERE {holding}"),
            &["FRAUD_HOLD_DIFFERS", "HELD_DIFFERS"],
        ),
        (
            "fraud_case",
            format!("UPDATE fraud_case SET clawed_back = clawed_back + 1 WHERE {}", case_of("CONFIRMED")),
            &["FRAUD_CLAWBACK_DIFFERS"],
        ),
        (
            "fraud_case",
            format!(
                "UPDATE fraud_case SET decided_at = opened_at WHERE {}",
                case_of("CONFIRMED")
            ),
            &["FRAUD_TRANSACTION_DIFFERS"],
        ),
        (
            "transaction",
            "UPDATE \"transaction\" SET kind = 'COMMISSION_CLAWBACK' WHERE id = (SELECT id FROM \"transaction\" \
             WHERE cause = 'FRAUD_CASE' AND kind = 'COMMISSION_HELD' LIMIT 1)"
                .into(),
            &["FRAUD_TRANSACTION_DIFFERS"],
        ),
    ]
}

#[tokio::test]
async fn e28_what_was_decided_on_suspicion_is_right_and_what_is_not_is_named() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        decided(&world).await;
        assert_eq!(world.check().await.violations, []);
        find_all(&test, &world, cases()).await;
    })
    .await;
}
