//! Becoming an agent: applying, being asked, being refused (R02 to R08, R47).

use entity::agent::AgentKind;
use entity::application::{self, ApplicationState, Involvements, Markets, Promotion};
use entity::application::{Involvement, MarketScope, PromotionChannel};
use entity::desk_event::DeskSubject;
use entity::{ApplicationId, Email, LoginId, Name, Prose, TypedId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use uuid::Uuid;

use super::Registry;
use super::story::{Locks, Story};
use crate::Error;
use crate::program::applications::{self, Submission};
use crate::program::{Noted, Refusal};
use crate::store::audit::Act;

/// What an applicant tells (R03 to R07).
#[derive(Clone, Debug)]
pub struct NewApplication {
    pub kind: AgentKind,
    pub name: Name,
    pub email: Email,
    /// The present business.
    pub business: Prose,
    /// How the service is to be sold and promoted.
    pub plan: Prose,
    pub promotion: Vec<PromotionChannel>,
    pub promotion_detail: Option<Prose>,
    pub involvement: Vec<Involvement>,
    pub markets: Vec<MarketScope>,
    pub places: Option<Prose>,
    /// Customers expected after 1, 3, 6 and 12 months.
    pub projection: [i32; 4],
    pub notes: Option<Prose>,
}

impl NewApplication {
    /// As the row that it would be.
    fn row(
        self,
        id: ApplicationId,
        login_id: Option<LoginId>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<application::Model, Refusal> {
        applications::must_be_projection(self.projection)?;
        let [projection_1, projection_3, projection_6, projection_12] = self.projection;
        Ok(application::Model {
            id,
            login_id,
            kind: self.kind,
            name: self.name,
            email_key: self.email.key(),
            email: self.email,
            business: self.business,
            plan: self.plan,
            promotion: Promotion(applications::chosen(&self.promotion, "promotion")?),
            promotion_detail: self.promotion_detail,
            involvement: Involvements(applications::chosen(&self.involvement, "involvement")?),
            markets: Markets(applications::chosen(&self.markets, "markets")?),
            places: self.places,
            projection_1,
            projection_3,
            projection_6,
            projection_12,
            notes: self.notes,
            state: ApplicationState::Submitted,
            submitted_at: now,
            decided_at: None,
            decided_by: None,
            response: None,
        })
    }
}

impl Registry {
    /// Asks to become an agent: anybody may. Where the operator had asked something of the open application with the
    /// same address, this answers it: it is SUBMITTED again, with what is told now and without the question.
    ///
    /// # Errors
    /// `InvalidInput`; `ApplicationOpen` at `email`.
    pub async fn apply(
        &self,
        login: Option<LoginId>,
        new: NewApplication,
    ) -> Result<application::Model, Error> {
        let id = ApplicationId::from_uuid(Uuid::now_v7());
        let mut row = new.row(id, login, self.clock.now())?;
        let mut story = self.begin(&Locks::default().desk()).await?;
        let open = open_application(story.txn(), &row.email_key).await?;
        let submission = applications::submission(open.as_ref(), login)?;
        row.submitted_at = story.now;
        if let (Submission::Answer, Some(asked)) = (submission, open) {
            row.id = asked.id;
            // An answer never changes whose application it is.
            row.login_id = asked.login_id;
            row.submitted_at = asked.submitted_at;
            story.save_application(&row).await?;
        } else {
            application::Entity::insert(row.clone().into_active_model())
                .exec_without_returning(story.txn())
                .await?;
        }
        let subject = DeskSubject::Application;
        story.desk_event(subject, row.id.uuid()).await?;
        story.commit(&self.db).await?;
        Ok(row)
    }

    /// An operator asks the applicant something.
    ///
    /// # Errors
    /// `NotFound` at `applicationId`; `IllegalState` unless it is SUBMITTED.
    pub async fn request_info(
        &self,
        act: &Act,
        id: ApplicationId,
        question: Prose,
    ) -> Result<application::Model, Error> {
        let story = self.begin(&Locks::default().desk()).await?;
        let mut application = application_by_id(story.txn(), id).await?;
        applications::must_be_submitted(application.state).map_err(Refusal::from)?;
        application.state = ApplicationState::InfoRequested;
        story.note(act, Noted::about(id).says(&question)).await?;
        application.response = Some(question);
        story.save_application(&application).await?;
        story.commit(&self.db).await?;
        Ok(application)
    }

    /// An operator turns the applicant down, and says why.
    ///
    /// # Errors
    /// `NotFound` at `applicationId`; `IllegalState` for one that is decided.
    pub async fn reject(
        &self,
        act: &Act,
        id: ApplicationId,
        answer: Prose,
    ) -> Result<application::Model, Error> {
        let story = self.begin(&Locks::default().desk()).await?;
        let mut application = application_by_id(story.txn(), id).await?;
        applications::must_be_open(application.state).map_err(Refusal::from)?;
        application.state = ApplicationState::Rejected;
        story.note(act, Noted::about(id).says(&answer)).await?;
        application.response = Some(answer);
        application.decided_at = Some(story.now);
        application.decided_by = Some(act.by);
        story.save_application(&application).await?;
        story.commit(&self.db).await?;
        Ok(application)
    }
}

impl Story {
    /// Writes an application whose decision is ordered by the desk's lock.
    pub(super) async fn save_application(
        &self,
        application: &application::Model,
    ) -> Result<(), Error> {
        let saved = application.clone().into_active_model().reset_all();
        saved.update(self.txn()).await?;
        Ok(())
    }
}

pub(super) async fn application_by_id(
    conn: &impl ConnectionTrait,
    id: ApplicationId,
) -> Result<application::Model, Error> {
    let application = application::Entity::find_by_id(id).one(conn).await?;
    application.ok_or_else(|| Refusal::not_found("application").at("applicationId").into())
}

async fn open_application(
    conn: &impl ConnectionTrait,
    email_key: &str,
) -> Result<Option<application::Model>, Error> {
    let open = [ApplicationState::Submitted, ApplicationState::InfoRequested];
    Ok(application::Entity::find()
        .filter(application::Column::EmailKey.eq(email_key))
        .filter(application::Column::State.is_in(open))
        .one(conn)
        .await?)
}
