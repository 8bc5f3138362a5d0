//! Signing in and out.

use chrono::TimeDelta;
use entity::{Email, Name};
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp, text};

const TOKENS: &str =
    "session { accessToken refreshToken accessTokenExpiresAt } viewer { user { email } }";
const ME: &str = "{ viewer { user { email } } }";

async fn signed_in(app: &TestApp, email: &str) -> Value {
    let input = json!({ "email": email, "password": PASSWORD });
    app.anonymous().mutate("signIn", input, TOKENS).await
}

on_both!(whoever_signs_in_is_known_until_the_token_runs_out);
async fn whoever_signs_in_is_known_until_the_token_runs_out(app: TestApp) {
    let customer = app.customer().await;
    let signed = signed_in(&app, &customer.email).await;
    assert_eq!(signed["viewer"]["user"]["email"], customer.email);
    let me = app.with_token(text(&signed["session"]["accessToken"]));
    assert_eq!(
        me.query(ME).await["viewer"]["user"]["email"],
        customer.email
    );
    assert!(app.anonymous().query(ME).await["viewer"].is_null());
    app.pass(TimeDelta::minutes(11));
    assert_eq!(me.error(ME, json!({})).await, "UNAUTHENTICATED");
}

on_both!(which_of_address_and_password_was_wrong_is_not_said);
async fn which_of_address_and_password_was_wrong_is_not_said(app: TestApp) {
    let customer = app.customer().await;
    let mut told = vec![];
    for (email, password) in [
        (customer.email.as_str(), "another harbour"),
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        (customer.email.as_str(), ""),
    ] {
        let input = json!({ "email": email, "password": password });
        let refused = app.anonymous().refused("signIn", input).await;
        assert_eq!(refused.code, "INVALID_CREDENTIALS");
        told.push((refused.message, refused.field));
    }
    told.dedup();
    assert_eq!(told.len(), 1);
}

on_both!(a_lost_answer_is_given_again_and_a_stolen_token_ends_the_session);
async fn a_lost_answer_is_given_again_and_a_stolen_token_ends_the_session(app: TestApp) {
    let customer = app.customer().await;
    let first = signed_in(&app, &customer.email).await;
    let refresh = |session: &Value| json!({ "refreshToken": session["session"]["refreshToken"] });
    let stranger = app.anonymous();
    let second = stranger.mutate("refreshSession", refresh(&first), TOKENS);
    let second = second.await;
    assert_eq!(second["viewer"]["user"]["email"], customer.email);
    let again = stranger.mutate("refreshSession", refresh(&first), TOKENS);
    assert_eq!(refresh(&again.await), refresh(&second));
    let me = app.with_token(text(&second["session"]["accessToken"]));
    me.query(ME).await;
    app.pass(TimeDelta::seconds(30));
    let refused = stranger.refused("refreshSession", refresh(&first)).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_TOKEN", "refreshToken")
    );
    assert_eq!(me.error(ME, json!({})).await, "UNAUTHENTICATED");
    let refused = stranger.refused("refreshSession", refresh(&second)).await;
    assert_eq!(refused.code, "INVALID_TOKEN");
}

on_both!(signing_out_ends_the_session_at_once);
async fn signing_out_ends_the_session_at_once(app: TestApp) {
    let customer = app.customer().await;
    customer.mutate("signOut", json!(null), "").await;
    assert_eq!(customer.error(ME, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(
        app.anonymous().denied("signOut", json!(null)).await,
        "UNAUTHENTICATED"
    );
}

on_both!(another_password_ends_all_other_sessions);
async fn another_password_ends_all_other_sessions(app: TestApp) {
    let customer = app.customer().await;
    let elsewhere = app.sign_in(&customer.email).await;
    let change =
        |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
    let wrong = customer
        .refused(
            "changePassword",
            change("wrong harbour", "a quieter harbour"),
        )
        .await;
    assert_eq!(
        (wrong.code.as_str(), wrong.field.as_str()),
        ("INVALID_CREDENTIALS", "currentPassword")
    );
    let weak = customer
        .refused("changePassword", change(PASSWORD, "password"))
        .await;
    assert_eq!(
        (weak.code.as_str(), weak.field.as_str()),
        ("WEAK_PASSWORD", "newPassword")
    );
    let changed = customer
        .mutate(
            "changePassword",
            change(PASSWORD, "a quieter harbour"),
            TOKENS,
        )
        .await;
    app.with_token(text(&changed["session"]["accessToken"]))
        .query(ME)
        .await;
    assert_eq!(elsewhere.error(ME, json!({})).await, "UNAUTHENTICATED");
    let old = json!({ "email": customer.email, "password": PASSWORD });
    assert_eq!(
        app.anonymous().refused("signIn", old).await.code,
        "INVALID_CREDENTIALS"
    );
}

on_both!(whoever_held_an_operators_login_before_is_signed_out);
async fn whoever_held_an_operators_login_before_is_signed_out(app: TestApp) {
    let squatter = app.customer().await;
    let name = Name::parse("Olivia").unwrap();
    let email = Email::parse(&squatter.email).unwrap();
    let registry = &app.app.registry;
    let made = registry.add_operator(name, email, "another quiet harbour".into());
    assert!(made.await.unwrap().operator);
    assert_eq!(squatter.error(ME, json!({})).await, "UNAUTHENTICATED");
    let input = json!({ "email": squatter.email, "password": PASSWORD });
    let refused = app.anonymous().refused("signIn", input).await;
    assert_eq!(refused.code, "INVALID_CREDENTIALS");
}
