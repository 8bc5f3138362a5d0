//! Becoming an agent: by application, the operator's approval, and an assigned rate.

use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp, application, text};
use crate::support::caller::Caller;

/// All that an application tells.
const TOLD: &str = "application { id state kind name email business plan promotion promotionDetail involvement markets
    places projection { oneMonth threeMonths sixMonths oneYear } notes response decidedAt }";

async fn applied(app: &TestApp, email: &str) -> String {
    let sent = app
        .anonymous()
        .mutate("applyToProgram", application(email), TOLD)
        .await;
    text(&sent["application"]["id"]).to_owned()
}

fn changed(email: &str, field: &str, value: Value) -> Value {
    let mut input = application(email);
    input[field] = value;
    input
}

async fn desk_count(operator: &Caller) -> Value {
    let open = "{ applications(state: SUBMITTED) { totalCount } }";
    operator.query(open).await["applications"]["totalCount"].clone()
}

on_both!(r02_nobody_becomes_an_agent_but_by_approval);
async fn r02_nobody_becomes_an_agent_but_by_approval(app: TestApp) {
    let customer = app.customer().await;
    let sent = customer
        .mutate("applyToProgram", application(&customer.email), TOLD)
        .await;
    let id = &sent["application"]["id"];
    assert_eq!(sent["application"]["state"], "SUBMITTED");
    let decision = json!({ "applicationId": id, "commissionRate": "3.00" });
    assert_eq!(
        customer
            .denied("approveApplication", decision.clone())
            .await,
        "FORBIDDEN"
    );
    assert_eq!(
        app.anonymous()
            .denied("approveApplication", decision.clone())
            .await,
        "UNAUTHENTICATED"
    );
    let me = "{ viewer { user { roles } agent { agentNumber commissionRate } customer { id } } }";
    assert!(customer.query(me).await["viewer"]["agent"].is_null());
    let operator = app.operator().await;
    let shown =
        "claimUrl application { state agent { id } } agent { id customer { id } commissionRate }";
    let approved = operator.mutate("approveApplication", decision, shown).await;
    assert_eq!(approved["application"]["state"], "APPROVED");
    assert_eq!(
        approved["application"]["agent"]["id"],
        approved["agent"]["id"]
    );
    assert_eq!(approved["agent"]["commissionRate"], "3.00");
    // Its login has a password, and its telephone account becomes the agent's own.
    assert!(approved["claimUrl"].is_null());
    assert_eq!(approved["agent"]["customer"]["id"], customer.id);
    let agent = customer.query(me).await["viewer"].take();
    assert_eq!(agent["agent"]["commissionRate"], "3.00");
    assert_eq!(agent["customer"]["id"], customer.id);
}

on_both!(r03_r07_the_operator_sees_all_that_was_told);
async fn r03_r07_the_operator_sees_all_that_was_told(app: TestApp) {
    let told = application("ada@example.com");
    let sent = app
        .anonymous()
        .mutate("applyToProgram", told.clone(), TOLD)
        .await;
    let seen = format!(
        "{{ applications {{ nodes {{ {} }} }} }}",
        &TOLD["application {".len()..TOLD.len() - 1]
    );
    let operator = app.operator().await;
    let node = operator.query(&seen).await["applications"]["nodes"][0].take();
    assert_eq!(node, sent["application"]);
    for (field, value) in told.as_object().expect("fields") {
        assert_eq!(&node[field], value, "{field}");
    }
}

