//! How people come in, and whose customers they are.

use chrono::TimeDelta;
use entity::AgentNumber;
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestAgent, TestApp, text, token_of};

/// A customer with its agent, as its payload shows it.
const CUSTOMER: &str =
    "customer { id status management agent { agentNumber } affiliation { method } }";

/// What a customer sees of itself.
const SELF: &str = "{ viewer { customer { id status management agent { agentNumber } affiliation { method since } } } }";

fn new_person(email: &str) -> Value {
    json!({ "name": "Carl Customer", "email": email, "password": PASSWORD })
}

fn with(mut input: Value, more: Value) -> Value {
    let (Value::Object(fields), Value::Object(more)) = (&mut input, more) else {
        panic!("no fields");
    };
    fields.extend(more);
    input
}

/// A number that is well formed, and that nobody has.
fn nobodys(agents: &[&TestAgent]) -> String {
    (0..AgentNumber::COUNT)
        .map(|index| AgentNumber::nth(index).to_string())
        .find(|number| agents.iter().all(|agent| agent.number != *number))
        .expect("there are many")
}

/// The same with a wrong digit.
fn mistyped(number: &str) -> String {
    let last = if number.ends_with('9') { '0' } else { '9' };
    format!("{}{last}", &number[..number.len() - 1])
}

async fn count_of_customers(app: &TestApp) -> Value {
    let operator = app.operator().await;
    operator.query("{ customers { totalCount } }").await["customers"]["totalCount"].clone()
}

on_both!(r47_anyone_signs_up_and_is_signed_in);
async fn r47_anyone_signs_up_and_is_signed_in(app: TestApp) {
    let customer = app.customer().await;
    let me = customer.query(SELF).await["viewer"]["customer"].take();
    assert_eq!(me["id"], customer.id);
    assert_eq!(
        (&me["status"], &me["management"]),
        (&json!("ACTIVE"), &json!("SELF"))
    );
    assert!(me["agent"].is_null() && me["affiliation"].is_null());
    let again = app.sign_in(&customer.email.to_uppercase()).await;
    assert_eq!(
        again.query(SELF).await["viewer"]["customer"]["id"],
        customer.id
    );
}

on_both!(an_address_is_one_login_in_letters_of_either_case);
async fn an_address_is_one_login_in_letters_of_either_case(app: TestApp) {
    app.anonymous()
        .mutate("signUp", new_person("ada@example.com"), CUSTOMER)
        .await;
    let again = app
        .anonymous()
        .refused("signUp", new_person("ADA@Example.com"))
        .await;
    assert_eq!(
        (again.code.as_str(), again.field.as_str()),
        ("EMAIL_TAKEN", "email")
    );
    assert_eq!(count_of_customers(&app).await, 1);
}

