//! Becoming a customer: by oneself, by an agent's number or link, or by its hand; claiming an account; naming an agent.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{CustomerId, Email, Name};

use super::sessions::{Session, SignInPayload};
use crate::Error;
use crate::auth::{Actor, Origin};
use crate::graphql::access::enter;
use crate::graphql::context::{act, becomes, origin, services};
use crate::graphql::customers::Management;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, optional_text, text};
use crate::graphql::nodes::Customer;
use crate::program::Refusal;
use crate::registry::{NewCustomer, NewPerson, SignedUp};

/// Whoever signs up.
#[derive(InputObject)]
pub struct SignUpInput {
    /// As bills and letters are to name the customer: 1 to 200 characters.
    name: String,
    /// Its login. Letters of either case are the same.
    email: String,
    /// 8 to 128 characters, not one of the common ones.
    password: String,
}

/// Whoever signs up, and the agent whose customer it is to be.
#[derive(InputObject)]
pub struct SignUpWithAgentInput {
    /// As bills and letters are to name the customer: 1 to 200 characters.
    name: String,
    /// Its login. Letters of either case are the same.
    email: String,
    /// 8 to 128 characters, not one of the common ones.
    password: String,
    /// The Agent ID as typed by the customer: spaces and dashes are ignored. Blank is none.
    agent_number: Option<String>,
    /// The Agent ID from the link that was followed. Counts where none was typed.
    link_agent_number: Option<String>,
}

/// Whom an agent signs up.
#[derive(InputObject)]
pub struct SignUpCustomerInput {
    /// The customer's name: 1 to 200 characters.
    name: String,
    /// Where the claim link is to go. Required to hand over.
    email: Option<String>,
    /// `PENDING_HANDOVER` or `AGENT_MANAGED`.
    management: Management,
}

/// Whom an agent hands over.
#[derive(InputObject)]
pub struct HandOverCustomerInput {
    /// One of the agent's own customers, which it signed up itself.
    customer_id: Given<ID>,
    /// Where the claim link is to go; as before, if left out.
    email: Option<String>,
}

/// A claim link, and the login that is to be.
#[derive(InputObject)]
pub struct ClaimAccountInput {
    /// From the link: `agc_…`.
    token: String,
    /// The login. A new agent gives the address of its application.
    email: String,
    /// 8 to 128 characters, not one of the common ones.
    password: String,
}

/// The agent that a customer names.
#[derive(InputObject)]
pub struct NameAgentInput {
    /// The Agent ID: spaces and dashes are ignored.
    agent_number: String,
}

/// A new customer, signed in, or why there is none.
#[derive(SimpleObject)]
pub struct SignUpPayload {
    /// The new telephone account. Null where it was refused.
    customer: Option<Customer>,
    /// The tokens of its holder. Null where it was refused.
    session: Option<Session>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl SignUpPayload {
    fn of(ctx: &Context<'_>, new: SignedUp) -> Self {
        becomes(ctx, Actor::Person(new.session.person.clone()));
        Self {
            customer: Some(Customer::from(new.customer)),
            session: Some(new.session.into()),
            user_errors: vec![],
        }
    }
}

impl Payload for SignUpPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            customer: None,
            session: None,
            user_errors: vec![error],
        }
    }
}

/// A customer that an agent signed up, or why there is none.
#[derive(SimpleObject)]
pub struct SignUpCustomerPayload {
    /// The new telephone account. Null where it was refused.
    customer: Option<Customer>,
    /// For `PENDING_HANDOVER`, shown this once: good for seven days and one use.
    claim_url: Option<String>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for SignUpCustomerPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            customer: None,
            claim_url: None,
            user_errors: vec![error],
        }
    }
}

/// A customer that is being handed over, or why it is not.
#[derive(SimpleObject)]
pub struct HandOverCustomerPayload {
    /// The customer. Null where it was refused.
    customer: Option<Customer>,
    /// Shown this once: good for seven days and one use.
    claim_url: Option<String>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for HandOverCustomerPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            customer: None,
            claim_url: None,
            user_errors: vec![error],
        }
    }
}

/// A customer, or why nothing was changed.
#[derive(SimpleObject)]
pub struct CustomerPayload {
    /// The customer as it is now. Null where it was refused.
    customer: Option<Customer>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl CustomerPayload {
    /// It was done.
    pub(super) fn of(customer: entity::customer::Model) -> Self {
        Self {
            customer: Some(Customer::from(customer)),
            user_errors: vec![],
        }
    }
}

impl Payload for CustomerPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            customer: None,
            user_errors: vec![error],
        }
    }
}

fn person(name: &str, email: &str, password: String, from: Origin) -> Result<NewPerson, Refusal> {
    Ok(NewPerson {
        name: text("name", name, Name::parse)?,
        email: text("email", email, Email::parse)?,
        password,
        from,
    })
}

/// Its share of the mutations.
#[derive(Default)]
pub struct SignUpMutation;

