use agent_program::program::{Call, RatedCharge, Reason, RecordCalls, RecordCharges};
use chrono::TimeDelta;
use entity::agent::AgentStatus;
use entity::charge::ChargeKind;
use entity::customer::CustomerStatus;
use entity::{AccountNumber, Money, PhoneNumber};

use super::scene::{PLENTY, Scene, lacks, reason};
use crate::histories::Picture;
use crate::world::{dawn, money, name};

const NEW_YORK: &str = "+12125550123";

/// Calls to New York at 0.0198 a minute, by 30 and 6 seconds.
fn rated() -> Scene {
    let mut scene = Scene::new();
    let minute = (money("0.0198"), money("0"));
    scene.call_rate("1", dawn() - TimeDelta::days(9), minute, (30, 6));
    scene
}

#[test]
fn r32_e35_a_call_costs_what_the_list_says_whoever_the_agent_is() {
    let mut scene = rated();
    let other = scene.agent(1_000);
    let customers = [
        scene.customer,
        scene.another(Some(other)),
        scene.another(None),
    ];
    for customer in customers {
        scene.customer = customer;
        let call = scene.dialled(NEW_YORK, scene.now(), 60);
        let charge = scene.post_call(call).result.unwrap();
        assert_eq!(charge.amount, money("0.0198"));
        assert_eq!(charge.call_billed_seconds, Some(60));
        assert_eq!(charge.call_price_per_minute, Some(money("0.0198")));
    }
}

#[test]
fn e35_a_call_costs_its_fee_and_its_billed_seconds() {
    let mut scene = Scene::new();
    let early = dawn() - TimeDelta::days(9);
    let prices = (money("0.10"), money("0.05"));
    scene.call_rate("1", early, prices, (30, 6));
    for (seconds, billed, amount) in [
        (0, 30, "0.1000"),
        (30, 30, "0.1000"),
        (31, 36, "0.1100"),
        (36, 36, "0.1100"),
        (61, 66, "0.1600"),
    ] {
        let call = scene.dialled(NEW_YORK, scene.now(), seconds);
        let charge = scene.post_call(call).result.unwrap();
        assert_eq!(charge.call_billed_seconds, Some(billed));
        assert_eq!(charge.amount.to_string(), amount);
    }
}

#[test]
fn e35_a_late_call_costs_what_it_cost_when_it_was_answered() {
    let mut scene = rated();
    let early = scene.now();
    scene.pass(TimeDelta::days(1));
    let (raised, minute) = (scene.now(), (money("0.06"), money("0")));
    scene.call_rate("1", raised, minute, (60, 60));
    for (at, amount) in [(early, "0.0198"), (raised, "0.0600")] {
        let call = scene.dialled(NEW_YORK, at, 60);
        let charge = scene.post_call(call).result.unwrap();
        assert_eq!(charge.amount.to_string(), amount);
    }
}

#[test]
fn e35_a_number_without_a_rate_is_refused() {
    let mut scene = rated();
    let call = scene.dialled("+442079460000", scene.now(), 60);
    let refusal = scene.post_call(call).result.unwrap_err();
    assert_eq!(refusal, Reason::DestinationNotRated.at("to"));
}

#[test]
fn e30_the_same_call_twice_is_one_charge() {
    let mut scene = rated();
    let call = scene.dialled(NEW_YORK, scene.now(), 60);
    let first = scene.post_call(call.clone());
    scene.pass(TimeDelta::days(1));
    let second = scene.post_call(call.clone());
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_eq!(first.result, second.result);
    let both = scene.post_calls(vec![call.clone(), call]);
    assert!(both.iter().all(|row| row.replayed));
    assert_eq!(scene.books.added.transactions.len(), 1);
}

#[test]
fn e30_twice_in_one_request_is_one_charge_too() {
    let mut scene = rated();
    let call = scene.dialled(NEW_YORK, scene.now(), 60);
    let rows = scene.post_calls(vec![call.clone(), call]);
    assert_eq!((rows[0].replayed, rows[1].replayed), (false, true));
    assert_eq!(scene.books.added.transactions.len(), 1);
}

#[test]
fn e30_another_call_under_the_same_id_is_refused() {
    let changes: [fn(&mut Call, &Scene); 4] = [
        |call, _| call.duration_seconds += 1,
        |call, _| call.answered_at -= TimeDelta::microseconds(1),
        |call, _| call.to = PhoneNumber::parse("+12125550124").unwrap(),
        |call, scene| call.account_number = scene.number_of(scene.account_of(scene.agent)),
    ];
    for change in changes {
        let mut scene = rated();
        let mut call = scene.dialled(NEW_YORK, scene.now(), 60);
        scene.post_call(call.clone()).result.unwrap();
        change(&mut call, &scene);
        let refusal = scene.post_call(call).result.unwrap_err();
        assert_eq!(refusal, Reason::ExternalIdReused.at("externalId"));
    }
}

