// An agent's desk in TypeScript: it compiles only as long as the generated types say what is used here.

import type { ResultOf } from '@graphql-typed-document-node/core';

import { graphql, useFragment } from './__generated__/index.ts';
import type { TransferFundsInput } from './__generated__/graphql.ts';

export const CustomerRow = graphql(`
  fragment CustomerRow on Customer {
    id
    name
    balance { available promo }
    affiliation { method since }
  }
`);

export const Desk = graphql(`
  query Desk($first: Int!) {
    viewer {
      agent {
        id
        balance { available commission carry }
        customers(first: $first) { totalCount nodes { ...CustomerRow } pageInfo { endCursor hasNextPage } }
      }
    }
    program { minimumPayout payoutMethods { method fee minimumGross } }
  }
`);

export const Transfer = graphql(`
  mutation Transfer($input: TransferFundsInput!) {
    transferFunds(input: $input) {
      transfer { id amount }
      userErrors {
        __typename
        code
        message
        ... on InsufficientFundsError { available requested }
      }
    }
  }
`);

export const Events = graphql(`
  subscription Events($after: String) {
    agentEvents(after: $after) {
      __typename
      cursor
      ... on CommissionEvent { commission { id amount } }
      ... on PayoutEvent { payout { id state net } }
    }
  }
`);

/** Amounts are strings, and what may be null has to be asked first. */
export function lines(desk: DeskResult): string[] {
  const agent = desk.viewer?.agent;
  if (!agent) return [];
  const available: string = agent.balance.available;
  const rows = useFragment(CustomerRow, agent.customers?.nodes ?? []);
  return [available, ...rows.map((row) => `${row.name} ${row.balance.available} ${row.affiliation?.method ?? 'none'}`)];
}

/** What has to be given, and what refusals have. */
export const input: TransferFundsInput = { customerId: 'cus_1', amount: '1.0000', idempotencyKey: 'key' };

export function shortage(answer: TransferResult): string | null {
  for (const error of answer.transferFunds?.userErrors ?? []) {
    if (error.__typename === 'InsufficientFundsError') return `${error.requested} of ${error.available}`;
  }
  return null;
}

export function wording(event: EventResult['agentEvents']): string {
  switch (event.__typename) {
    case 'CommissionEvent':
      return event.commission.amount;
    case 'PayoutEvent':
      return `${event.payout.state} ${event.payout.net}`;
    default:
      return event.cursor;
  }
}

// @ts-expect-error: an amount is no number.
input.amount = 1;

type DeskResult = ResultOf<typeof Desk>;
type TransferResult = ResultOf<typeof Transfer>;
type EventResult = ResultOf<typeof Events>;