on_both!(of_two_who_take_an_address_at_once_one_has_it);
async fn of_two_who_take_an_address_at_once_one_has_it(app: TestApp) {
    let stranger = app.anonymous();
    let signing_up = || {
        stranger.run(
            "mutation($input: SignUpInput!) { signUp(input: $input) { userErrors { code } } }",
            json!({ "input": new_person("ada@example.com") }),
        )
    };
    let (one, other) = tokio::join!(signing_up(), signing_up());
    let mut codes = [one, other].map(|data| data["signUp"]["userErrors"].to_string());
    codes.sort();
    assert_eq!(codes, ["[]", r#"[{"code":"EMAIL_TAKEN"}]"#]);
}

on_both!(what_is_no_name_address_or_password_is_refused_at_its_field);
async fn what_is_no_name_address_or_password_is_refused_at_its_field(app: TestApp) {
    for (wrong, code, field) in [
        (json!({ "name": " " }), "INVALID_INPUT", "name"),
        (json!({ "name": "a\u{0}b" }), "INVALID_INPUT", "name"),
        (json!({ "email": "nobody" }), "INVALID_INPUT", "email"),
        (json!({ "password": "short" }), "WEAK_PASSWORD", "password"),
        (
            json!({ "password": "password123" }),
            "WEAK_PASSWORD",
            "password",
        ),
    ] {
        let input = with(new_person("ada@example.com"), wrong);
        let refused = app.anonymous().refused("signUp", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, field)
        );
    }
    assert_eq!(count_of_customers(&app).await, 0);
}

on_both!(r16_the_customer_types_the_agent_id);
async fn r16_the_customer_types_the_agent_id(app: TestApp) {
    let agent = app.agent("3.00").await;
    let typed = format!(" {}-{} ", &agent.number[..4], &agent.number[4..]);
    let input = with(
        new_person("carl@example.com"),
        json!({ "agentNumber": typed }),
    );
    let new = app
        .anonymous()
        .mutate("signUpWithAgent", input, CUSTOMER)
        .await;
    let customer = &new["customer"];
    assert_eq!(customer["agent"]["agentNumber"], agent.number);
    assert_eq!(customer["affiliation"]["method"], "AGENT_NUMBER");
    assert_eq!(
        (&customer["status"], &customer["management"]),
        (&json!("ACTIVE"), &json!("SELF"))
    );
}

on_both!(r17_the_customer_follows_the_agents_link);
async fn r17_the_customer_follows_the_agents_link(app: TestApp) {
    let agent = app.agent("3.00").await;
    let seen = agent
        .query("{ viewer { agent { signupUrl agentNumber } } }")
        .await;
    let link = text(&seen["viewer"]["agent"]["signupUrl"]).to_owned();
    assert!(link.contains(&agent.number), "{link}");
    for blank in [Value::Null, json!(""), json!("  ")] {
        let named = json!({ "agentNumber": blank, "linkAgentNumber": agent.number });
        let input = with(new_person(&app.new_email("carl")), named);
        let new = app
            .anonymous()
            .mutate("signUpWithAgent", input, CUSTOMER)
            .await;
        assert_eq!(new["customer"]["affiliation"]["method"], "LINK");
        assert_eq!(new["customer"]["agent"]["agentNumber"], agent.number);
    }
}

on_both!(r16_the_field_is_optional);
async fn r16_the_field_is_optional(app: TestApp) {
    let input = new_person("carl@example.com");
    let new = app
        .anonymous()
        .mutate("signUpWithAgent", input, CUSTOMER)
        .await;
    assert!(new["customer"]["agent"].is_null());
}

on_both!(r18_an_agent_signs_a_customer_up_and_hands_the_login_over);
async fn r18_an_agent_signs_a_customer_up_and_hands_the_login_over(app: TestApp) {
    let agent = app.agent("3.00").await;
    let input =
        json!({ "name": "Bob", "email": "bob@example.com", "management": "PENDING_HANDOVER" });
    let shown = format!("claimUrl {CUSTOMER}");
    let new = agent.mutate("signUpCustomer", input, &shown).await;
    let customer = &new["customer"];
    assert_eq!(customer["status"], "PENDING");
    assert_eq!(customer["management"], "PENDING_HANDOVER");
    assert_eq!(customer["affiliation"]["method"], "AGENT_HANDOVER");
    let bob = app.claim(text(&new["claimUrl"]), "bob@example.com").await;
    let me = bob.query(SELF).await["viewer"]["customer"].take();
    assert_eq!(me["id"], customer["id"]);
    assert_eq!(
        (&me["status"], &me["management"]),
        (&json!("ACTIVE"), &json!("SELF"))
    );
    assert_eq!(me["affiliation"]["method"], "AGENT_HANDOVER");
    assert_eq!(me["agent"]["agentNumber"], agent.number);
}

on_both!(r18_a_handover_needs_an_address);
async fn r18_a_handover_needs_an_address(app: TestApp) {
    let agent = app.agent("3.00").await;
    let no_address = json!({ "name": "Bob", "management": "PENDING_HANDOVER" });
    let refused = agent.refused("signUpCustomer", no_address).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "email")
    );
    let own = json!({ "name": "Bob", "email": "bob@example.com", "management": "SELF" });
    let refused = agent.refused("signUpCustomer", own).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "management")
    );
}

on_both!(r19_an_agent_keeps_a_customer_under_its_control);
async fn r19_an_agent_keeps_a_customer_under_its_control(app: TestApp) {
    let agent = app.agent("3.00").await;
    let input = json!({ "name": "Bob", "management": "AGENT_MANAGED" });
    let shown = format!("claimUrl {CUSTOMER}");
    let new = agent.mutate("signUpCustomer", input, &shown).await;
    assert!(new["claimUrl"].is_null());
    let customer = &new["customer"];
    assert_eq!(customer["status"], "ACTIVE");
    assert_eq!(customer["management"], "AGENT_MANAGED");
    assert_eq!(customer["affiliation"]["method"], "AGENT_MANAGED");
}

