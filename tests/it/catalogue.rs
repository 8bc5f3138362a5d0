//! The public price list, and machines' keys.

use serde_json::{Value, json};

use crate::support::app::{TestApp, text};

fn product(code: &str, price: &str) -> Value {
    json!({ "code": code, "name": "Voice mail", "kind": "PLAN", "price": price })
}

fn call_rate(prefix: &str, price: &str) -> Value {
    json!({ "prefix": prefix, "destination": "Somewhere", "pricePerMinute": price })
}

on_both!(r31_only_operators_write_the_price_list);
async fn r31_only_operators_write_the_price_list(app: TestApp) {
    let agent = app.agent("3.00").await;
    let rates = json!({ "rates": [call_rate("1", "0.01")] });
    for (field, input) in [
        ("saveProduct", product("VM", "3.00")),
        ("saveCallRates", rates),
    ] {
        assert_eq!(agent.denied(field, input.clone()).await, "FORBIDDEN");
        assert_eq!(
            app.anonymous().denied(field, input).await,
            "UNAUTHENTICATED"
        );
    }
}

on_both!(r32_the_price_list_is_one_for_all);
async fn r32_the_price_list_is_one_for_all(app: TestApp) {
    let operator = app.operator().await;
    operator
        .mutate("saveProduct", product("VM", "3"), "product { id }")
        .await;
    let customer = app.customer_of(&app.agent("10.00").await).await;
    let list = "{ products { nodes { code name kind price commissionable } } }";
    let seen = app.anonymous().query(list).await;
    assert_eq!(
        seen["products"]["nodes"],
        json!([{ "code": "VM", "name": "Voice mail", "kind": "PLAN", "price": "3.0000", "commissionable": true }])
    );
    assert_eq!(customer.query(list).await, seen);
}

on_both!(a_product_is_changed_by_its_code);
async fn a_product_is_changed_by_its_code(app: TestApp) {
    let operator = app.operator().await;
    let shown = "product { id price kind }";
    let first = operator
        .mutate("saveProduct", product("VM", "3.00"), shown)
        .await;
    let again = operator
        .mutate("saveProduct", product("VM", "4.50"), shown)
        .await;
    assert_eq!(again["product"]["id"], first["product"]["id"]);
    assert_eq!(again["product"]["price"], "4.5000");
    let mut other_kind = product("VM", "4.50");
    other_kind["kind"] = json!("SERVICE");
    let refused = operator.refused("saveProduct", other_kind).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "kind")
    );
    for (price, field) in [("-0.01", "price"), ("1.00001", "price"), ("free", "price")] {
        let refused = operator.refused("saveProduct", product("VM", price)).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_INPUT", field)
        );
    }
    let mut off = product("VM", "4.50");
    off["available"] = json!(false);
    operator.mutate("saveProduct", off, "product { id }").await;
    let seen = app
        .anonymous()
        .query("{ products { nodes { code } } }")
        .await;
    assert_eq!(seen["products"]["nodes"], json!([]));
}

on_both!(e35_the_longest_prefix_has_the_price);
async fn e35_the_longest_prefix_has_the_price(app: TestApp) {
    let operator = app.operator().await;
    let rates = json!({ "rates": [call_rate("1", "0.0100"), call_rate("1212", "0.0198")] });
    let shown = "rates { prefix pricePerMinute connectionFee initialIncrement increment }";
    let saved = operator.mutate("saveCallRates", rates, shown).await;
    assert_eq!(
        saved["rates"][1],
        json!({
            "prefix": "1212", "pricePerMinute": "0.0198", "connectionFee": "0.0000", "initialIncrement": 60,
            "increment": 60,
        })
    );
    let price = async |to: &str| {
        let document = "query($to: PhoneNumber!) { callRate(to: $to) { prefix pricePerMinute } }";
        app.anonymous().run(document, json!({ "to": to })).await["callRate"].take()
    };
    assert_eq!(price("+12125550123").await["prefix"], "1212");
    assert_eq!(price("+13125550123").await["prefix"], "1");
    assert!(price("+442071234567").await.is_null());
    let again = json!({ "rates": [call_rate("1212", "0.0250")] });
    operator.mutate("saveCallRates", again, shown).await;
    assert_eq!(price("+12125550123").await["pricePerMinute"], "0.0250");
}