#[test]
fn e30_another_charge_under_the_same_id_is_refused() {
    let changes: [fn(&mut RatedCharge, &Scene); 6] = [
        |charge, _| charge.amount = money("1.0001"),
        |charge, _| charge.kind = ChargeKind::PlanFee,
        |charge, _| charge.commissionable = false,
        |charge, _| charge.description = name("Another"),
        |charge, _| charge.occurred_at -= TimeDelta::microseconds(1),
        |charge, scene| charge.account_number = scene.number_of(scene.account_of(scene.agent)),
    ];
    for change in changes {
        let mut scene = Scene::new();
        scene.give(scene.customer, PLENTY, "0");
        let mut charge = scene.rated(scene.customer, ChargeKind::Service, "1");
        let first = scene.post(charge.clone());
        assert_eq!(scene.post(charge.clone()).result, first.result);
        change(&mut charge, &scene);
        let refusal = scene.post(charge).result.unwrap_err();
        assert_eq!(refusal, Reason::ExternalIdReused.at("externalId"));
    }
}

#[test]
fn e30_each_source_has_ids_of_its_own() {
    let mut scene = rated();
    let call = scene.dialled(NEW_YORK, scene.now(), 60);
    for source in ["switch-1", "switch-2"] {
        let command = RecordCalls {
            source: name(source),
            calls: vec![call.clone()],
        };
        assert!(!scene.run(&command).unwrap()[0].replayed);
    }
    assert_eq!(scene.books.added.transactions.len(), 2);
}

#[test]
fn e30_a_call_rated_here_and_one_rated_elsewhere_are_not_the_same() {
    let mut scene = rated();
    let call = scene.dialled(NEW_YORK, scene.now(), 60);
    let posted = scene.post_call(call.clone()).result.unwrap();
    let command = RecordCharges {
        source: name("switch"),
        charges: vec![RatedCharge {
            external_id: call.external_id,
            account_number: call.account_number,
            kind: ChargeKind::Call,
            description: posted.description,
            amount: posted.amount,
            commissionable: true,
            occurred_at: call.answered_at,
        }],
    };
    let refusal = scene.run(&command).unwrap().remove(0).result.unwrap_err();
    assert_eq!(refusal.reason, Reason::ExternalIdReused);
}

#[test]
fn e31_a_call_is_posted_though_the_balance_does_not_cover_it() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "0.50", "0.20");
    let charge = scene.call("1");
    assert_eq!(charge.promo_part, money("0.20"));
    assert_eq!(scene.cash(scene.customer), "-0.3000");
    assert_eq!(scene.credited(&charge).as_deref(), Some("0.0240"));
    for status in [CustomerStatus::Suspended, CustomerStatus::Closed] {
        let customer = scene.customer;
        scene.change_customer(customer, |file| file.customer.status = status);
        scene.call("1");
    }
    assert_eq!(scene.cash(scene.customer), "-2.3000");
}

#[test]
fn e31_what_is_no_call_is_refused_without_the_money() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    for kind in [ChargeKind::Service, ChargeKind::PlanFee] {
        scene.give(customer, "4", "1");
        assert_eq!(scene.charge(customer, kind, "5.0001"), lacks("5", "5.0001"));
        let charge = scene.charge(customer, kind, "5").unwrap();
        assert_eq!(charge.promo_part, money("1"));
        assert_eq!(scene.cash(customer), "0.0000");
    }
    scene.change_customer(customer, |file| {
        file.customer.status = CustomerStatus::Suspended;
    });
    scene.give(customer, "4", "1");
    let refused = scene.charge(customer, ChargeKind::Service, "1");
    assert_eq!(refused, Err(Reason::CustomerNotActive));
}

#[test]
fn e31_a_debt_is_paid_before_anything_is_bought() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    scene.give(customer, "-2", "5");
    let refused = scene.charge(customer, ChargeKind::Service, "3.01");
    assert_eq!(refused, lacks("3", "3.01"));
    scene.charge(customer, ChargeKind::Service, "3").unwrap();
    assert_eq!(scene.promo(customer), "2.0000");
    assert_eq!(scene.cash(customer), "-2.0000");
}

#[test]
fn e13_a_customer_spends_promotional_credit_first() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "1", "1");
    assert_eq!(scene.call("0.75").promo_part, money("0.75"));
    assert_eq!(scene.call("0.75").promo_part, money("0.25"));
    assert_eq!(scene.promo(scene.customer), "0.0000");
    assert_eq!(scene.cash(scene.customer), "0.5000");
}

#[test]
fn e13_a_call_of_an_agents_own_is_owed_in_cash_when_all_is_spent() {
    let mut scene = Scene::new();
    scene.endow("1", "2");
    let account = scene.account_of(scene.agent);
    scene.charge(account, ChargeKind::Call, "5").unwrap();
    assert_eq!(scene.money()[..2], ["-2.0000", "0.0000"]);
    scene.charge(account, ChargeKind::Call, "1").unwrap();
    assert_eq!(scene.money()[..2], ["-3.0000", "0.0000"]);
}