on_both!(r01_r04_r05_r06_a_person_and_a_business_say_how_where_and_for_how_many);
async fn r01_r04_r05_r06_a_person_and_a_business_say_how_where_and_for_how_many(app: TestApp) {
    let operator = app.operator().await;
    let said = [
        (
            "INDIVIDUAL",
            json!(["LINK_ONLY"]),
            json!(["INTERNET"]),
            [0, 0, 1, 2],
        ),
        (
            "BUSINESS",
            json!(["SETUP", "MAINTENANCE", "SUPPORT"]),
            json!(["LOCAL", "REGIONAL", "COUNTRY", "MULTI_COUNTRY"]),
            [50, 200, 900, 4_000],
        ),
    ];
    for (kind, involvement, markets, [one, three, six, twelve]) in said {
        let mut told = application(&app.new_email("applicant"));
        told["kind"] = json!(kind);
        told["involvement"] = involvement;
        told["markets"] = markets;
        told["projection"] =
            json!({ "oneMonth": one, "threeMonths": three, "sixMonths": six, "oneYear": twelve });
        let sent = app
            .anonymous()
            .mutate("applyToProgram", told.clone(), TOLD)
            .await;
        for field in ["kind", "involvement", "markets", "places", "projection"] {
            assert_eq!(sent["application"][field], told[field], "{field}");
        }
        let id = &sent["application"]["id"];
        let decision = json!({ "applicationId": id, "commissionRate": "3.00" });
        let made = operator
            .mutate("approveApplication", decision, "agent { kind displayName }")
            .await;
        assert_eq!(
            made["agent"],
            json!({ "kind": kind, "displayName": told["name"] })
        );
        // None of it can be left out.
        for field in ["involvement", "markets"] {
            let mut lacking = told.clone();
            lacking["email"] = json!(app.new_email("applicant"));
            lacking[field] = json!([]);
            let refused = app.anonymous().refused("applyToProgram", lacking).await;
            assert_eq!(
                (refused.code.as_str(), refused.field.as_str()),
                ("INVALID_INPUT", field)
            );
        }
    }
}

on_both!(r07_an_application_is_the_applicants_and_the_operators);
async fn r07_an_application_is_the_applicants_and_the_operators(app: TestApp) {
    let (customer, other) = (app.customer().await, app.customer().await);
    let sent = customer
        .mutate("applyToProgram", application(&customer.email), TOLD)
        .await;
    let document = "query($id: ID!) { node(id: $id) { id } }";
    let asked = json!({ "id": sent["application"]["id"] });
    assert!(!customer.run(document, asked.clone()).await["node"].is_null());
    assert!(other.run(document, asked.clone()).await["node"].is_null());
    assert!(app.anonymous().run(document, asked).await["node"].is_null());
    assert_eq!(
        other
            .error("{ applications { nodes { id } } }", json!({}))
            .await,
        "FORBIDDEN"
    );
}

on_both!(r02_approval_makes_all_that_an_agent_has_at_once);
async fn r02_approval_makes_all_that_an_agent_has_at_once(app: TestApp) {
    let agent = app.agent("3.00").await;
    let seen = agent
        .query(
            "{ viewer { user { roles email } customer { id status management balance { cash promo } }
               agent { id agentNumber displayName kind status customer { id } application { state }
                 balance { funding commission held reserved available withdrawable carry }
                 commissionRates { commissionRate effectiveTo } } } }",
        )
        .await;
    let viewer = &seen["viewer"];
    assert_eq!(viewer["user"]["email"], agent.email);
    assert_eq!(viewer["customer"]["id"], agent.account);
    assert_eq!(viewer["customer"]["management"], "SELF");
    let zero = "0.0000";
    assert_eq!(
        viewer["customer"]["balance"],
        json!({ "cash": zero, "promo": zero })
    );
    let shown = &viewer["agent"];
    assert_eq!(shown["id"], agent.id);
    assert_eq!(shown["customer"]["id"], agent.account);
    assert_eq!(
        (&shown["displayName"], &shown["kind"]),
        (&json!("Ada Agent"), &json!("INDIVIDUAL"))
    );
    assert_eq!(
        (&shown["status"], &shown["application"]["state"]),
        (&json!("ACTIVE"), &json!("APPROVED"))
    );
    assert_eq!(
        shown["balance"],
        json!({
            "funding": zero, "commission": zero, "held": zero, "reserved": zero, "available": zero,
            "withdrawable": zero, "carry": "0.00000000",
        })
    );
    assert_eq!(
        shown["commissionRates"],
        json!([{ "commissionRate": "3.00", "effectiveTo": null }])
    );
}

