//! `load`: reads a scenario as JSON from standard input, carries it out, and writes what came of it as JSON.
//!
//! It knows nothing of the product: bodies are texts with places to be filled in, and an answer is right if it holds a
//! text that only the right one holds.

mod asking;
mod body;
mod listening;
mod outcome;
mod scenario;
mod socket;
mod wire;

use std::io::Read;

use outcome::Fault;
use scenario::Scenario;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Fault> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let scenario: Scenario = serde_json::from_str(&text)?;
    let outcome = match scenario {
        Scenario::Ask(asking) => serde_json::to_string(&asking::run(asking).await?)?,
        Scenario::Listen(listening) => serde_json::to_string(&listening::run(listening).await?)?,
    };
    println!("{outcome}");
    Ok(())
}
