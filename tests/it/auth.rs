//! Signing in, carrying on, and being thrown out.

use agent_program::auth::{Actor, Auth, AuthOptions, Origin, Signed, new_key};
use agent_program::store::{News, Stream};
use agent_program::{Clock, Error};
use chrono::{DateTime, TimeDelta, Utc};
use entity::api_key::{self, MachineRole};
use entity::{ApiKeyId, Email, LoginId, Name, TypedId, login};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

use crate::support::db::{TestDb, on_both};

const PASSWORD: &str = "a quiet harbour";

/// Anna, who can sign in, and a clock that the story moves.
struct Story {
    test: TestDb,
    auth: Auth,
    now: Arc<Mutex<DateTime<Utc>>>,
    anna: LoginId,
}

impl Story {
    async fn begin(test: TestDb) -> Self {
        let noon: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let now = Arc::new(Mutex::new(noon));
        let hands = now.clone();
        let clock = Clock::from_fn(move || *hands.lock().unwrap());
        let options = AuthOptions::new(new_key().unwrap());
        let auth = Auth::new(test.db.clone(), clock, options).unwrap();
        let email = Email::parse("Anna@example.com").unwrap();
        let anna = login::Model {
            id: LoginId::from_uuid(Uuid::now_v7()),
            email_key: email.key(),
            email_person: email.person(),
            email,
            name: Name::parse("Anna").unwrap(),
            password_hash: Some(
                auth.hash(PASSWORD.into(), &Origin::default())
                    .await
                    .unwrap(),
            ),
            operator: true,
            created_at: noon,
        };
        let id = anna.id;
        let txn = test.db.begin_write().await.unwrap();
        let row = login::Entity::insert(anna.into_active_model());
        row.exec_without_returning(&txn).await.unwrap();
        test.db.commit(txn, News::none()).await.unwrap();
        Self {
            test,
            auth,
            now,
            anna: id,
        }
    }

    async fn sign_in(&self) -> Signed {
        self.auth
            .sign_in("anna@EXAMPLE.com", PASSWORD, &Origin::default())
            .await
            .unwrap()
    }

    async fn is_in(&self, signed: &Signed) -> bool {
        let bearer = format!("Bearer {}", signed.access_token);
        match self.auth.actor(Some(&bearer)).await {
            Ok(Actor::Person(person)) => person.login == self.anna,
            Err(Error::Unauthenticated) => false,
            other => panic!("{other:?}"),
        }
    }

    fn later(&self, by: TimeDelta) {
        *self.now.lock().unwrap() += by;
    }
}

/// The refusal's sentence and field.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, Option<String>) {
    match result {
        Err(Error::Refused(refusal)) => (
            format!("{:?}", refusal.reason),
            refusal.field.map(Into::into),
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_password_opens_a_session_until_it_is_signed_out() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        let signed = story.sign_in().await;
        assert!(signed.person.operator);
        assert!(story.is_in(&signed).await);
        let session = signed.person.session;
        let mut news = story.test.db.newsroom().watch(Stream::Session(session));
        let (person, from) = (&signed.person, Origin::default());
        story.auth.sign_out(person, &from).await.unwrap();
        assert!(news.has_changed().unwrap());
        news.mark_unchanged();
        assert!(!story.is_in(&signed).await);
        let (reason, _) = refusal(
            story
                .auth
                .refresh(&signed.refresh_token, &Origin::default())
                .await,
        );
        assert_eq!(reason, "InvalidToken");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_alike() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        for (email, password) in [
            ("anna@example.com", "a quiet harbor"),
            ("bert@example.com", PASSWORD),
            ("no address", PASSWORD),
            ("anna@example.com", ""),
        ] {
            let refused = refusal(
                story
                    .auth
                    .sign_in(email, password, &Origin::default())
                    .await,
            );
            assert_eq!(refused, ("InvalidCredentials".into(), None));
        }
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_and_a_stolen_token_ends_the_session() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        let refresh = async |token: &str| story.auth.refresh(token, &Origin::default()).await;
        let first = story.sign_in().await;
        let second = refresh(&first.refresh_token).await.unwrap();
        assert_eq!(second.person.session, first.person.session);
        // The answer was lost: the same token gets the same one.
        story.later(TimeDelta::seconds(29));
        let again = refresh(&first.refresh_token).await.unwrap();
        assert_eq!(again.refresh_token, second.refresh_token);
        assert!(story.is_in(&again).await);
        let third = refresh(&again.refresh_token).await.unwrap();
        assert!(story.is_in(&third).await);
        // Its successor has been used: whoever comes with it now is another.
        let refused = refusal(refresh(&first.refresh_token).await);
        assert_eq!(
            refused,
            ("InvalidToken".into(), Some("refreshToken".into()))
        );
        assert!(!story.is_in(&third).await);
        refusal(refresh(&third.refresh_token).await);
        refusal(refresh("agr_unknown").await);
    })
    .await;
}