#[Object]
impl SignUpMutation {
    /// Sign up as a customer without an agent. Anyone may.
    ///
    /// Refusals: `EMAIL_TAKEN`, `WEAK_PASSWORD`.
    ///
    /// Example: `mutation { signUp(input: {name: "Ada", email: "ada@example.com", password: "…"}) { customer { accountNumber } session { accessToken } userErrors { code field } } }`
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whoever signs up.")] input: SignUpInput,
    ) -> Answer<SignUpPayload> {
        answer(async {
            enter(ctx)?;
            let person = person(&input.name, &input.email, input.password, origin(ctx))?;
            let new = services(ctx).registry.sign_up(person).await?;
            Ok(SignUpPayload::of(ctx, new))
        })
        .await
    }

    /// Sign up as a customer of the agent whose number was typed or whose link was followed; a typed number wins over a link,
    /// and a mistyped one is refused however right the link's is. Anyone may.
    ///
    /// Refusals: `AGENT_NUMBER_MALFORMED`, `AGENT_NUMBER_UNKNOWN`, `AGENT_NOT_ACTIVE` and `SELF_REFERRAL` at the field
    /// of the number that counts; `EMAIL_TAKEN`, `WEAK_PASSWORD`.
    ///
    /// Example: `mutation { signUpWithAgent(input: {name: "Ada", email: "ada@example.com", password: "…", agentNumber: "1000 0009"}) { customer { agent { displayName } affiliation { method } } userErrors { code field } } }`
    async fn sign_up_with_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whoever signs up, and with whom.")] input: SignUpWithAgentInput,
    ) -> Answer<SignUpPayload> {
        answer(async {
            enter(ctx)?;
            let person = person(&input.name, &input.email, input.password, origin(ctx))?;
            let (typed, link) = (input.agent_number, input.link_agent_number);
            let registry = &services(ctx).registry;
            let new = registry.sign_up_with_agent(person, typed.as_deref(), link.as_deref());
            Ok(SignUpPayload::of(ctx, new.await?))
        })
        .await
    }

    /// Sign a customer up as its agent, to hand the account over or to manage it.
    ///
    /// Refusals: `INVALID_INPUT` at `management`, or at `email` where there is no address to hand over to;
    /// `AGENT_NOT_ACTIVE`, `SELF_REFERRAL`.
    ///
    /// Example: `mutation { signUpCustomer(input: {name: "Bob", email: "bob@example.com", management: PENDING_HANDOVER}) { customer { id } claimUrl userErrors { code field } } }`
    async fn sign_up_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to sign up.")] input: SignUpCustomerInput,
    ) -> Answer<SignUpCustomerPayload> {
        answer(async {
            let agent = enter(ctx)?.agent()?;
            let new = NewCustomer {
                name: text("name", &input.name, Name::parse)?,
                email: optional_text("email", input.email.as_deref(), Email::parse)?,
                management: input.management.into(),
            };
            let registry = &services(ctx).registry;
            let act = act(ctx)?;
            let (customer, claim_url) = registry.sign_up_customer(&act, agent, new).await?;
            Ok(SignUpCustomerPayload {
                customer: Some(Customer::from(customer)),
                claim_url,
                user_errors: vec![],
            })
        })
        .await
    }

    /// Issue a (new) claim link for a customer that the agent signed up and nobody has claimed; earlier links die. One that
    /// the agent managed is handed over from now on.
    ///
    /// Refusals: `NOT_FOUND`, `NOT_MANAGED`, `CUSTOMER_NOT_ACTIVE`, `INVALID_INPUT` at `email` where no address is
    /// known, `SELF_REFERRAL`.
    ///
    /// Example: `mutation { handOverCustomer(input: {customerId: "cus_…"}) { claimUrl userErrors { code } } }`
    async fn hand_over_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to hand over.")] input: HandOverCustomerInput,
    ) -> Answer<HandOverCustomerPayload> {
        answer(async {
            let agent = enter(ctx)?.agent()?;
            let customer = id::<CustomerId>(&input.customer_id, "customerId")?;
            let email = optional_text("email", input.email.as_deref(), Email::parse)?;
            let registry = &services(ctx).registry;
            let act = act(ctx)?;
            let handover = registry.hand_over(&act, agent, customer, email).await?;
            Ok(HandOverCustomerPayload {
                customer: Some(Customer::from(handover.customer)),
                claim_url: Some(handover.claim_url),
                user_errors: vec![],
            })
        })
        .await
    }

    /// Take over the account of a claim link: whoever holds it sets its own password, and the agent's management ends at
    /// once. With it a new agent sets its password, too.
    ///
    /// Refusals: `INVALID_TOKEN`, also for a spent or an old one; `EMAIL_TAKEN`, `WEAK_PASSWORD`, `SELF_REFERRAL`.
    ///
    /// Example: `mutation { claimAccount(input: {token: "agc_…", email: "bob@example.com", password: "…"}) { session { accessToken } userErrors { code field } } }`
    async fn claim_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The claim link's token, and the login that is to be.")]
        input: ClaimAccountInput,
    ) -> Answer<SignInPayload> {
        answer(async {
            enter(ctx)?;
            let email = text("email", &input.email, Email::parse)?;
            let registry = &services(ctx).registry;
            let from = origin(ctx);
            let guess = services(ctx).auth.guess(&from)?;
            let claimed = registry.claim(&input.token, email, input.password, &from);
            let signed = guess.judge(claimed.await)?;
            Ok(SignInPayload::of(ctx, signed))
        })
        .await
    }

    /// Name an agent, as a customer that has none: within `program.claimAgentDays` of signing up, once. It earns from then on.
    ///
    /// Refusals: `AGENT_NUMBER_MALFORMED`, `AGENT_NUMBER_UNKNOWN`, `AGENT_NOT_ACTIVE`, `SELF_REFERRAL`,
    /// `AFFILIATION_CYCLE`; `ILLEGAL_STATE` with `AFFILIATED` or `TOO_LATE`.
    ///
    /// Example: `mutation { nameAgent(input: {agentNumber: "1000 0009"}) { customer { agent { displayName } } userErrors { code } } }`
    async fn name_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agent.")] input: NameAgentInput,
    ) -> Answer<CustomerPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let customer = actor.person()?.customer.ok_or(Error::Forbidden)?;
            let registry = &services(ctx).registry;
            let customer = registry.name_agent(customer, &input.agent_number).await?;
            Ok(CustomerPayload {
                customer: Some(Customer::from(customer)),
                user_errors: vec![],
            })
        })
        .await
    }
}