on_both!(r20_an_agent_mixes_the_four_ways_and_each_customer_shows_its_own);
async fn r20_an_agent_mixes_the_four_ways_and_each_customer_shows_its_own(app: TestApp) {
    let agent = app.agent("3.00").await;
    app.customer_of(&agent).await;
    let link = with(
        new_person("link@example.com"),
        json!({ "linkAgentNumber": agent.number }),
    );
    app.anonymous()
        .mutate("signUpWithAgent", link, CUSTOMER)
        .await;
    for management in ["PENDING_HANDOVER", "AGENT_MANAGED"] {
        let email = app.new_email("bob");
        let input = json!({ "name": "Bob", "email": email, "management": management });
        agent.mutate("signUpCustomer", input, CUSTOMER).await;
    }
    let seen = agent
        .query("{ customers { nodes { affiliation { method } } } }")
        .await;
    let nodes = seen["customers"]["nodes"].as_array().expect("a list");
    let mut methods: Vec<&str> = nodes
        .iter()
        .map(|node| text(&node["affiliation"]["method"]))
        .collect();
    methods.sort_unstable();
    assert_eq!(
        methods,
        ["AGENT_HANDOVER", "AGENT_MANAGED", "AGENT_NUMBER", "LINK"]
    );
}

on_both!(r22_an_agent_sees_its_own_customers_and_no_others);
async fn r22_an_agent_sees_its_own_customers_and_no_others(app: TestApp) {
    let (ada, eve) = (app.agent("3.00").await, app.agent("3.00").await);
    let customer = app.customer_of(&ada).await;
    let document = "query($id: ID!) { node(id: $id) { id } }";
    let asked = json!({ "id": customer.id });
    assert_eq!(
        ada.run(document, asked.clone()).await["node"]["id"],
        customer.id
    );
    assert!(eve.run(document, asked).await["node"].is_null());
    let input = json!({ "customerId": customer.id });
    let foreign = eve.refused("handOverCustomer", input).await;
    assert_eq!(
        (foreign.code.as_str(), foreign.field.as_str()),
        ("NOT_FOUND", "customerId")
    );
    let input = json!({ "customerId": "cus_0192f5a0c0de7000800000000000beef" });
    let missing = eve.refused("handOverCustomer", input).await;
    assert_eq!(missing.error, foreign.error);
}

on_both!(e18_nobody_is_his_own_agent);
async fn e18_nobody_is_his_own_agent(app: TestApp) {
    let agent = app.agent("3.00").await;
    let (name, domain) = agent.email.split_once('@').expect("an address");
    let tagged = format!("{}+shop@{domain}", name.to_uppercase());
    let input = with(new_person(&tagged), json!({ "agentNumber": agent.number }));
    let refused = app.anonymous().refused("signUpWithAgent", input).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("SELF_REFERRAL", "agentNumber")
    );
    let input = json!({ "name": "Me", "email": tagged, "management": "PENDING_HANDOVER" });
    let refused = agent.refused("signUpCustomer", input).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("SELF_REFERRAL", "email")
    );
    let refused = agent
        .refused("nameAgent", json!({ "agentNumber": agent.number }))
        .await;
    assert_eq!(refused.code, "SELF_REFERRAL");
    let input =
        json!({ "name": "Bob", "email": "bob@example.com", "management": "PENDING_HANDOVER" });
    let new = agent.mutate("signUpCustomer", input, "claimUrl").await;
    let token = token_of(text(&new["claimUrl"]));
    let input = json!({ "token": token, "email": tagged, "password": PASSWORD });
    let refused = app.anonymous().refused("claimAccount", input).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("SELF_REFERRAL", "email")
    );
    app.claim(text(&new["claimUrl"]), "bob@example.com").await;
}

on_both!(e19_a_circle_of_any_length_is_refused);
async fn e19_a_circle_of_any_length_is_refused(app: TestApp) {
    let agents = [
        app.agent("3.00").await,
        app.agent("3.00").await,
        app.agent("3.00").await,
    ];
    for pair in agents.windows(2) {
        let above = json!({ "agentNumber": pair[1].number });
        pair[0].mutate("nameAgent", above, CUSTOMER).await;
    }
    let closing = json!({ "agentNumber": agents[0].number });
    let refused = agents[2].refused("nameAgent", closing).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("AFFILIATION_CYCLE", "agentNumber")
    );
}