on_both!(r09_only_one_to_ten_percent_are_assigned);
async fn r09_only_one_to_ten_percent_are_assigned(app: TestApp) {
    let operator = app.operator().await;
    let id = applied(&app, "ada@example.com").await;
    for rate in ["0.99", "10.01", "0", "-3", "100"] {
        let decision = json!({ "applicationId": id, "commissionRate": rate });
        let refused = operator.refused("approveApplication", decision).await;
        assert_eq!(refused.code, "COMMISSION_RATE_OUT_OF_RANGE", "{rate}");
        assert_eq!(refused.field, "commissionRate");
        assert_eq!(refused.error["minimumRate"], "1.00");
        assert_eq!(refused.error["maximumRate"], "10.00");
    }
    for rate in ["3.001", "three"] {
        let decision = json!({ "applicationId": id, "commissionRate": rate });
        let refused = operator.refused("approveApplication", decision).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_INPUT", "commissionRate")
        );
    }
    for (rate, shown) in [("1", "1.00"), ("10.00", "10.00")] {
        let id = applied(&app, &app.new_email("ada")).await;
        let decision = json!({ "applicationId": id, "commissionRate": rate });
        let approved = operator
            .mutate("approveApplication", decision, "agent { commissionRate }")
            .await;
        assert_eq!(approved["agent"]["commissionRate"], shown);
    }
}

on_both!(r02_the_second_decision_is_refused);
async fn r02_the_second_decision_is_refused(app: TestApp) {
    let operator = app.operator().await;
    let id = applied(&app, "ada@example.com").await;
    let approval = json!({ "applicationId": id, "commissionRate": "3.00" });
    let answer = json!({ "applicationId": id, "response": "Not now." });
    let rejected = operator
        .mutate("rejectApplication", answer.clone(), TOLD)
        .await;
    assert_eq!(rejected["application"]["state"], "REJECTED");
    assert_eq!(rejected["application"]["response"], "Not now.");
    assert!(!rejected["application"]["decidedAt"].is_null());
    for (field, input) in [
        ("approveApplication", approval),
        ("rejectApplication", answer.clone()),
        ("requestApplicationInfo", answer),
    ] {
        let refused = operator.refused(field, input).await;
        assert_eq!(
            (refused.code.as_str(), &refused.error["state"]),
            ("ILLEGAL_STATE", &json!("REJECTED"))
        );
    }
    // Turned down, one may apply again.
    assert_ne!(applied(&app, "ada@example.com").await, id);
}

on_both!(r02_of_two_approvals_at_once_one_is_refused);
async fn r02_of_two_approvals_at_once_one_is_refused(app: TestApp) {
    let operator = app.operator().await;
    let id = applied(&app, "ada@example.com").await;
    let document = "mutation($input: ApproveApplicationInput!) {
        approveApplication(input: $input) { agent { id } userErrors { code } } }";
    let input = json!({ "input": { "applicationId": id, "commissionRate": "3.00" } });
    let (one, other) = tokio::join!(
        operator.run(document, input.clone()),
        operator.run(document, input)
    );
    let mut codes = [one, other].map(|data| data["approveApplication"]["userErrors"].to_string());
    codes.sort();
    assert_eq!(codes, ["[]", r#"[{"code":"ILLEGAL_STATE"}]"#]);
    let seen = operator.query("{ agents { totalCount } }").await;
    assert_eq!(seen["agents"]["totalCount"], 1);
}

on_both!(r02_who_is_an_agent_is_not_made_one_again);
async fn r02_who_is_an_agent_is_not_made_one_again(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let sent = agent.mutate("applyToProgram", application(&agent.email), TOLD);
    let id = text(&sent.await["application"]["id"]).to_owned();
    let decision = json!({ "applicationId": id, "commissionRate": "3.00" });
    let refused = operator.refused("approveApplication", decision).await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("ACTIVE"))
    );
}

on_both!(r02_who_signed_up_with_anothers_address_does_not_become_the_agent);
async fn r02_who_signed_up_with_anothers_address_does_not_become_the_agent(app: TestApp) {
    let (holder, operator) = (app.customer().await, app.operator().await);
    let id = applied(&app, &holder.email).await;
    let decision = json!({ "applicationId": id, "commissionRate": "3.00" });
    let refused = operator.refused("approveApplication", decision).await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("LOGIN_EXISTS"))
    );
}

