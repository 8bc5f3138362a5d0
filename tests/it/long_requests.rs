//! A long request of a switch does not hold up the others, and loses nothing by being taken in pieces.

use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::sales::{charge, prove, send_charges, units};

const MOST: usize = 1_000;

on_both!(others_come_in_between_the_pieces_of_a_long_request);
async fn others_come_in_between_the_pieces_of_a_long_request(app: TestApp) {
    let switch = app.machine("SWITCH").await;
    let agent = app.agent("10.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent.caller, "5.00").await;
    let rows: Vec<Value> = (0..MOST)
        .map(|_| charge(&app, &customer.number, "CALL", "0.0100"))
        .collect();
    let earned = "{ viewer { agent { balance { commission } } } }";
    let transfer = async {
        // Once the first piece is there.
        loop {
            let seen = agent.caller.query(earned).await;
            if units(&seen["viewer"]["agent"]["balance"]["commission"]) > 0 {
                break;
            }
        }
        let input = json!({
            "customerId": customer.id, "amount": "1.00", "idempotencyKey": app.new_key(),
        });
        let shown = "transfer { amount } agentBalance { commission }";
        agent.caller.mutate("transferFunds", input, shown).await
    };
    let (sent, transferred) = tokio::join!(send_charges(&switch, json!(rows)), transfer);
    assert_eq!(sent["posted"], MOST, "{sent:#}");
    assert_eq!(text(&transferred["transfer"]["amount"]), "1.0000");
    let then = units(&transferred["agentBalance"]["commission"]);
    let all = i64::try_from(MOST).expect("few") * 10;
    assert!(0 < then && then < all, "{then} of {all} was earned then");
    // In the order sent, each once.
    let results = sent["results"].as_array().expect("results");
    for (row, result) in rows.iter().zip(results) {
        assert_eq!(row["externalId"], result["externalId"]);
    }
    let again = send_charges(&switch, json!(rows)).await;
    assert_eq!(again["replayed"], MOST);
    for (first, again) in results
        .iter()
        .zip(again["results"].as_array().expect("all"))
    {
        assert_eq!(first["charge"]["id"], again["charge"]["id"]);
    }
    let seen = agent.caller.query(earned).await;
    assert_eq!(
        units(&seen["viewer"]["agent"]["balance"]["commission"]),
        all
    );
    prove(&app).await;
}
