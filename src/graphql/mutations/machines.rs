//! Keys of telephone switches and payment processors.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::api_key::MachineRole;
use entity::{ApiKeyId, Name};

use crate::graphql::access::enter;
use crate::graphql::context::{act, services};
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, text};
use crate::graphql::nodes::ApiKey;
use crate::graphql::people::Role;
use crate::program::Refusal;

/// A key to be.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// Which machine it is for: 1 to 200 characters.
    name: String,
    /// `SWITCH` or `PROCESSOR`.
    role: Role,
}

/// A key that is to end.
#[derive(InputObject)]
pub struct RevokeApiKeyInput {
    /// The key.
    api_key_id: Given<ID>,
}

/// A new key, or why there is none.
#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The key. Null where it was refused.
    api_key: Option<ApiKey>,
    /// For the Authorization header (Bearer), shown this once.
    secret: Option<String>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for CreateApiKeyPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            api_key: None,
            secret: None,
            user_errors: vec![error],
        }
    }
}

/// A key, or why nothing was changed.
#[derive(SimpleObject)]
pub struct ApiKeyPayload {
    /// The key as it is now. Null where it was refused.
    api_key: Option<ApiKey>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for ApiKeyPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            api_key: None,
            user_errors: vec![error],
        }
    }
}

/// Only machines have keys; people sign in.
fn machine(role: Role) -> Result<MachineRole, Refusal> {
    match role {
        Role::Switch => Ok(MachineRole::Switch),
        Role::Processor => Ok(MachineRole::Processor),
        Role::Customer | Role::Agent | Role::Operator => Err(Refusal::invalid(
            "role",
            "`role` must be SWITCH or PROCESSOR.",
        )),
    }
}

/// Its share of the mutations.
#[derive(Default)]
pub struct MachineMutation;

#[Object]
impl MachineMutation {
    /// Operators: a key for a switch or a processor, shown this once.
    ///
    /// Refusals: `INVALID_INPUT`.
    ///
    /// Example: `mutation { createApiKey(input: {name: "Switch 1", role: SWITCH}) { apiKey { id } secret userErrors { code field } } }`
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key to be.")] input: CreateApiKeyInput,
    ) -> Answer<CreateApiKeyPayload> {
        answer(async {
            enter(ctx)?;
            let name = text("name", &input.name, Name::parse)?;
            let role = machine(input.role)?;
            let act = act(ctx)?;
            let registry = &services(ctx).registry;
            let (key, secret) = registry.create_api_key(&act, name, role).await?;
            Ok(CreateApiKeyPayload {
                api_key: Some(ApiKey(key)),
                secret: Some(secret),
                user_errors: vec![],
            })
        })
        .await
    }

    /// Operators: end a key at once. One that is ended stays as it is.
    ///
    /// Refusals: `NOT_FOUND`.
    ///
    /// Example: `mutation { revokeApiKey(input: {apiKeyId: "key_…"}) { apiKey { revokedAt } userErrors { code } } }`
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key that is to end.")] input: RevokeApiKeyInput,
    ) -> Answer<ApiKeyPayload> {
        answer(async {
            enter(ctx)?;
            let key = id::<ApiKeyId>(&input.api_key_id, "apiKeyId")?;
            let act = act(ctx)?;
            let key = services(ctx).registry.revoke_api_key(&act, key).await?;
            Ok(ApiKeyPayload {
                api_key: Some(ApiKey(key)),
                user_errors: vec![],
            })
        })
        .await
    }
}
