//! Signing in and out.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::auth::{Actor, Signed};
use crate::graphql::access::enter;
use crate::graphql::context::{becomes, origin, services};
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::people::Viewer;
use crate::graphql::scalars::DateTime;

/// Whom to sign in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The login's e-mail address, in letters of either case.
    email: String,
    /// Its password.
    password: String,
}

/// Which session to carry on.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The newest refresh token of the session: each is good once.
    refresh_token: String,
}

/// The old password, and the new one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password until now.
    current_password: String,
    /// 8 to 128 characters, not one of the common ones.
    new_password: String,
}

/// Tokens, shown this once.
#[derive(SimpleObject)]
pub struct Session {
    /// A JWT for the Authorization header (Bearer) and for `connection_init`.
    access_token: String,
    /// When the access token runs out; trade the refresh token for a new one before.
    access_token_expires_at: DateTime,
    /// For `refreshSession`: good once.
    refresh_token: String,
}

impl From<Signed> for Session {
    fn from(signed: Signed) -> Self {
        Self {
            access_token: signed.access_token,
            access_token_expires_at: signed.access_token_expires_at.into(),
            refresh_token: signed.refresh_token,
        }
    }
}

/// A session and whose it is, or why there is none.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// The tokens. Null where it was refused.
    session: Option<Session>,
    /// Who is signed in now. Null where it was refused.
    viewer: Option<Viewer>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl SignInPayload {
    /// From here on the operation is the signed-in person's, so that `viewer` shows what it may see.
    pub(in crate::graphql) fn of(ctx: &Context<'_>, signed: Signed) -> Self {
        becomes(ctx, Actor::Person(signed.person.clone()));
        Self {
            viewer: Some(Viewer(signed.person.clone())),
            session: Some(signed.into()),
            user_errors: vec![],
        }
    }
}

impl Payload for SignInPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            session: None,
            viewer: None,
            user_errors: vec![error],
        }
    }
}

/// What became of the session.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for SignOutPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            user_errors: vec![error],
        }
    }
}

/// Its share of the mutations.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Sign in with an e-mail address and a password. Which of the two was wrong is not said.
    ///
    /// Refusals: `INVALID_CREDENTIALS`. Whoever guesses gets the error `RATE_LIMITED`, as in all that takes a password or a
    /// token or makes an account; `retryAfterSeconds` says when to try again.
    ///
    /// Example: `mutation { signIn(input: {email: "ada@example.com", password: "…"}) { session { accessToken refreshToken } viewer { user { name } } userErrors { code message } } }`
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to sign in.")] input: SignInInput,
    ) -> Answer<SignInPayload> {
        answer(async {
            enter(ctx)?;
            let (auth, from) = (&services(ctx).auth, origin(ctx));
            let signed = auth.sign_in(&input.email, &input.password, &from).await?;
            Ok(SignInPayload::of(ctx, signed))
        })
        .await
    }

    /// Trade a refresh token for a new pair. Within half a minute the same token gets the same
    /// pair again, in case the answer was lost; used twice otherwise, it ends its whole session.
    ///
    /// Refusals: `INVALID_TOKEN`.
    ///
    /// Example: `mutation { refreshSession(input: {refreshToken: "agr_…"}) { session { accessToken refreshToken } userErrors { code } } }`
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to carry on.")] input: RefreshSessionInput,
    ) -> Answer<SignInPayload> {
        answer(async {
            enter(ctx)?;
            let signed = services(ctx)
                .auth
                .refresh(&input.refresh_token, &origin(ctx))
                .await?;
            Ok(SignInPayload::of(ctx, signed))
        })
        .await
    }

    /// End the session at once, open sockets too.
    ///
    /// Example: `mutation { signOut { userErrors { code } } }`
    async fn sign_out(&self, ctx: &Context<'_>) -> Answer<SignOutPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let auth = &services(ctx).auth;
            auth.sign_out(actor.person()?, &origin(ctx)).await?;
            becomes(ctx, Actor::Anonymous);
            Ok(SignOutPayload {
                user_errors: vec![],
            })
        })
        .await
    }

    /// Set another password. All other sessions of the login end; this one goes on with the new tokens.
    ///
    /// Refusals: `INVALID_CREDENTIALS` at `currentPassword`, `WEAK_PASSWORD` at `newPassword`.
    ///
    /// Example: `mutation { changePassword(input: {currentPassword: "…", newPassword: "…"}) { session { accessToken refreshToken } userErrors { code field } } }`
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old password, and the new one.")] input: ChangePasswordInput,
    ) -> Answer<SignInPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let (current, new) = (input.current_password, input.new_password);
            let auth = &services(ctx).auth;
            let signed = auth
                .change_password(actor.person()?, current, new, &origin(ctx))
                .await?;
            Ok(SignInPayload::of(ctx, signed))
        })
        .await
    }
}
