//! Who is whose agent: how a customer comes to one, and what is refused (R16 to R21, E18 to E21).

use chrono::{DateTime, Days, Utc};
use entity::affiliation::AffiliationMethod;
use entity::agent::{self, AgentStatus};
use entity::customer::{self, Management};
use entity::{AgentId, AgentNumber, CustomerId, Email, LoginId, login};

use super::{Reason, Refusal};

/// The Agent ID that counts at a signup, and all that was named (E21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAgent {
    /// The one that counts.
    pub number: AgentNumber,
    /// How it came: typed, or by the link.
    pub method: AffiliationMethod,
    pub typed: Option<AgentNumber>,
    pub link: Option<AgentNumber>,
}

impl NamedAgent {
    /// What was typed wins over the link's number; both are kept (R16, R17, E21). A blank one counts as none.
    ///
    /// A link's number that is no number is refused where it would count, and passed over where something was typed.
    ///
    /// # Errors
    /// `AgentNumberMalformed` at `agentNumber`, however right the link's number is; or at `linkAgentNumber`.
    pub fn at_signup(typed: Option<&str>, link: Option<&str>) -> Result<Option<Self>, Refusal> {
        let given = |text: Option<&str>| {
            text.filter(|text| !text.trim().is_empty())
                .map(AgentNumber::parse)
        };
        let link = given(link);
        if let Some(typed) = given(typed) {
            let number = typed.map_err(|_| Reason::AgentNumberMalformed.at("agentNumber"))?;
            return Ok(Some(Self {
                number: number.clone(),
                method: AffiliationMethod::AgentNumber,
                typed: Some(number),
                link: link.and_then(Result::ok),
            }));
        }
        let Some(link) = link else { return Ok(None) };
        let number = link.map_err(|_| Reason::AgentNumberMalformed.at("linkAgentNumber"))?;
        Ok(Some(Self {
            number: number.clone(),
            method: AffiliationMethod::Link,
            typed: None,
            link: Some(number),
        }))
    }

    /// The Agent ID that a customer names after its signup (E20).
    ///
    /// # Errors
    /// `AgentNumberMalformed` at `agentNumber`.
    pub fn later(text: &str) -> Result<Self, Refusal> {
        let number =
            AgentNumber::parse(text).map_err(|_| Reason::AgentNumberMalformed.at("agentNumber"))?;
        Ok(Self {
            number: number.clone(),
            method: AffiliationMethod::Assigned,
            typed: Some(number),
            link: None,
        })
    }

    /// The input field that it came in.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self.method {
            AffiliationMethod::Link => "linkAgentNumber",
            _ => "agentNumber",
        }
    }
}

/// The way in which an agent signs a customer up: to hand over (R18) or to keep (R19).
///
/// # Errors
/// `InvalidInput` for an account that the customer would hold itself.
pub fn way_of(management: Management) -> Result<AffiliationMethod, Reason> {
    match management {
        Management::PendingHandover => Ok(AffiliationMethod::AgentHandover),
        Management::AgentManaged => Ok(AffiliationMethod::AgentManaged),
        Management::Own => Err(Reason::InvalidInput(
            "`management` must be PENDING_HANDOVER or AGENT_MANAGED.".into(),
        )),
    }
}

/// Only an active agent takes new customers (E22, E23).
///
/// # Errors
/// `AgentNotActive`.
pub fn must_take_customers(agent: &agent::Model) -> Result<(), Reason> {
    match agent.status {
        AgentStatus::Active => Ok(()),
        AgentStatus::Suspended | AgentStatus::Closed => Err(Reason::AgentNotActive),
    }
}

/// Nobody is his own agent: not by the same login, not by the same e-mail in any case and with any `+tag` (E18).
///
/// # Errors
/// `SelfReferral`.
pub fn must_be_another(
    agent: &login::Model,
    login: Option<LoginId>,
    email: Option<&Email>,
) -> Result<(), Reason> {
    let same_login = login == Some(agent.id);
    let same_person = email.is_some_and(|email| email.person() == agent.email_person);
    if same_login || same_person {
        Err(Reason::SelfReferral)
    } else {
        Ok(())
    }
}

/// An agent under an agent is fine, a circle of any length is not (E19).
///
/// `above` walks up from the agent to be: its own telephone account, the own account of that account's agent, and so on.
///
/// # Errors
/// `AffiliationCycle`.
pub fn must_not_circle(
    account: CustomerId,
    above: impl IntoIterator<Item = CustomerId>,
) -> Result<(), Reason> {
    if above
        .into_iter()
        .any(|account_above| account_above == account)
    {
        Err(Reason::AffiliationCycle)
    } else {
        Ok(())
    }
}