on_both!(e19_of_two_who_close_a_circle_at_once_one_is_refused);
async fn e19_of_two_who_close_a_circle_at_once_one_is_refused(app: TestApp) {
    let (ada, bea) = (app.agent("3.00").await, app.agent("3.00").await);
    let document =
        "mutation($input: NameAgentInput!) { nameAgent(input: $input) { userErrors { code } } }";
    let named = |agent: &TestAgent| json!({ "input": { "agentNumber": agent.number } });
    let (one, other) = tokio::join!(
        ada.run(document, named(&bea)),
        bea.run(document, named(&ada))
    );
    let mut codes = [one, other].map(|data| data["nameAgent"]["userErrors"].to_string());
    codes.sort();
    assert_eq!(codes, ["[]", r#"[{"code":"AFFILIATION_CYCLE"}]"#]);
}

on_both!(e20_a_customer_without_an_agent_names_one_in_time_and_once);
async fn e20_a_customer_without_an_agent_names_one_in_time_and_once(app: TestApp) {
    let agent = app.agent("3.00").await;
    let (early, late) = (app.customer().await, app.customer().await);
    let named = json!({ "agentNumber": agent.number });
    app.pass(TimeDelta::days(30) - TimeDelta::minutes(5));
    let early = app.sign_in(&early.email).await;
    let done = early.mutate("nameAgent", named.clone(), CUSTOMER).await;
    assert_eq!(done["customer"]["affiliation"]["method"], "ASSIGNED");
    assert_eq!(done["customer"]["agent"]["agentNumber"], agent.number);
    let again = early.refused("nameAgent", named.clone()).await;
    assert_eq!(
        (again.code.as_str(), &again.error["state"]),
        ("ILLEGAL_STATE", &json!("AFFILIATED"))
    );
    app.pass(TimeDelta::minutes(5));
    let refused = app
        .sign_in(&late.email)
        .await
        .refused("nameAgent", named)
        .await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("TOO_LATE"))
    );
}

on_both!(e21_a_typed_number_wins_over_the_links);
async fn e21_a_typed_number_wins_over_the_links(app: TestApp) {
    let (typed, link) = (app.agent("3.00").await, app.agent("3.00").await);
    let named = json!({ "agentNumber": typed.number, "linkAgentNumber": link.number });
    let input = with(new_person("carl@example.com"), named);
    let new = app
        .anonymous()
        .mutate("signUpWithAgent", input, CUSTOMER)
        .await;
    assert_eq!(new["customer"]["agent"]["agentNumber"], typed.number);
    assert_eq!(new["customer"]["affiliation"]["method"], "AGENT_NUMBER");
}

on_both!(e21_a_wrong_number_pays_no_stranger);
async fn e21_a_wrong_number_pays_no_stranger(app: TestApp) {
    let agent = app.agent("3.00").await;
    let (mistyped, nobodys) = (mistyped(&agent.number), nobodys(&[&agent]));
    let before = count_of_customers(&app).await;
    for (named, code, field) in [
        (
            json!({ "agentNumber": mistyped }),
            "AGENT_NUMBER_MALFORMED",
            "agentNumber",
        ),
        (
            json!({ "agentNumber": "ada" }),
            "AGENT_NUMBER_MALFORMED",
            "agentNumber",
        ),
        (
            json!({ "agentNumber": nobodys }),
            "AGENT_NUMBER_UNKNOWN",
            "agentNumber",
        ),
        (
            json!({ "linkAgentNumber": mistyped }),
            "AGENT_NUMBER_MALFORMED",
            "linkAgentNumber",
        ),
        (
            json!({ "linkAgentNumber": nobodys }),
            "AGENT_NUMBER_UNKNOWN",
            "linkAgentNumber",
        ),
        (
            json!({ "agentNumber": mistyped, "linkAgentNumber": agent.number }),
            "AGENT_NUMBER_MALFORMED",
            "agentNumber",
        ),
        (
            json!({ "agentNumber": nobodys, "linkAgentNumber": agent.number }),
            "AGENT_NUMBER_UNKNOWN",
            "agentNumber",
        ),
    ] {
        let input = with(new_person("carl@example.com"), named.clone());
        let refused = app.anonymous().refused("signUpWithAgent", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, field),
            "{named}"
        );
    }
    assert_eq!(count_of_customers(&app).await, before);
}

on_both!(e25_a_claim_link_is_good_once_and_the_newest_only);
async fn e25_a_claim_link_is_good_once_and_the_newest_only(app: TestApp) {
    let agent = app.agent("3.00").await;
    let input =
        json!({ "name": "Bob", "email": "bob@example.com", "management": "PENDING_HANDOVER" });
    let new = agent
        .mutate("signUpCustomer", input, "claimUrl customer { id }")
        .await;
    let id = text(&new["customer"]["id"]).to_owned();
    let again = agent
        .mutate("handOverCustomer", json!({ "customerId": id }), "claimUrl")
        .await;
    let claiming = |claim_url: &Value, email: &str| json!({ "token": token_of(text(claim_url)), "email": email, "password": PASSWORD });
    for dead in [
        claiming(&new["claimUrl"], "bob@example.com"),
        json!({
            "token": "agc_nobody", "email": "bob@example.com", "password": PASSWORD,
        }),
    ] {
        let refused = app.anonymous().refused("claimAccount", dead).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_TOKEN", "token")
        );
    }
    // A refusal leaves the link good.
    let taken = claiming(&again["claimUrl"], &app.customer().await.email);
    assert_eq!(
        app.anonymous().refused("claimAccount", taken).await.code,
        "EMAIL_TAKEN"
    );
    app.claim(text(&again["claimUrl"]), "bob@example.com").await;
    let spent = claiming(&again["claimUrl"], "bob@example.com");
    assert_eq!(
        app.anonymous().refused("claimAccount", spent).await.code,
        "INVALID_TOKEN"
    );
    let refused = agent
        .refused("handOverCustomer", json!({ "customerId": id }))
        .await;
    assert_eq!(refused.code, "NOT_MANAGED");
}

