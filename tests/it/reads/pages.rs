use serde_json::{Value, json};

use super::world::{ADA, BEN, CARL, World};
use crate::support::db::on_both;

const CHARGES: &str = "edges { cursor node { externalId } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

async fn page(world: &World, arguments: &str) -> Value {
    let query = format!("{{ viewer {{ customer {{ charges{arguments} {{ {CHARGES} }} }} }} }}");
    world.ask(CARL, &query).await["viewer"]["customer"]["charges"].take()
}

fn ids(page: &Value) -> Vec<&str> {
    let edges = page["edges"].as_array().expect("edges");
    edges
        .iter()
        .map(|edge| edge["node"]["externalId"].as_str().expect("an id"))
        .collect()
}

fn ends(page: &Value) -> (bool, bool) {
    let has = |name: &str| page["pageInfo"][name].as_bool().expect("a boolean");
    (has("hasPreviousPage"), has("hasNextPage"))
}

#[tokio::test]
async fn pages_turn_forward_and_backward_and_know_their_ends() {
    on_both(|test| async move {
        let world = World::new(test).await;
        for n in 3..8 {
            let days = 30 + n;
            world.charge(CARL, &format!("carl-{n}"), "0.01", days).await;
        }
        let all = page(&world, "").await;
        let whole: Vec<String> = ids(&all).iter().map(ToString::to_string).collect();
        assert_eq!(whole.len(), 8);
        assert_eq!(all["totalCount"], 8);
        assert_eq!(ends(&all), (false, false));
        assert_eq!(&whole[1..4], ["carl-2", "carl-1", "carl-3"]);

        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let some = page(&world, &format!("(first: 3{after})")).await;
            seen.extend(ids(&some).iter().map(ToString::to_string));
            assert_eq!(ends(&some), (seen.len() > 3, seen.len() < 8));
            if seen.len() >= 8 {
                break;
            }
            after = format!(", after: {}", some["pageInfo"]["endCursor"]);
        }
        assert_eq!(seen, whole);

        let last = page(&world, "(last: 3)").await;
        assert_eq!(ids(&last), &whole[5..]);
        assert_eq!(ends(&last), (true, false));
        let before = &last["pageInfo"]["startCursor"];
        let middle = page(&world, &format!("(last: 3, before: {before})")).await;
        assert_eq!(ids(&middle), &whole[2..5]);
        assert_eq!(ends(&middle), (true, true));
        let front = page(&world, &format!("(first: 2, before: {before})")).await;
        assert_eq!(ids(&front), &whole[..2]);
        assert_eq!(ends(&front), (false, true));
        let (a, b) = (&all["edges"][0]["cursor"], &all["edges"][4]["cursor"]);
        let between = page(&world, &format!("(first: 9, after: {a}, before: {b})")).await;
        assert_eq!(ids(&between), &whole[1..4]);
        assert_eq!(ends(&between), (true, true));
    })
    .await;
}

#[tokio::test]
async fn page_arguments_that_cannot_be_are_refused_by_name() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let cursor = world
            .ask(ADA, "{ payouts { pageInfo { endCursor } } }")
            .await["payouts"]["pageInfo"]["endCursor"]
            .take();
        for (arguments, argument) in [
            ("first: 0", "first"),
            ("first: -1", "first"),
            ("first: 101", "first"),
            ("last: 101", "last"),
            ("first: 1, last: 1", "last"),
            ("after: \"nonsense\"", "after"),
            (&format!("before: {cursor}"), "before"),
        ] {
            let query =
                format!("{{ customers({arguments}) {{ totalCount }} products {{ totalCount }} }}");
            let answer = world.try_ask(ADA, &query).await;
            assert_eq!(answer["data"]["customers"], Value::Null, "{arguments}");
            assert_eq!(answer["data"]["products"]["totalCount"], 2, "{arguments}");
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!(extensions["code"], "BAD_USER_INPUT", "{arguments}");
            assert_eq!(extensions["argument"], argument);
        }
    })
    .await;
}

#[tokio::test]
async fn pages_of_many_parents_are_each_their_own() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let data = world
            .ask_operator(
                "{ customers(orderBy: { field: NAME, direction: ASC }) { nodes { name
                   charges(first: 1) { totalCount nodes { externalId } pageInfo { hasNextPage } } } } }",
            )
            .await;
        let nodes = data["customers"]["nodes"].as_array().unwrap();
        let shown: Vec<Value> = nodes
            .iter()
            .map(|node| {
                let charges = &node["charges"];
                json!([
                    node["name"],
                    charges["totalCount"],
                    charges["nodes"][0]["externalId"],
                    charges["pageInfo"]["hasNextPage"]
                ])
            })
            .collect();
        let line = &shown[2][2];
        assert_eq!(
            shown,
            [
                json!(["ada", 0, null, false]),
                json!(["ben", 0, null, false]),
                json!(["carl", 3, line, true]),
                json!(["dora", 1, "dora-1", false]),
                json!(["emil", 1, "emil-1", false]),
                json!(["fay", 1, "fay-1", false]),
                json!(["gus", 2, "gus-new", true]),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn customers_are_found_by_name_mail_or_number_and_in_either_order() {
    on_both(|test| async move {
        let world = World::new(test).await;
        let found = async |arguments: &str| -> Vec<String> {
            let query = format!("{{ customers({arguments}) {{ nodes {{ name }} }} }}");
            let data = world.ask(ADA, &query).await;
            let nodes = data["customers"]["nodes"].as_array().unwrap();
            nodes
                .iter()
                .map(|node| node["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(found("first: 9").await, ["dora", "carl"]);
        let by_name = "orderBy: { field: NAME, direction: ASC }";
        assert_eq!(found(by_name).await, ["carl", "dora"]);
        assert_eq!(found("filter: { search: \"CARL@exam\" }").await, ["carl"]);
        assert_eq!(
            found("filter: { management: AGENT_MANAGED }").await,
            ["dora"]
        );
        assert!(found("filter: { search: \"%\" }").await.is_empty());
        assert!(found("filter: { search: \"emil\" }").await.is_empty());
        let ben = super::world::id::<entity::AgentId>(BEN);
        let foreign = format!("filter: {{ agentId: \"{ben}\" }}");
        assert!(found(&foreign).await.is_empty());
    })
    .await;
}