#[tokio::test]
async fn a_used_token_is_a_stolen_one_half_a_minute_later() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        let refresh = async |token: &str| story.auth.refresh(token, &Origin::default()).await;
        let first = story.sign_in().await;
        let second = refresh(&first.refresh_token).await.unwrap();
        story.later(TimeDelta::seconds(30));
        refusal(refresh(&first.refresh_token).await);
        assert!(!story.is_in(&second).await);
        refusal(refresh(&second.refresh_token).await);
    })
    .await;
}

#[tokio::test]
async fn of_sixteen_who_refresh_at_once_all_go_on_with_the_same() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        let mut token = story.sign_in().await.refresh_token;
        for _ in 0..3 {
            let from = Origin::default();
            let all = (0..16).map(|_| story.auth.refresh(&token, &from));
            let all = futures_util::future::join_all(all).await;
            let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
            let next = all[0].refresh_token.clone();
            assert_ne!(next, token);
            for signed in &all {
                assert_eq!(signed.refresh_token, next);
                assert!(story.is_in(signed).await);
            }
            token = next;
        }
    })
    .await;
}

#[tokio::test]
async fn tokens_run_out_and_sessions_after_them() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        let signed = story.sign_in().await;
        story.later(TimeDelta::minutes(11));
        assert!(!story.is_in(&signed).await);
        let signed = story
            .auth
            .refresh(&signed.refresh_token, &Origin::default())
            .await
            .unwrap();
        assert!(story.is_in(&signed).await);
        story.later(TimeDelta::days(30));
        refusal(
            story
                .auth
                .refresh(&signed.refresh_token, &Origin::default())
                .await,
        );
    })
    .await;
}

#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        let (here, there) = (story.sign_in().await, story.sign_in().await);
        let from = Origin::default();
        let change = |current: &str, new: &str| {
            let (current, new) = (current.to_owned(), new.to_owned());
            story
                .auth
                .change_password(&here.person, current, new, &from)
        };
        let wrong = refusal(change("something else", "a louder harbour").await);
        assert_eq!(
            wrong,
            ("InvalidCredentials".into(), Some("currentPassword".into()))
        );
        let weak = refusal(change(PASSWORD, "password1").await);
        assert_eq!(weak, ("WeakPassword".into(), Some("newPassword".into())));
        let signed = change(PASSWORD, "a louder harbour").await.unwrap();
        assert!(story.is_in(&here).await && story.is_in(&signed).await);
        assert!(!story.is_in(&there).await);
        refusal(
            story
                .auth
                .sign_in("anna@example.com", PASSWORD, &Origin::default())
                .await,
        );
        story
            .auth
            .sign_in("anna@example.com", "a louder harbour", &Origin::default())
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_machine_comes_in_by_its_key_until_it_is_revoked() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        let (token, hash) = agent_program::auth::opaque("agk");
        let key = api_key::Model {
            id: ApiKeyId::from_uuid(Uuid::now_v7()),
            name: Name::parse("the switch").unwrap(),
            role: MachineRole::Switch,
            hash,
            created_by: story.anna,
            created_at: *story.now.lock().unwrap(),
            last_used_at: None,
            revoked_at: None,
        };
        let id = key.id;
        let txn = story.test.db.begin_write().await.unwrap();
        let row = api_key::Entity::insert(key.into_active_model());
        row.exec_without_returning(&txn).await.unwrap();
        story.test.db.commit(txn, News::none()).await.unwrap();

        let bearer = format!("bearer {token}");
        let last_used = async || {
            let actor = story.auth.actor(Some(&bearer)).await.unwrap();
            assert!(actor.machine(MachineRole::Switch).is_ok());
            assert!(actor.machine(MachineRole::Processor).is_err());
            let found = api_key::Entity::find_by_id(id).one(story.test.db.reader());
            found.await.unwrap().unwrap().last_used_at.unwrap()
        };
        let first = last_used().await;
        story.later(TimeDelta::seconds(59));
        assert_eq!(last_used().await, first);
        story.later(TimeDelta::seconds(1));
        assert_eq!(last_used().await, first + TimeDelta::minutes(1));

        let txn = story.test.db.begin_write().await.unwrap();
        let revoked = api_key::ActiveModel {
            id: sea_orm::Set(id),
            revoked_at: sea_orm::Set(Some(first)),
            ..Default::default()
        };
        revoked.update(&txn).await.unwrap();
        story.test.db.commit(txn, News::none()).await.unwrap();
        let refused = story.auth.actor(Some(&bearer)).await;
        assert!(matches!(refused, Err(Error::Unauthenticated)));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_bearer_token_is_nobody() {
    on_both(async |test| {
        let story = Story::begin(test).await;
        assert_eq!(story.auth.actor(None).await.unwrap(), Actor::Anonymous);
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "Basic YTpi",
            "Bearer a.b.c",
            "Bearer agk_x",
        ] {
            let refused = story.auth.actor(Some(header)).await;
            assert!(matches!(refused, Err(Error::Unauthenticated)), "{header}");
        }
    })
    .await;
}