on_both!(r47_one_application_for_each_address_is_open);
async fn r47_one_application_for_each_address_is_open(app: TestApp) {
    let id = applied(&app, "ada@example.com").await;
    let again = application("ADA@example.com");
    let refused = app.anonymous().refused("applyToProgram", again).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("APPLICATION_OPEN", "email")
    );
    let operator = app.operator().await;
    assert_eq!(desk_count(&operator).await, 1);
    // Asked, the applicant answers by applying again.
    let question = json!({ "applicationId": id, "response": "Which town?" });
    let asked = operator
        .mutate("requestApplicationInfo", question.clone(), TOLD)
        .await;
    assert_eq!(asked["application"]["state"], "INFO_REQUESTED");
    assert_eq!(asked["application"]["response"], "Which town?");
    let refused = operator.refused("requestApplicationInfo", question).await;
    assert_eq!(&refused.error["state"], "INFO_REQUESTED");
    assert_eq!(desk_count(&operator).await, 0);
    let answer = changed("ADA@example.com", "places", json!("Weehawken"));
    let sent = app.anonymous().mutate("applyToProgram", answer, TOLD).await;
    assert_eq!(sent["application"]["id"], id);
    assert_eq!(sent["application"]["state"], "SUBMITTED");
    assert_eq!(sent["application"]["places"], "Weehawken");
    assert!(sent["application"]["response"].is_null());
    assert_eq!(desk_count(&operator).await, 1);
}

on_both!(r47_of_two_applications_at_once_one_is_refused);
async fn r47_of_two_applications_at_once_one_is_refused(app: TestApp) {
    let stranger = app.anonymous();
    let document = "mutation($input: ApplyToProgramInput!) { applyToProgram(input: $input) { userErrors { code } } }";
    let input = json!({ "input": application("ada@example.com") });
    let (one, other) = tokio::join!(
        stranger.run(document, input.clone()),
        stranger.run(document, input)
    );
    let mut codes = [one, other].map(|data| data["applyToProgram"]["userErrors"].to_string());
    codes.sort();
    assert_eq!(codes, ["[]", r#"[{"code":"APPLICATION_OPEN"}]"#]);
}

on_both!(r07_a_stranger_does_not_answer_for_who_was_asked);
async fn r07_a_stranger_does_not_answer_for_who_was_asked(app: TestApp) {
    let customer = app.customer().await;
    let sent = customer
        .mutate("applyToProgram", application(&customer.email), TOLD)
        .await;
    let question = json!({ "applicationId": sent["application"]["id"], "response": "Which town?" });
    app.operator()
        .await
        .mutate("requestApplicationInfo", question, TOLD)
        .await;
    let refused = app
        .anonymous()
        .refused("applyToProgram", application(&customer.email))
        .await;
    assert_eq!(refused.code, "APPLICATION_OPEN");
    customer
        .mutate("applyToProgram", application(&customer.email), TOLD)
        .await;
}

on_both!(r03_what_cannot_be_is_refused_at_its_field);
async fn r03_what_cannot_be_is_refused_at_its_field(app: TestApp) {
    let projection = json!({ "oneMonth": 1, "threeMonths": -1, "sixMonths": 1, "oneYear": 1 });
    for (field, value, at) in [
        ("name", json!(""), "name"),
        ("email", json!("ada"), "email"),
        ("business", json!(" "), "business"),
        ("plan", json!("x".repeat(4_001)), "plan"),
        ("promotion", json!([]), "promotion"),
        ("projection", projection, "projection.threeMonths"),
    ] {
        let input = changed("ada@example.com", field, value);
        let refused = app.anonymous().refused("applyToProgram", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_INPUT", at)
        );
    }
    assert_eq!(desk_count(&app.operator().await).await, 0);
}

on_both!(r02_a_new_agent_sets_its_password_by_its_link);
async fn r02_a_new_agent_sets_its_password_by_its_link(app: TestApp) {
    let operator = app.operator().await;
    let id = applied(&app, "ada@example.com").await;
    let decision = json!({ "applicationId": id, "commissionRate": "3.00", "note": "Welcome." });
    let shown = "claimUrl application { response }";
    let approved = operator.mutate("approveApplication", decision, shown).await;
    assert_eq!(approved["application"]["response"], "Welcome.");
    let claim_url = text(&approved["claimUrl"]);
    let token = crate::support::app::token_of(claim_url);
    let elsewhere = json!({ "token": token, "email": "eve@example.com", "password": PASSWORD });
    let refused = app.anonymous().refused("claimAccount", elsewhere).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "email")
    );
    app.claim(claim_url, "ada@example.com").await;
    app.sign_in("ada@example.com").await;
}