on_both!(e25_a_claim_link_is_good_for_seven_days);
async fn e25_a_claim_link_is_good_for_seven_days(app: TestApp) {
    let agent = app.agent("3.00").await;
    let input =
        json!({ "name": "Bob", "email": "bob@example.com", "management": "PENDING_HANDOVER" });
    let new = agent.mutate("signUpCustomer", input, "claimUrl").await;
    app.pass(TimeDelta::days(7));
    let token = token_of(text(&new["claimUrl"]));
    let input = json!({ "token": token, "email": "bob@example.com", "password": PASSWORD });
    let refused = app.anonymous().refused("claimAccount", input).await;
    assert_eq!(refused.code, "INVALID_TOKEN");
}

on_both!(e25_a_managed_customer_is_handed_over_later);
async fn e25_a_managed_customer_is_handed_over_later(app: TestApp) {
    let agent = app.agent("3.00").await;
    let input = json!({ "name": "Bob", "management": "AGENT_MANAGED" });
    let new = agent
        .mutate("signUpCustomer", input, "customer { id }")
        .await;
    let id = &new["customer"]["id"];
    let refused = agent
        .refused("handOverCustomer", json!({ "customerId": id }))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "email")
    );
    let input = json!({ "customerId": id, "email": "bob@example.com" });
    let shown = format!("claimUrl {CUSTOMER}");
    let handover = agent.mutate("handOverCustomer", input, &shown).await;
    assert_eq!(handover["customer"]["management"], "PENDING_HANDOVER");
    assert_eq!(
        handover["customer"]["affiliation"]["method"],
        "AGENT_HANDOVER"
    );
    let bob = app
        .claim(text(&handover["claimUrl"]), "bob@example.com")
        .await;
    let me = bob.query(SELF).await["viewer"]["customer"].take();
    assert_eq!(
        (&me["management"], &me["status"]),
        (&json!("SELF"), &json!("ACTIVE"))
    );
    assert_eq!(me["agent"]["agentNumber"], agent.number);
}

on_both!(r24_only_who_signed_a_customer_up_hands_it_over);
async fn r24_only_who_signed_a_customer_up_hands_it_over(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    let refused = agent
        .refused("handOverCustomer", json!({ "customerId": customer.id }))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_MANAGED", "customerId")
    );
    let input = json!({ "customerId": customer.id });
    assert_eq!(
        customer.denied("handOverCustomer", input.clone()).await,
        "FORBIDDEN"
    );
    assert_eq!(
        app.anonymous().denied("handOverCustomer", input).await,
        "UNAUTHENTICATED"
    );
}

on_both!(r22_the_agent_hears_of_a_customer_that_comes_and_of_its_claim);
async fn r22_the_agent_hears_of_a_customer_that_comes_and_of_its_claim(app: TestApp) {
    let agent = app.agent("3.00").await;
    let seen = agent.query("{ viewer { agent { latestCursor } } }").await;
    let after = json!({ "after": seen["viewer"]["agent"]["latestCursor"] });
    let document = "subscription($after: String) { agentEvents(after: $after) {
        ... on CustomerEvent { customer { id management } } } }";
    let mut events = agent.follow(document, after).await;
    let input =
        json!({ "name": "Bob", "email": "bob@example.com", "management": "PENDING_HANDOVER" });
    let new = agent
        .mutate("signUpCustomer", input, "claimUrl customer { id }")
        .await;
    let first = events.next().await["agentEvents"]["customer"].take();
    assert_eq!(first["id"], new["customer"]["id"]);
    app.claim(text(&new["claimUrl"]), "bob@example.com").await;
    let second = events.next().await["agentEvents"]["customer"].take();
    assert_eq!(
        (&second["id"], &second["management"]),
        (&new["customer"]["id"], &json!("SELF"))
    );
}
