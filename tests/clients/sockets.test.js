// What the real graphql-ws client sees: queries, subscriptions, and streams that lose and repeat nothing, whatever
// happens to the connection, the token or the server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { collect, Earning, EVENTS, ids, units } from './acts.js';
import { onBoth } from './server.js';
import { Wire } from './wire.js';

onBoth('graphql-ws', (world) => {
  let server;
  let earning;
  const clients = [];
  const wires = [];

  before(async () => {
    server = world.server;
    earning = await Earning.at(server);
  });

  after(async () => {
    for (const client of clients) await client.dispose();
    for (const wire of wires) await wire.end();
  });

  function connect(options = {}) {
    const client = createClient({
      url: server.socket,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${earning.anna}` },
      retryAttempts: 0,
      ...options,
    });
    clients.push(client);
    return client;
  }

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
    const { latestCursor, balance } = await earning.position();
    const events = read(connect(), latestCursor, 3);
    for (const id of ['live-1', 'live-2', 'live-3']) await earning.record(id);
    assert.deepEqual(ids(await events), ['live-1', 'live-2', 'live-3']);
    let expected = units(balance.commission);
    for (const { commission, balance } of await events) {
      expected += units(commission.amount);
      assert.equal(units(balance.commission), expected);
    }
  });

  test('who comes back with its cursor misses nothing and sees nothing twice', async () => {
    const { latestCursor } = await earning.position();
    const first = read(connect(), latestCursor, 2);
    await earning.record('back-1', 'back-2');
    const seen = await first;
    await earning.record('back-3', 'back-4');
    const rest = read(connect(), seen.at(-1).cursor, 4);
    await earning.record('back-5', 'back-6');
    assert.deepEqual(ids([...seen, ...(await rest)]), [1, 2, 3, 4, 5, 6].map((n) => `back-${n}`));
  });

  test('a connection that is cut again and again is taken up by the client where it was', async () => {
    const wire = await Wire.to(server.port);
    wires.push(wire);
    const { latestCursor } = await earning.position();
    let cursor = latestCursor;
    let connections = 0;
    const client = connect({
      url: server.socket.replace(String(server.port), String(wire.port)),
      retryAttempts: 100,
      // A connection that cannot be made is an error and no close.
      shouldRetry: () => true,
      retryWait: () => pause(10),
      on: { connected: () => (connections += 1) },
    });
    const variables = {
      // Read at each subscribe message, that of a retry too.
      get after() {
        return cursor;
      },
    };
    const seen = [];
    await earning.record('cut-1');
    for await (const { data } of client.iterate({ query: EVENTS, variables })) {
      seen.push(data.commissionEvents);
      cursor = data.commissionEvents.cursor;
      if (seen.length === 6) break;
      // What happens while nobody listens.
      await wire.cut();
      await earning.record(`cut-${seen.length + 1}`);
      wire.mend();
    }
    assert.deepEqual(ids(seen), [1, 2, 3, 4, 5, 6].map((n) => `cut-${n}`));
    assert.equal(connections, 6);
  });

  test('a server that is killed at work loses and repeats nothing', async (t) => {
    // A reader that waits for what a failed test never sends would keep the suite from ending.
    let over = false;
    t.after(() => (over = true));
    const before = await earning.position();
    const sent = Array.from({ length: 120 }, (_, n) => `kill-${n}`);
    const seen = [];

    // The reader: comes back after each end of its socket, with the last cursor that it saw.
    const reader = (async () => {
      while (seen.length < sent.length && !over) {
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
          await earning.record(id);
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
    const now = await earning.position();
    assert.equal(units(now.balance.commission), units(before.balance.commission) + earned);
    const { ledgerCheck } = await server.ask('{ ledgerCheck { ok violations { rule detail } } }', {}, earning.operator);
    assert.deepEqual(ledgerCheck, { ok: true, violations: [] });
  });
});
