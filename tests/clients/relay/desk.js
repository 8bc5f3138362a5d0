// An agent's desk, as an application on Relay would ask for it. relay-compiler reads these documents; the tests run what
// it makes of them.

graphql`
  query deskQuery($first: Int!) {
    viewer {
      ...desk_signedIn
      agent {
        id
        ...desk_customers @arguments(first: $first)
        ...desk_commissions
      }
    }
    ...desk_products @arguments(first: $first)
  }
`;

graphql`
  fragment desk_signedIn on Viewer {
    sessionExpiresAt
    user { id name roles }
    agent {
      id
      displayName
      commissionRate
      balance { available commission carry }
    }
  }
`;

// A connection of a node: the next page is asked for by the node's id.
graphql`
  fragment desk_customers on Agent
  @refetchable(queryName: "deskCustomersQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 2 }
    after: { type: "String" }
    filter: { type: "CustomerFilter" }
  ) {
    customers(first: $first, after: $after, filter: $filter) @connection(key: "desk_customers") {
      totalCount
      edges {
        node {
          id
          name
          affiliation { method since }
          balance { available }
        }
      }
    }
  }
`;

// A connection of the query itself.
graphql`
  fragment desk_products on Query
  @refetchable(queryName: "deskProductsQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" }) {
    products(first: $first, after: $after) @connection(key: "desk_products") {
      edges { node { id code price } }
    }
  }
`;

// Both ways at once.
graphql`
  fragment desk_commissions on Agent
  @refetchable(queryName: "deskCommissionsQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int", defaultValue: 2 }
    before: { type: "String" }
  ) {
    commissions(first: $first, after: $after, last: $last, before: $before) @connection(key: "desk_commissions") {
      edges { node { id amount charge { id description } } }
    }
  }
`;

// The rows of a node in a list that another page shows too.
graphql`
  fragment desk_payout on Payout @refetchable(queryName: "deskPayoutQuery") {
    state
    gross
    net
    destination { __typename }
  }
`;

graphql`
  query deskPayoutsQuery {
    payouts(first: 10) @connection(key: "desk_payouts") { edges { node { id ...desk_payout } } }
  }
`;

graphql`
  subscription deskCommissionsSubscription($after: String, $connections: [ID!]!) {
    commissionEvents(after: $after) {
      cursor
      balance { commission available }
      commission @prependNode(connections: $connections, edgeTypeName: "CommissionEdge") {
        id
        amount
        charge { id description call { to } }
      }
    }
  }
`;

// What an event is about differs by its kind.
graphql`
  subscription deskEventsSubscription {
    agentEvents {
      __typename
      cursor
      ... on TransferEvent { transfer { id amount } }
      ... on PayoutEvent { payout { id ...desk_payout } }
    }
  }
`;

graphql`
  mutation deskTransferMutation($input: TransferFundsInput!) {
    transferFunds(input: $input) {
      transfer {
        id
        amount
        customer { id balance { available } }
      }
      userErrors {
        __typename
        code
        message
        ... on InsufficientFundsError { available requested }
      }
    }
  }
`;