on_both!(e35_a_wrong_rate_is_named_and_none_is_saved);
async fn e35_a_wrong_rate_is_named_and_none_is_saved(app: TestApp) {
    let operator = app.operator().await;
    let with = |field: &str, value: Value| {
        let mut rate = call_rate("44", "0.01");
        rate[field] = value;
        rate
    };
    for (rate, field) in [
        (call_rate("+44", "0.01"), "rates.1.prefix"),
        (call_rate("1", "0.01"), "rates.1.prefix"),
        (call_rate("44", "-0.01"), "rates.1.pricePerMinute"),
        (with("destination", json!("")), "rates.1.destination"),
        (with("connectionFee", json!("-1")), "rates.1.connectionFee"),
        (
            with("initialIncrement", json!(0)),
            "rates.1.initialIncrement",
        ),
        (with("increment", json!(-60)), "rates.1.increment"),
    ] {
        let input = json!({ "rates": [call_rate("1", "0.01"), rate] });
        let refused = operator.refused("saveCallRates", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_INPUT", field)
        );
    }
    let refused = operator
        .refused("saveCallRates", json!({ "rates": [] }))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "rates")
    );
    let seen = app
        .anonymous()
        .query(r#"{ callRate(to: "+12125550123") { prefix } }"#)
        .await;
    assert!(seen["callRate"].is_null());
}

on_both!(a_machines_key_is_shown_once_and_ends_at_once);
async fn a_machines_key_is_shown_once_and_ends_at_once(app: TestApp) {
    let operator = app.operator().await;
    let input = json!({ "name": "Switch 1", "role": "SWITCH" });
    let made = operator
        .mutate(
            "createApiKey",
            input,
            "secret apiKey { id name role revokedAt }",
        )
        .await;
    assert!(text(&made["secret"]).starts_with("agk_"));
    assert_eq!(
        (&made["apiKey"]["name"], &made["apiKey"]["role"]),
        (&json!("Switch 1"), &json!("SWITCH"))
    );
    let switch = app.with_token(text(&made["secret"]));
    assert_eq!(
        switch.query("{ program { name } }").await["program"]["name"],
        "Agent Program"
    );
    assert_eq!(
        switch
            .error("{ customers { nodes { id } } }", json!({}))
            .await,
        "FORBIDDEN"
    );
    let ended = json!({ "apiKeyId": made["apiKey"]["id"] });
    let revoked = operator
        .mutate("revokeApiKey", ended, "apiKey { revokedAt }")
        .await;
    assert!(!revoked["apiKey"]["revokedAt"].is_null());
    assert_eq!(
        switch.error("{ program { name } }", json!({})).await,
        "UNAUTHENTICATED"
    );
}

on_both!(only_machines_have_keys_and_only_operators_make_them);
async fn only_machines_have_keys_and_only_operators_make_them(app: TestApp) {
    let operator = app.operator().await;
    for role in ["CUSTOMER", "AGENT", "OPERATOR"] {
        let input = json!({ "name": "Me", "role": role });
        let refused = operator.refused("createApiKey", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_INPUT", "role")
        );
    }
    let input = json!({ "name": "Switch 1", "role": "SWITCH" });
    assert_eq!(
        app.agent("3.00").await.denied("createApiKey", input).await,
        "FORBIDDEN"
    );
    let nobody = json!({ "apiKeyId": "key_0192f5a0c0de7000800000000000beef" });
    let refused = operator.refused("revokeApiKey", nobody).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_FOUND", "apiKeyId")
    );
}
