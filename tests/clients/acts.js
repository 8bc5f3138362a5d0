// What the tests do to the world, as an agent, a customer and a switch would; and what an agent hears of it.

import assert from 'node:assert/strict';

import { PASSWORD } from './server.js';

export const EVENTS = `subscription Commissions($after: String) {
  commissionEvents(after: $after) {
    cursor
    commission { id amount charge { id externalId } }
    balance { commission }
  }
}`;

const RECORD = `mutation($input: RecordCallsInput!) {
  recordCalls(input: $input) { posted replayed refused results { error { code message } } userErrors { code message } }
}`;

const SIGN_UP = `mutation($input: SignUpWithAgentInput!) {
  signUpWithAgent(input: $input) { customer { accountNumber } session { accessToken } userErrors { code } }
}`;

const TOP_UP = 'mutation($input: TopUpInput!) { topUp(input: $input) { topUp { state } userErrors { code } } }';

/** $0.0001 as one, exactly. */
export const units = (amount) => BigInt(amount.replace('.', ''));

/** Anna, who hears of commissions, and the switch that makes her earn them. */
export class Earning {
  #calls = new Map();

  static async at(server) {
    const earning = new Earning();
    earning.server = server;
    [earning.anna, earning.operator] = [await server.signIn('anna@example.com'), await server.signIn('operator@example.com')];
    earning.accountNumber = await customerOf(server, earning.anna);
    return earning;
  }

  /** A call for each external id, of a customer of Anna's. What was told before is told again as it was. */
  async record(...externalIds) {
    const calls = externalIds.map((externalId) => this.#call(externalId));
    const { recordCalls } = await this.server.ask(RECORD, { input: { source: 'clients', calls } }, this.operator);
    assert.equal(recordCalls.refused, 0, JSON.stringify(recordCalls));
    assert.deepEqual(recordCalls.userErrors, []);
  }

  /** As a switch has it: one call, however often it is told, since the server holds it against the charge that it made. */
  #call(externalId) {
    if (!this.#calls.has(externalId)) {
      this.#calls.set(externalId, {
        externalId,
        accountNumber: this.accountNumber,
        to: '+12125550100',
        answeredAt: new Date().toISOString(),
        durationSeconds: 60,
      });
    }
    return this.#calls.get(externalId);
  }

  /** Where Anna's events are, and what she has. */
  async position() {
    const { viewer } = await this.server.ask('{ viewer { agent { latestCursor balance { commission } } } }', {}, this.anna);
    return viewer.agent;
  }
}

/** The external ids of the calls that events are about. */
export const ids = (events) => events.map((event) => event.commission.charge.externalId);

/** A new customer of an agent, with money to talk for. Its account number. */
async function customerOf(server, agent) {
  const { viewer } = await server.ask('{ viewer { agent { agentNumber } } }', {}, agent);
  const { agentNumber } = viewer.agent;
  const input = { name: 'Emil Ek', email: 'emil@example.com', password: PASSWORD, agentNumber };
  const { signUpWithAgent } = await server.ask(SIGN_UP, { input });
  assert.deepEqual(signUpWithAgent.userErrors, []);
  const payment = { amount: '100.00', method: 'CREDIT_CARD', paymentToken: 'tok_approve', idempotencyKey: 'first' };
  const { topUp } = await server.ask(TOP_UP, { input: payment }, signUpWithAgent.session.accessToken);
  assert.equal(topUp.topUp?.state, 'SETTLED', JSON.stringify(topUp));
  return signUpWithAgent.customer.accountNumber;
}

export async function collect(results) {
  const all = [];
  for await (const result of results) all.push(result);
  return all;
}
