// What the real graphql-ws client sees: queries, subscriptions, and streams that lose and repeat nothing, whatever
// happens to the connection or the server.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { DATABASES, PASSWORD, Server } from './server.js';

const EVENTS = `subscription($after: String) {
  commissionEvents(after: $after) {
    cursor
    commission { amount charge { externalId } }
    balance { commission }
  }
}`;

const RECORD = `mutation($input: RecordCallsInput!) {
  recordCalls(input: $input) { posted replayed refused results { error { code message } } userErrors { code message } }
}`;

/** $0.0001 as one, exactly. */
const units = (amount) => BigInt(amount.replace('.', ''));

for (const database of Object.keys(DATABASES)) {
  describe(`over ${database}`, { timeout: 120_000 }, () => {
    let server;
    let anna;
    let operator;
    let accountNumber;
    const clients = [];

    before(async () => {
      server = await Server.start(database);
      [anna, operator] = [await server.signIn('anna@example.com'), await server.signIn('operator@example.com')];
      accountNumber = await customerOf(server, anna);
    });

    after(async () => {
      for (const client of clients) await client.dispose();
      await server?.end();
    });

    function connect(options = {}) {
      const client = createClient({
        url: server.socket,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${anna}` },
        retryAttempts: 0,
        ...options,
      });
      clients.push(client);
      return client;
    }

    async function record(...externalIds) {
      const calls = externalIds.map((externalId) => ({
        externalId,
        accountNumber,
        to: '+12125550100',
        answeredAt: new Date().toISOString(),
        durationSeconds: 60,
      }));
      const { recordCalls } = await server.ask(RECORD, { input: { source: 'clients', calls } }, operator);
      assert.equal(recordCalls.refused, 0, JSON.stringify(recordCalls));
      assert.deepEqual(recordCalls.userErrors, []);
    }

    const position = async () => {
      const { viewer } = await server.ask('{ viewer { agent { latestCursor balance { commission } } } }', {}, anna);
      return viewer.agent;
    };

    /** The next `count` events, in order; then it unsubscribes. */
    async function read(client, after, count) {
      const events = [];
      for await (const { data, errors } of client.iterate({ query: EVENTS, variables: { after } })) {
        assert.equal(errors, undefined, JSON.stringify(errors));
        events.push(data.commissionEvents);
        if (events.length === count) break;
      }
      return events;
    }

    const ids = (events) => events.map((event) => event.commission.charge.externalId);

    test('a query is answered on the socket', async () => {
      const [answer] = await collect(connect().iterate({ query: '{ viewer { user { email } } }' }));
      assert.equal(answer.data.viewer.user.email, 'anna@example.com');
    });

    test('a refused document is one error, and the socket stays', async () => {
      const client = connect({ lazy: false });
      await assert.rejects(collect(client.iterate({ query: '{ nothingOfTheKind }' })), (errors) => {
        assert.equal(errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
        return true;
      });
      const [answer] = await collect(client.iterate({ query: '{ __typename }' }));
      assert.equal(answer.data.__typename, 'Query');
      await client.dispose();
    });

    test('a bad token closes with 4403', async () => {
      const client = connect({ connectionParams: { authorization: 'Bearer nonsense' } });
      await assert.rejects(collect(client.iterate({ query: '{ __typename }' })), (close) => close.code === 4403);
    });

    test('commissions arrive as they are earned, in order, and their balances add up', async () => {
      const { latestCursor, balance } = await position();
      const events = read(connect(), latestCursor, 3);
      for (const id of ['live-1', 'live-2', 'live-3']) await record(id);
      assert.deepEqual(ids(await events), ['live-1', 'live-2', 'live-3']);
      let expected = units(balance.commission);
      for (const { commission, balance } of await events) {
        expected += units(commission.amount);
        assert.equal(units(balance.commission), expected);
      }
    });

    test('who comes back with its cursor misses nothing and sees nothing twice', async () => {
      const { latestCursor } = await position();
      const first = read(connect(), latestCursor, 2);
      await record('back-1', 'back-2');
      const seen = await first;
      await record('back-3', 'back-4');
      const rest = read(connect(), seen.at(-1).cursor, 4);
      await record('back-5', 'back-6');
      assert.deepEqual(ids([...seen, ...(await rest)]), [1, 2, 3, 4, 5, 6].map((n) => `back-${n}`));
    });

    test('a server that is killed at work loses and repeats nothing', async () => {
      const before = await position();
      const sent = Array.from({ length: 120 }, (_, n) => `kill-${n}`);
      const seen = [];

      // The reader: comes back after each end of its socket, with the last cursor that it saw.
      const reader = (async () => {
        while (seen.length < sent.length) {
          try {
            const after = seen.at(-1)?.cursor ?? before.latestCursor;
            for await (const { data, errors } of connect().iterate({ query: EVENTS, variables: { after } })) {
              assert.equal(errors, undefined, JSON.stringify(errors));
              seen.push(data.commissionEvents);
              if (seen.length === sent.length) break;
            }
          } catch (end) {
            if (end instanceof assert.AssertionError) throw end;
            await pause(100);
          }
        }
      })();

      // The switch: sends each call until it is answered; the external id keeps it from being charged twice.
      const kills = new Set([40, 80]);
      for (const [n, id] of sent.entries()) {
        const killed = kills.has(n) && pause(3).then(() => server.kill()).then(() => server.run());
        for (;;) {
          try {
            await record(id);
            break;
          } catch (end) {
            if (end instanceof assert.AssertionError) throw end;
            await pause(50);
          }
        }
        await killed;
      }
      await reader;

      assert.deepEqual(ids(seen), sent);
      const earned = seen.reduce((sum, event) => sum + units(event.commission.amount), 0n);
      const now = await position();
      assert.equal(units(now.balance.commission), units(before.balance.commission) + earned);
      const { ledgerCheck } = await server.ask('{ ledgerCheck { ok violations { rule detail } } }', {}, operator);
      assert.deepEqual(ledgerCheck, { ok: true, violations: [] });
    });
  });
}

/** A new customer of an agent, with money to talk for. */
async function customerOf(server, agent) {
  const { viewer } = await server.ask('{ viewer { agent { agentNumber } } }', {}, agent);
  const input = { name: 'Emil Ek', email: 'emil@example.com', password: PASSWORD, agentNumber: viewer.agent.agentNumber };
  const { signUpWithAgent } = await server.ask(
    `mutation($input: SignUpWithAgentInput!) {
      signUpWithAgent(input: $input) { customer { accountNumber } session { accessToken } userErrors { code } }
    }`,
    { input },
  );
  assert.deepEqual(signUpWithAgent.userErrors, []);
  const payment = { amount: '100.00', method: 'CREDIT_CARD', paymentToken: 'tok_approve', idempotencyKey: 'first' };
  const { topUp } = await server.ask(
    'mutation($input: TopUpInput!) { topUp(input: $input) { topUp { state } userErrors { code } } }',
    { input: payment },
    signUpWithAgent.session.accessToken,
  );
  assert.equal(topUp.topUp?.state, 'SETTLED', JSON.stringify(topUp));
  return signUpWithAgent.customer.accountNumber;
}

async function collect(results) {
  const all = [];
  for await (const result of results) all.push(result);
  return all;
}