#[test]
fn e22_a_suspended_agents_own_account_spends_no_commission() {
    let mut scene = Scene::new();
    scene.endow("1", "2");
    let (agent, account) = (scene.agent, scene.account_of(scene.agent));
    scene.stands(agent, AgentStatus::Suspended);
    let refused = scene.charge(account, ChargeKind::Service, "1.5");
    assert_eq!(refused, lacks("1", "1.5"));
    scene.charge(account, ChargeKind::Call, "1.5").unwrap();
    assert_eq!(scene.money()[..2], ["-0.5000", "2.0000"]);
}

#[test]
fn a_row_lies_between_the_account_and_five_minutes_from_now() {
    let mut scene = rated();
    let (now, tick) = (scene.now(), TimeDelta::microseconds(1));
    let ahead = now + TimeDelta::minutes(5);
    for (at, taken) in [
        (dawn(), true),
        (dawn() - tick, false),
        (ahead, true),
        (ahead + tick, false),
    ] {
        let call = scene.dialled(NEW_YORK, at, 60);
        let row = scene.post_call(call).result;
        assert_eq!(row.is_ok(), taken, "a call at {at}");
        if let Err(refusal) = row {
            assert_eq!(refusal.field.as_deref(), Some("answeredAt"));
        }
        let mut charge = scene.rated(scene.customer, ChargeKind::Call, "1");
        charge.occurred_at = at;
        assert_eq!(scene.post(charge).result.is_ok(), taken, "a charge at {at}");
    }
}

#[test]
fn a_row_that_is_refused_leaves_the_others() {
    let mut scene = rated();
    let good = scene.dialled(NEW_YORK, scene.now(), 60);
    let mut negative = scene.dialled(NEW_YORK, scene.now(), 60);
    negative.duration_seconds = -1;
    let mut nobody = scene.dialled(NEW_YORK, scene.now(), 60);
    nobody.account_number = AccountNumber::nth(99);
    let unrated = scene.dialled("+31201234567", scene.now(), 60);
    let last = scene.dialled(NEW_YORK, scene.now(), 60);
    let rows = scene.post_calls(vec![good, negative, nobody, unrated, last]);
    let taken: Vec<_> = rows.iter().map(|row| row.result.is_ok()).collect();
    assert_eq!(taken, [true, false, false, false, true]);
    let missing = rows[2].result.clone().unwrap_err();
    assert_eq!(missing.reason, Reason::NotFound("account".into()));
    assert_eq!(scene.books.added.transactions.len(), 2);
    assert_eq!(scene.books.added.agent_events.len(), 2);
}

#[test]
fn a_negative_charge_is_refused_and_the_servers_own_source_too() {
    let mut scene = Scene::new();
    let negative = scene.charge(scene.customer, ChargeKind::Service, "-1");
    assert!(matches!(negative, Err(Reason::InvalidInput(_))));
    let own = RecordCalls {
        source: name("agent-program"),
        calls: Vec::new(),
    };
    assert!(matches!(
        reason(scene.run(&own)),
        Err(Reason::InvalidInput(_))
    ));
}

#[test]
fn r23_what_was_spent_and_earned_is_summed_by_quarter_of_an_hour_and_day() {
    let mut scene = rated();
    let at = dawn() + TimeDelta::minutes(29);
    for (seconds, minutes) in [(60, 0), (120, 0), (60, 1)] {
        let call = scene.dialled(NEW_YORK, at + TimeDelta::minutes(minutes), seconds);
        scene.post_call(call).result.unwrap();
    }
    scene.call("0");
    let slots = scene.books.slots.iter().map(|((_, begins, kind), row)| {
        assert_eq!(*kind, ChargeKind::Call);
        let minutes = (*begins - dawn()).num_minutes();
        (minutes, row.charges, row.call_seconds, row.spent.units())
    });
    assert_eq!(
        slots.collect::<Vec<_>>(),
        [(15, 2, 180, 594), (30, 1, 60, 198), (60, 1, 0, 0)]
    );
    let (_, day) = scene.books.days.iter().next().unwrap();
    assert_eq!((day.charges, day.calls, day.call_seconds), (4, 4, 240));
    assert_eq!(day.earned, scene.figures().commission);
    assert_eq!(day.last_charge_at, Some(scene.now()));
}

#[test]
fn what_would_leave_the_range_of_the_books_is_refused_and_leaves_nothing() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let lowest = Money::from_units(i64::MIN + 1);
    scene.load_customer_balance(customer, lowest, Money::ZERO);
    let before = Picture::of(&scene.books);
    let row = scene.charge(customer, ChargeKind::Call, "1");
    assert!(matches!(row, Err(Reason::InvalidInput(_))));
    assert!(before == Picture::of(&scene.books));
}
