//! The operator's own site, to which links lead.

use entity::AgentNumber;

/// Two pages of the operator's own site: this server shows none to customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Where a customer signs up; it hands the link's Agent ID to `signUpWithAgent`.
    pub signup_url: String,
    /// Where a customer claims its account; it hands the token to `claimAccount`.
    pub claim_url: String,
}

impl Site {
    /// The link with the agent's number in it (R17).
    #[must_use]
    pub fn signup_link(&self, number: &AgentNumber) -> String {
        with_query(&self.signup_url, "agent", number.as_str())
    }

    /// The link by which an account is claimed (E25).
    #[must_use]
    pub fn claim_link(&self, token: &str) -> String {
        with_query(&self.claim_url, "token", token)
    }
}

/// `url?name=value`, before its fragment and behind what it already asks. The value needs no escape.
fn with_query(url: &str, name: &str, value: &str) -> String {
    let (page, fragment) = url
        .split_once('#')
        .map_or((url, None), |(page, fragment)| (page, Some(fragment)));
    let separator = if page.contains('?') { '&' } else { '?' };
    let link = format!("{page}{separator}{name}={value}");
    fragment.map_or(link.clone(), |fragment| format!("{link}#{fragment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r17_a_link_leads_to_the_operators_page_with_the_number_in_it() {
        let site = Site {
            signup_url: "https://example.com/join?lang=en#form".into(),
            claim_url: "https://example.com/claim".into(),
        };
        let number = AgentNumber::nth(0);
        assert_eq!(
            site.signup_link(&number),
            format!("https://example.com/join?lang=en&agent={number}#form")
        );
        assert_eq!(
            site.claim_link("agc_x"),
            "https://example.com/claim?token=agc_x"
        );
    }
}
