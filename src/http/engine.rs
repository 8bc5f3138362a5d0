use std::future::Future;
use std::sync::{Arc, LazyLock};

use async_graphql::{Request, Response};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::documents::Rules;
use crate::auth::Actor;
use crate::graphql::{Api, sdl};

/// What runs documents: [`Api`], or what a test puts in its place. Every error of an answer has its code.
pub trait Engine: Clone + Send + Sync + 'static {
    /// The schema that documents are judged by before they come here: an engine need not look at them again.
    fn rules(&self) -> Arc<Rules>;

    /// Answers a query or a mutation, to its end, also when nobody waits any more.
    fn execute(
        &self,
        request: Request,
        actor: Actor,
        request_id: &str,
    ) -> impl Future<Output = Response> + Send;

    /// Answers a subscription, or a query or mutation as a stream of one.
    fn execute_stream(
        &self,
        request: Request,
        actor: Actor,
        request_id: String,
    ) -> BoxStream<'static, Response>;
}

/// Those of the schema that is served.
#[must_use]
pub fn rules() -> Arc<Rules> {
    static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(Rules::of(&sdl())));
    RULES.clone()
}

impl Engine for Api {
    fn rules(&self) -> Arc<Rules> {
        rules()
    }

    async fn execute(&self, request: Request, actor: Actor, request_id: &str) -> Response {
        Self::execute(self, request, actor, request_id).await
    }

    fn execute_stream(
        &self,
        request: Request,
        actor: Actor,
        request_id: String,
    ) -> BoxStream<'static, Response> {
        Self::execute_stream(self, request, actor, request_id).boxed()
    }
}
