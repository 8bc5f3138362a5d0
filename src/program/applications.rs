//! Becoming an agent: `SUBMITTED` ⇄ `INFO_REQUESTED` → `APPROVED`, `REJECTED`, `WITHDRAWN` (R02, R08, R47).

use entity::application::{self, ApplicationState};
use entity::{LoginId, agent};

use super::{Reason, Refusal};

/// What sending an application does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    /// There is no open one with this e-mail address.
    New,
    /// The operator had asked something of the open one: this answers it, and it is SUBMITTED again.
    Answer,
}

/// One open application for each e-mail address; sent again, it answers what the operator asked.
///
/// One that was sent by somebody signed in is answered by the same login only.
///
/// # Errors
/// `ApplicationOpen` at `email`.
pub fn submission(
    open: Option<&application::Model>,
    login: Option<LoginId>,
) -> Result<Submission, Refusal> {
    let Some(open) = open.filter(|open| open.state.is_open()) else {
        return Ok(Submission::New);
    };
    let its_own = open.login_id.is_none() || open.login_id == login;
    if open.state == ApplicationState::InfoRequested && its_own {
        Ok(Submission::Answer)
    } else {
        Err(Reason::ApplicationOpen.at("email"))
    }
}

/// Only an open application is decided, so of two decisions the second is refused (R02).
///
/// # Errors
/// `IllegalState`.
pub fn must_be_open(state: ApplicationState) -> Result<(), Reason> {
    if state.is_open() {
        Ok(())
    } else {
        Err(Reason::IllegalState(state.to_string()))
    }
}

/// The applicant is asked once, until it answers.
///
/// # Errors
/// `IllegalState`.
pub fn must_be_submitted(state: ApplicationState) -> Result<(), Reason> {
    if state == ApplicationState::Submitted {
        Ok(())
    } else {
        Err(Reason::IllegalState(state.to_string()))
    }
}

/// A login is one agent at most, and stays it.
///
/// # Errors
/// `IllegalState`, with the state of the agent that it is.
pub fn must_not_be_agent(agent: Option<&agent::Model>) -> Result<(), Reason> {
    agent.map_or(Ok(()), |agent| {
        Err(Reason::IllegalState(agent.status.to_string()))
    })
}

/// How many customers are expected after 1, 3, 6 and 12 months (R06).
///
/// # Errors
/// `InvalidInput` at the first that is below zero.
pub fn must_be_projection(months: [i32; 4]) -> Result<(), Refusal> {
    const FIELDS: [&str; 4] = [
        "projection.oneMonth",
        "projection.threeMonths",
        "projection.sixMonths",
        "projection.oneYear",
    ];
    months
        .iter()
        .zip(FIELDS)
        .find(|(customers, _)| **customers < 0)
        .map_or(Ok(()), |(_, field)| {
            Err(Refusal::invalid(
                field,
                "An expected number of customers must not be below 0.",
            ))
        })
}

/// What was chosen of a list, each once, in the order given; at least one (R03 to R05).
///
/// # Errors
/// `InvalidInput` at `field`.
pub fn chosen<T: Copy + PartialEq>(list: &[T], field: &'static str) -> Result<Vec<T>, Refusal> {
    let mut once = Vec::new();
    for choice in list {
        if !once.contains(choice) {
            once.push(*choice);
        }
    }
    if once.is_empty() {
        return Err(Refusal::invalid(
            field,
            format!("`{field}` must name at least one."),
        ));
    }
    Ok(once)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::application::{Involvements, Markets, Promotion, PromotionChannel};
    use entity::{ApplicationId, Email, Name, Prose, TypedId};
    use uuid::Uuid;

    fn login() -> LoginId {
        LoginId::from_uuid(Uuid::now_v7())
    }

    fn application(state: ApplicationState, login_id: Option<LoginId>) -> application::Model {
        let email = Email::parse("ada@example.com").unwrap();
        let prose = |text| Prose::parse(text).unwrap();
        application::Model {
            id: ApplicationId::from_uuid(Uuid::now_v7()),
            login_id,
            kind: agent::AgentKind::Individual,
            name: Name::parse("Ada").unwrap(),
            email_key: email.key(),
            email,
            business: prose("A shop"),
            plan: prose("At the counter"),
            promotion: Promotion(vec![PromotionChannel::WordOfMouth]),
            promotion_detail: None,
            involvement: Involvements(vec![]),
            markets: Markets(vec![]),
            places: None,
            projection_1: 0,
            projection_3: 0,
            projection_6: 0,
            projection_12: 0,
            notes: None,
            state,
            submitted_at: chrono::DateTime::UNIX_EPOCH,
            decided_at: None,
            decided_by: None,
            response: None,
        }
    }

    const STATES: [ApplicationState; 5] = [
        ApplicationState::Submitted,
        ApplicationState::InfoRequested,
        ApplicationState::Approved,
        ApplicationState::Rejected,
        ApplicationState::Withdrawn,
    ];

    #[test]
    fn r02_an_application_is_decided_once() {
        for state in STATES {
            assert_eq!(must_be_open(state).is_ok(), state.is_open(), "{state}");
        }
        assert_eq!(
            must_be_open(ApplicationState::Rejected),
            Err(Reason::IllegalState("REJECTED".into()))
        );
    }

    #[test]
    fn r07_the_applicant_is_asked_until_it_answers() {
        for state in STATES {
            let submitted = state == ApplicationState::Submitted;
            assert_eq!(must_be_submitted(state).is_ok(), submitted, "{state}");
        }
    }

    #[test]
    fn r47_one_application_for_each_address_is_open() {
        let open = Reason::ApplicationOpen.at("email");
        let of = |state| submission(Some(&application(state, None)), None);
        assert_eq!(submission(None, None), Ok(Submission::New));
        assert_eq!(of(ApplicationState::Submitted), Err(open));
        assert_eq!(of(ApplicationState::InfoRequested), Ok(Submission::Answer));
        for state in &STATES[2..] {
            assert_eq!(of(*state), Ok(Submission::New), "{state}");
        }
    }

    #[test]
    fn r07_a_question_is_answered_by_whom_it_was_put_to() {
        let asked = |login| application(ApplicationState::InfoRequested, login);
        let (ada, eve) = (login(), login());
        let open = Reason::ApplicationOpen.at("email");
        assert_eq!(
            submission(Some(&asked(Some(ada))), Some(ada)),
            Ok(Submission::Answer)
        );
        assert_eq!(
            submission(Some(&asked(Some(ada))), Some(eve)),
            Err(open.clone())
        );
        assert_eq!(submission(Some(&asked(Some(ada))), None), Err(open));
        assert_eq!(
            submission(Some(&asked(None)), Some(eve)),
            Ok(Submission::Answer)
        );
    }

    #[test]
    fn r06_a_projection_is_not_below_zero() {
        assert_eq!(must_be_projection([0, 1, 2, 3]), Ok(()));
        let refusal = must_be_projection([0, 1, -1, -2]).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("projection.sixMonths"));
    }

    #[test]
    fn r03_a_choice_counts_once_and_there_is_at_least_one() {
        use PromotionChannel::{Other, SalesPeople};
        assert_eq!(
            chosen(&[SalesPeople, Other, SalesPeople], "promotion"),
            Ok(vec![SalesPeople, Other])
        );
        let refusal = chosen::<PromotionChannel>(&[], "promotion").unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("promotion"));
    }
}
