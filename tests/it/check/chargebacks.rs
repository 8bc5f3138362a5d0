//! Books in which something was taken back and corrected, right and broken.

use agent_program::program::{
    Owner, PostAdjustment, RatedCharge, RecordCharges, ReverseTopUp, ReverseTransfer,
    TransferFunds, WriteOff,
};
use entity::charge::ChargeKind;

use super::broken::{Case, find_all};
use super::world::{World, account_number, agent_id, customer_id, money, name, operator};
use crate::support::db::on_both;

/// A chargeback, transfers that are taken back in part, corrections by one and by two, and a debt written off.
async fn undone(world: &World) {
    let stolen = world.pay_in(1, "55").await;
    let call = RatedCharge {
        external_id: name("long"),
        account_number: account_number(1),
        kind: ChargeKind::Call,
        description: name("A long call"),
        amount: money("150"),
        commissionable: true,
        occurred_at: world.clock.now(),
    };
    let charges = vec![call];
    let source = name("billing");
    world.run(RecordCharges { source, charges }).await;
    let reference = name("CB-1");
    world
        .run(ReverseTopUp {
            top_up: stolen,
            reference,
        })
        .await;

    let gives = TransferFunds {
        agent: agent_id(2),
        customer: customer_id(2),
        amount: money("3"),
        memo: None,
    };
    let transfer = world.run(gives).await.transfer.id;
    for amount in ["1.25", "0.75"] {
        let back = ReverseTransfer {
            transfer,
            amount: Some(money(amount)),
            reason: name("Too much"),
        };
        world.run(back).await;
    }
    for (who, amount) in [
        (8, money("7")),
        (9, -money("2")),
        (8, money("1500")),
        (9, money("1500")),
    ] {
        let adjustment = PostAdjustment {
            operator: operator(who),
            customer: customer_id(4),
            amount,
            reason: name("As agreed"),
        };
        world.run(adjustment).await;
    }
    let debt = WriteOff {
        operator: operator(8),
        owner: Owner::Customer(customer_id(3)),
        amount: None,
        reason: name("Gone away"),
    };
    world.run(debt).await;
}

fn cases() -> Vec<Case> {
    vec![
        (
            "top_up",
            "UPDATE top_up SET state = 'SETTLED' WHERE state = 'REVERSED'".into(),
            &["TOP_UP_REVERSED_DIFFERS", "CHARGEBACK_CLAWBACK_DIFFERS"],
        ),
        (
            "top_up",
            "UPDATE top_up SET state = 'REVERSED' WHERE amount = 500000".into(),
            &["TOP_UP_REVERSED_DIFFERS"],
        ),
        (
            "transaction",
            "UPDATE \"transaction\" SET cause_id = (SELECT id FROM top_up WHERE amount = 500000) \
             WHERE kind = 'COMMISSION_CLAWBACK'"
                .into(),
            &["CHARGEBACK_CLAWBACK_DIFFERS"],
        ),
        (
            "transfer",
            "UPDATE transfer SET reversed = reversed + 1 WHERE reversed > 0".into(),
            &["TRANSFER_REVERSED_DIFFERS"],
        ),
        (
            "transaction",
            "UPDATE \"transaction\" SET cause_id = (SELECT id FROM transfer WHERE reversed = 0 LIMIT 1) \
             WHERE kind = 'TRANSFER_REVERSED'"
                .into(),
            &["TRANSFER_REVERSED_DIFFERS"],
        ),
        (
            "transaction",
            "UPDATE \"transaction\" SET kind = 'WRITE_OFF' WHERE kind = 'ADJUSTMENT'".into(),
            &["CORRECTION_DIFFERS", "PROPOSAL_DIFFERS"],
        ),
        (
            "transaction",
            "UPDATE \"transaction\" SET cause_id = (SELECT id FROM customer WHERE name = 'Customer 1') \
             WHERE kind = 'WRITE_OFF'"
                .into(),
            &["CORRECTION_DIFFERS"],
        ),
        (
            "proposal",
            "UPDATE proposal SET amount = amount + 1".into(),
            &["PROPOSAL_DIFFERS"],
        ),
    ]
}

#[tokio::test]
async fn what_was_undone_is_right_and_what_is_broken_of_it_is_named() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        undone(&world).await;
        assert_eq!(world.check().await.violations, []);
        find_all(&test, &world, cases()).await;
    })
    .await;
}
