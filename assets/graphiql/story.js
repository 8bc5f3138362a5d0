// The story that the tabs tell: from an application to a payout, each tab as the person who would ask.
//
// `as` becomes the tab's Headers; without it a tab asks as whoever signed in last. What stands in braces is filled in from
// earlier answers (blanks.js). A test holds every document against schema.graphql.

const PASSWORD = 'demo-password-1';
const OPERATOR = 'operator@example.com';
const AGENT = 'anna@example.com';

const SIGN_IN = (name) => `mutation ${name}($input: SignInInput!) {
  signIn(input: $input) {
    viewer {
      user { name email roles }
      agent {
        id agentNumber signupUrl commissionRate latestCursor
        balance { available withdrawable }
      }
    }
    session { accessToken accessTokenExpiresAt refreshToken }
    userErrors { code message field }
  }
}`;

export const STORY = [
  {
    says: `The agent program, as anyone may see it.

The tabs to the right tell how it works: run each with Ctrl-Enter, from left to right. The people in them are those of the demo world (--demo), all with the password ${PASSWORD}:
operator@example.com,
anna@example.com and ben@example.com (agents),
carla@example.com (a customer).`,
    query: `query Program {
  program {
    name currencyCode minimumPayout
    minimumCommissionRate maximumCommissionRate
    payoutMethods { method fee minimumGross }
    topUpMethods { method minimum maximum maximumPerDay }
  }
  products(first: 10) { nodes { code name kind price } }
  callRate(to: "+12125550100") {
    destination pricePerMinute initialIncrement increment
  }
}`,
  },
  {
    says: 'Anyone can apply to become an agent.',
    as: 'nobody',
    query: `mutation Apply($input: ApplyToProgramInput!) {
  applyToProgram(input: $input) {
    application { id state name submittedAt }
    userErrors { code message field }
  }
}`,
    variables: {
      input: {
        kind: 'INDIVIDUAL',
        name: 'Dora Diaz',
        email: 'dora-{story}@example.com',
        business: 'A phone shop in the old town',
        plan: 'A poster, a link on our page, and help with the set-up',
        promotion: ['WORD_OF_MOUTH', 'INTERNET_ADVERTISING'],
        involvement: ['SETUP', 'SUPPORT'],
        markets: ['LOCAL', 'INTERNET'],
        places: 'Lisbon',
        projection: { oneMonth: 5, threeMonths: 20, sixMonths: 50, oneYear: 120 },
      },
    },
  },
  {
    says: 'The operator signs in. This page keeps the token for every tab that asks as the operator.',
    as: 'nobody',
    query: SIGN_IN('SignInAsOperator'),
    variables: { input: { email: OPERATOR, password: PASSWORD } },
  },
  {
    says: 'The operator approves, and sets the rate. The new agent sets its password with the claim link.',
    as: OPERATOR,
    query: `mutation Approve($input: ApproveApplicationInput!) {
  approveApplication(input: $input) {
    application { id state }
    agent { id agentNumber displayName commissionRate status }
    claimUrl
    userErrors { code message field }
  }
}`,
    variables: { input: { applicationId: '{application.id}', commissionRate: '3.00', note: 'Welcome' } },
  },
  {
    says: 'An agent signs in: Anna, who has been in the program for a while.',
    as: 'nobody',
    query: SIGN_IN('SignInAsAgent'),
    variables: { input: { email: AGENT, password: PASSWORD } },
  },
  {
    says: "A customer signs up, and types Anna's number. It is signed in at once.",
    as: 'nobody',
    query: `mutation SignUp($input: SignUpWithAgentInput!) {
  signUpWithAgent(input: $input) {
    customer {
      id accountNumber name email
      agent { displayName agentNumber }
      affiliation { method since }
    }
    session { accessToken accessTokenExpiresAt refreshToken }
    userErrors { code message field }
  }
}`,
    variables: {
      input: {
        name: 'Emil Ek',
        email: 'emil-{story}@example.com',
        password: PASSWORD,
        agentNumber: '{agent.agentNumber}',
      },
    },
  },
  {
    says: `The customer pays in by card, with a token of the sandbox: tok_approve, tok_decline or tok_stall.

A key of one's own instead of {new} shows what a retry does: the first answer again, with "replayed": true.`,
    as: 'emil-{story}@example.com',
    query: `mutation TopUp($input: TopUpInput!) {
  topUp(input: $input) {
    topUp {
      id state method amount
      customer { balance { cash promo available } }
    }
    replayed
    userErrors { code message field }
  }
}`,
    variables: {
      input: { amount: '50.00', method: 'CREDIT_CARD', paymentToken: 'tok_approve', idempotencyKey: '{new}' },
    },
  },
  {
    says: 'The customer buys something from the price list; the commission on it is credited to Anna at once.',
    as: 'emil-{story}@example.com',
    query: `mutation Buy($input: PurchaseProductInput!) {
  purchaseProduct(input: $input) {
    charge {
      id description amount promoPart state
      customer { balance { available } }
    }
    plan { id state nextChargeAt }
    userErrors {
      code message
      ... on InsufficientFundsError { available requested }
    }
  }
}`,
    variables: { input: { productCode: 'NUMBER', idempotencyKey: '{new}' } },
  },
  {
    says: 'A switch records calls; here the operator does. They are rated by the price list, whoever the agent is.',
    as: OPERATOR,
    query: `mutation RecordCalls($input: RecordCallsInput!) {
  recordCalls(input: $input) {
    posted replayed refused
    results {
      externalId replayed
      charge {
        amount
        call { destination billedSeconds pricePerMinute }
        commission { amount exact commissionRate }
      }
      error { code message field }
    }
    userErrors { code message field }
  }
}`,
    variables: {
      input: {
        source: 'graphiql',
        calls: [
          {
            externalId: 'call-{new}',
            accountNumber: '{customer.accountNumber}',
            to: '+12125550100',
            answeredAt: '{now}',
            durationSeconds: 125,
          },
        ],
      },
    },
  },
  {
    says: `What Anna earned since she signed in, and what she earns from now on, as it happens.

Stop it, record another call in the tab to the left, and run this again: nothing is missing, nothing comes twice.`,
    as: AGENT,
    query: `subscription WatchCommissions($after: String) {
  commissionEvents(after: $after) {
    cursor
    occurredAt
    commission {
      kind amount exact base commissionRate
      charge { kind description }
      customer { name }
    }
    balance { commission available carry }
  }
}`,
    variables: { after: '{agent.latestCursor}' },
  },
  {
    says: 'Anna moves funds to her customer: from what she topped up first, then from her commission.',
    as: AGENT,
    query: `mutation TransferFunds($input: TransferFundsInput!) {
  transferFunds(input: $input) {
    transfer {
      id amount fromFunding fromCommission memo
      customer { name balance { available } }
    }
    agentBalance { funding commission available withdrawable }
    userErrors {
      code message field
      ... on InsufficientFundsError { available requested }
    }
  }
}`,
    variables: {
      input: { customerId: '{customer.id}', amount: '1.5000', memo: 'Welcome', idempotencyKey: '{new}' },
    },
  },
  {
    says: 'What a wire of $30.00 would cost and bring: a wire costs $27.00.',
    as: AGENT,
    query: `query PayoutQuote($amount: Money!, $method: PayoutMethod!) {
  payoutQuote(amount: $amount, method: $method) {
    gross fee net eligible
    reasons {
      code message
      ... on PayoutAmountError { minimum fee }
      ... on InsufficientFundsError { available requested }
    }
  }
}`,
    variables: { amount: '30.00', method: 'WIRE' },
  },
  {
    says: 'Anna asks to be paid out by PayPal: $20.00 is the least. The operator decides.',
    as: AGENT,
    query: `mutation RequestPayout($input: RequestPayoutInput!) {
  requestPayout(input: $input) {
    payout {
      id state method gross fee net
      fromCommission fromFunding requestedAt
    }
    agentBalance { available reserved withdrawable }
    userErrors {
      code message field
      ... on InsufficientFundsError { available requested }
      ... on PayoutAmountError { minimum fee }
    }
  }
}`,
    variables: {
      input: { amount: '20.00', destination: { paypal: { email: AGENT } }, idempotencyKey: '{new}' },
    },
  },
  {
    says: "Anna's reports: exact, and of this moment.",
    as: AGENT,
    query: `query Reports($period: PeriodInput!) {
  byDay: commissionReport(input: { period: $period, groupBy: DAY }) {
    asOf
    totals { charges spent base earned clawedBack net }
    rows { key figures { charges spent earned net } }
  }
  byKind: commissionReport(input: { period: $period, groupBy: KIND }) {
    rows { label figures { charges earned } }
  }
  customerReport(input: { period: $period }, first: 20) {
    rows {
      nodes {
        customer { name }
        calls callSeconds lastChargeAt
        figures { spent earned }
      }
    }
  }
}`,
    variables: { period: { from: '{monthStart}', to: '{tomorrow}', timeZone: 'UTC' } },
  },
  {
    says: 'The operator sees revenue, traffic and signups of each agent, and proves the books from their entries.',
    as: OPERATOR,
    query: `query OperatorsDesk($period: PeriodInput!) {
  agentReport(input: { period: $period }, first: 20) {
    rows {
      nodes {
        agent { displayName agentNumber }
        signups activeCustomers calls
        figures { spent earned }
      }
    }
  }
  payouts(first: 10, filter: { states: [REQUESTED] }) {
    nodes { id method gross net agent { displayName } }
  }
  ledgerCheck {
    ok transactions entries
    trialBalance { account balance }
    violations { rule detail }
  }
}`,
    variables: { period: { from: '{monthStart}', to: '{tomorrow}', timeZone: 'UTC' } },
  },
];

/** A text as comment lines of at most 60 letters. */
const comment = (text) => text.replace(/(?![^\n]{1,58}$)([^\n]{1,58})\s/g, '$1\n').split('\n').map((line) => `# ${line}`.trimEnd()).join('\n');

/** A tab as GraphiQL takes it. */
export function tab({ says, as, query, variables }) {
  return {
    query: `${comment(says)}\n\n${query}\n`,
    variables: variables && JSON.stringify(variables, null, 2),
    headers: as && JSON.stringify({ authorization: as }, null, 2),
  };
}