/// Whether an account may become the customer of the agent at the foot of a ladder: of an active one (E22, E23), that is
/// somebody else (E18), and not its customer in turn (E19).
///
/// # Errors
/// In this order: `AgentNotActive`, `SelfReferral`, `AffiliationCycle`.
///
/// # Panics
/// On an empty ladder.
pub fn may_come_to(
    account: &customer::Model,
    ladder: &[agent::Model],
    its_login: &login::Model,
) -> Result<(), Reason> {
    let agent = ladder.first().expect("a ladder has a foot");
    must_take_customers(agent)?;
    must_be_another(its_login, account.login_id, account.email.as_ref())?;
    must_not_circle(account.id, ladder.iter().map(|agent| agent.customer_id))
}

/// An operator assigns another agent, or none where there is one (E24).
///
/// # Errors
/// `IllegalState`: `AFFILIATED` with that agent already, `UNAFFILIATED` where there is none to leave.
pub fn must_change_agent(is: Option<AgentId>, becomes: Option<AgentId>) -> Result<(), Reason> {
    if is != becomes {
        return Ok(());
    }
    let state = if is.is_some() {
        "AFFILIATED"
    } else {
        "UNAFFILIATED"
    };
    Err(Reason::IllegalState(state.into()))
}

/// A customer that never had an agent names one within `days` of its signup, once (E20).
///
/// # Errors
/// `IllegalState`: `AFFILIATED` where it has or had an agent, `TOO_LATE` after that time.
pub fn must_still_name(
    joined_at: DateTime<Utc>,
    had_agent: bool,
    days: u16,
    now: DateTime<Utc>,
) -> Result<(), Reason> {
    if had_agent {
        return Err(Reason::IllegalState("AFFILIATED".into()));
    }
    let last = joined_at.checked_add_days(Days::new(u64::from(days)));
    if last.is_some_and(|last| now >= last) {
        return Err(Reason::IllegalState("TOO_LATE".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use entity::{Name, TypedId};
    use uuid::Uuid;

    fn login(email: &str) -> login::Model {
        let email = Email::parse(email).unwrap();
        login::Model {
            id: LoginId::from_uuid(Uuid::now_v7()),
            email_key: email.key(),
            email_person: email.person(),
            email,
            name: Name::parse("Ada").unwrap(),
            password_hash: None,
            operator: false,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn account() -> CustomerId {
        CustomerId::from_uuid(Uuid::now_v7())
    }

    #[test]
    fn r16_a_typed_agent_id_may_hold_spaces_and_dashes() {
        let number = AgentNumber::nth(7);
        let (front, back) = number.as_str().split_at(4);
        let named = NamedAgent::at_signup(Some(&format!(" {front}-{back} ")), None)
            .unwrap()
            .unwrap();
        assert_eq!(named.number, number);
        assert_eq!(named.method, AffiliationMethod::AgentNumber);
        assert_eq!(named.field(), "agentNumber");
    }

    #[test]
    fn r16_the_field_is_optional_and_a_blank_one_counts_as_none() {
        assert_eq!(NamedAgent::at_signup(None, None), Ok(None));
        assert_eq!(NamedAgent::at_signup(Some("  "), Some("")), Ok(None));
        let link = AgentNumber::nth(1);
        let named = NamedAgent::at_signup(Some(" "), Some(link.as_str()))
            .unwrap()
            .unwrap();
        assert_eq!((named.typed, named.link), (None, Some(link)));
    }

    #[test]
    fn r17_the_links_agent_id_counts_where_none_was_typed() {
        let link = AgentNumber::nth(5);
        let named = NamedAgent::at_signup(None, Some(link.as_str()))
            .unwrap()
            .unwrap();
        assert_eq!(named.number, link);
        assert_eq!(named.method, AffiliationMethod::Link);
        assert_eq!(named.field(), "linkAgentNumber");
    }

    #[test]
    fn r18_r19_an_agent_signs_up_to_hand_over_or_to_manage_and_nothing_else() {
        assert_eq!(
            way_of(Management::PendingHandover),
            Ok(AffiliationMethod::AgentHandover)
        );
        assert_eq!(
            way_of(Management::AgentManaged),
            Ok(AffiliationMethod::AgentManaged)
        );
        assert!(matches!(
            way_of(Management::Own),
            Err(Reason::InvalidInput(_))
        ));
    }

    #[test]
    fn e18_one_login_is_one_person_and_so_is_one_mailbox() {
        let agent = login("Ada@Example.com");
        let email = |text: &str| Email::parse(text).unwrap();
        for own in [
            "ada@example.com",
            "ADA+shop@example.COM",
            "ada+a+b@example.com",
        ] {
            assert_eq!(
                must_be_another(&agent, None, Some(&email(own))),
                Err(Reason::SelfReferral),
                "{own}"
            );
        }
        assert_eq!(
            must_be_another(&agent, Some(agent.id), Some(&email("bob@example.com"))),
            Err(Reason::SelfReferral)
        );
        let other = login("bob@example.com");
        for foreign in ["adah@example.com", "ada@example.org"] {
            assert_eq!(
                must_be_another(&agent, Some(other.id), Some(&email(foreign))),
                Ok(())
            );
        }
        assert_eq!(must_be_another(&agent, None, None), Ok(()));
    }

    #[test]
    fn e19_a_circle_of_any_length_is_refused_and_a_chain_is_not() {
        let (own, others) = (account(), [account(), account(), account()]);
        assert_eq!(must_not_circle(own, others), Ok(()));
        assert_eq!(must_not_circle(own, []), Ok(()));
        for length in 0..=others.len() {
            let above = others.iter().copied().take(length).chain([own]);
            assert_eq!(
                must_not_circle(own, above),
                Err(Reason::AffiliationCycle),
                "a circle over {length} others"
            );
        }
    }

    #[test]
    fn e20_an_agent_is_named_within_thirty_days_and_once() {
        let joined = DateTime::UNIX_EPOCH;
        let last = joined + TimeDelta::days(30);
        let state = |state: &str| Err(Reason::IllegalState(state.into()));
        assert_eq!(must_still_name(joined, false, 30, joined), Ok(()));
        assert_eq!(
            must_still_name(joined, false, 30, last - TimeDelta::microseconds(1)),
            Ok(())
        );
        assert_eq!(must_still_name(joined, false, 30, last), state("TOO_LATE"));
        assert_eq!(
            must_still_name(joined, true, 30, joined),
            state("AFFILIATED")
        );
        assert_eq!(must_still_name(joined, false, 0, joined), state("TOO_LATE"));
    }

    #[test]
    fn e21_a_typed_number_wins_and_both_are_kept() {
        let (typed, link) = (AgentNumber::nth(2), AgentNumber::nth(3));
        let named = NamedAgent::at_signup(Some(typed.as_str()), Some(link.as_str()))
            .unwrap()
            .unwrap();
        assert_eq!(named.number, typed);
        assert_eq!(named.method, AffiliationMethod::AgentNumber);
        assert_eq!((named.typed, named.link), (Some(typed), Some(link)));
    }

    #[test]
    fn e21_a_mistyped_number_is_refused_even_beside_a_right_link() {
        let right = AgentNumber::nth(2);
        let mistyped = right.as_str().replace('1', "2");
        let refused = |typed, link| NamedAgent::at_signup(typed, link).unwrap_err();
        assert_eq!(
            refused(Some(&mistyped), Some(right.as_str())),
            Reason::AgentNumberMalformed.at("agentNumber")
        );
        assert_eq!(
            refused(None, Some(&mistyped)),
            Reason::AgentNumberMalformed.at("linkAgentNumber")
        );
        assert_eq!(
            NamedAgent::later(&mistyped).unwrap_err(),
            Reason::AgentNumberMalformed.at("agentNumber")
        );
        let named = NamedAgent::at_signup(Some(right.as_str()), Some(&mistyped))
            .unwrap()
            .unwrap();
        assert_eq!((named.number, named.link), (right, None));
    }

    #[test]
    fn e22_only_an_active_agent_takes_customers() {
        let mut agent = agent::Model {
            id: entity::AgentId::from_uuid(Uuid::now_v7()),
            number: AgentNumber::nth(1),
            login_id: LoginId::from_uuid(Uuid::now_v7()),
            customer_id: account(),
            application_id: None,
            display_name: Name::parse("Ada").unwrap(),
            kind: agent::AgentKind::Individual,
            status: AgentStatus::Active,
            joined_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(must_take_customers(&agent), Ok(()));
        for status in [AgentStatus::Suspended, AgentStatus::Closed] {
            agent.status = status;
            assert_eq!(must_take_customers(&agent), Err(Reason::AgentNotActive));
        }
    }
}
