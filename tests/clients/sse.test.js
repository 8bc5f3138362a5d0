// Server-sent events: the graphql-sse client, and a browser's own EventSource, which comes back by itself with the id of the
// last event that it has.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { createClient } from 'graphql-sse';
import { chromium } from 'playwright-core';

import { collect, Earning, EVENTS, ids } from './acts.js';
import { DATABASES, onBoth, Server } from './server.js';
import { Wire } from './wire.js';

const stream = (server) => `${server.graphql}/stream`;

/** The events after a cursor, until there are so many. */
async function read(client, after, count, seen = []) {
  for await (const { data, errors } of client.iterate({ query: EVENTS, variables: { after } })) {
    assert.equal(errors, undefined, JSON.stringify(errors));
    seen.push(data.commissionEvents);
    if (seen.length === count) break;
  }
  return seen;
}

onBoth('graphql-sse', (world) => {
  let server;
  let earning;
  const clients = [];
  const wires = [];

  before(async () => {
    server = world.server;
    earning = await Earning.at(server);
  });

  after(async () => {
    for (const client of clients) client.dispose();
    for (const wire of wires) await wire.end();
  });

  function connect(options = {}) {
    const client = createClient({
      url: stream(server),
      headers: () => ({ authorization: `Bearer ${earning.anna}` }),
      retryAttempts: 0,
      ...options,
    });
    clients.push(client);
    return client;
  }

  test('a query is answered as a stream of one', async () => {
    const [answer, ...more] = await collect(connect().iterate({ query: '{ viewer { user { email } } }' }));
    assert.equal(answer.data.viewer.user.email, 'anna@example.com');
    assert.deepEqual(more, []);
  });

  test('a refused document is told in the stream, which then is complete', async () => {
    const answers = await collect(connect().iterate({ query: '{ nothingOfTheKind }' }));
    assert.deepEqual(
      answers.map(({ data, errors }) => [data, errors.map(({ extensions }) => extensions.code)]),
      [[undefined, ['GRAPHQL_VALIDATION_FAILED']]],
    );
  });

  test('a bad token is refused before there is a stream', async () => {
    const client = connect({ headers: { authorization: 'Bearer nonsense' } });
    await assert.rejects(collect(client.iterate({ query: '{ __typename }' })), ({ response }) => response.status === 401);
  });

  test('commissions arrive as they are earned, in order', async () => {
    const { latestCursor } = await earning.position();
    const events = read(connect(), latestCursor, 3);
    for (const id of ['sse-1', 'sse-2', 'sse-3']) await earning.record(id);
    assert.deepEqual(ids(await events), ['sse-1', 'sse-2', 'sse-3']);
  });

  test('a connection that is cut again and again is taken up where it was', async () => {
    const wire = await Wire.to(server.port);
    wires.push(wire);
    let cursor = (await earning.position()).latestCursor;
    const client = connect({
      url: stream(server).replace(String(server.port), String(wire.port)),
      retryAttempts: 100,
      retry: () => pause(10),
      // What it has decides where it goes on.
      onMessage: ({ event, data }) => event === 'next' && (cursor = data.data?.commissionEvents.cursor ?? cursor),
    });
    const variables = {
      get after() {
        return cursor;
      },
    };
    const seen = [];
    await earning.record('torn-1');
    for await (const { data } of client.iterate({ query: EVENTS, variables })) {
      seen.push(data.commissionEvents);
      if (seen.length === 6) break;
      await wire.cut();
      await earning.record(`torn-${seen.length + 1}`);
      wire.mend();
    }
    assert.deepEqual(ids(seen), [1, 2, 3, 4, 5, 6].map((n) => `torn-${n}`));
  });
});

onBoth('EventSource in Chromium', (world) => {
  let server;
  let earning;
  let browser;
  let page;

  before(async () => {
    server = world.server;
    earning = await Earning.at(server);
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await browser.newPage();
    await page.goto(`${server.origin}/graphiql`);
  });

  after(async () => {
    await browser?.close();
  });

  /** A ticket of Anna's for a document that says neither where it begins nor asks for a cursor. */
  async function ticket() {
    const query = 'subscription { commissionEvents { commission { charge { externalId } } } }';
    const response = await fetch(`${stream(server)}/ticket`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${earning.anna}` },
      body: JSON.stringify({ query }),
    });
    assert.equal(response.status, 200);
    return (await response.json()).url;
  }

  /** What the page has heard: external ids, each with the id of its event. */
  const heard = () => page.evaluate(() => window.heard);

  async function hears(count) {
    for (const end = Date.now() + 60_000; Date.now() < end; await pause(50)) {
      if ((await heard()).length >= count) return heard();
    }
    throw new Error(`it has heard ${JSON.stringify(await heard())}`);
  }

  test('nothing is lost and nothing comes twice, though the server is killed under it', async () => {
    await page.evaluate(
      (url) =>
        new Promise((opened, failed) => {
          window.heard = [];
          window.opened = 0;
          const source = new EventSource(url);
          source.addEventListener('next', ({ data, lastEventId }) => {
            const { externalId } = JSON.parse(data).data.commissionEvents.commission.charge;
            window.heard.push({ externalId, lastEventId });
          });
          source.addEventListener('open', () => opened((window.opened += 1)));
          source.addEventListener('error', () => source.readyState === EventSource.CLOSED && failed(new Error('it gave up')));
          window.source = source;
        }),
      await ticket(),
    );
    await earning.record('es-1', 'es-2');
    await hears(2);
    for (let n = 3; n < 9; n += 2) {
      await server.kill();
      await server.run();
      // Before it has come back, most likely: it waits some seconds.
      await earning.record(`es-${n}`, `es-${n + 1}`);
      await hears(n + 1);
    }
    const all = await heard();
    assert.deepEqual(all.map(({ externalId }) => externalId), [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `es-${n}`));
    assert.equal(new Set(all.map(({ lastEventId }) => lastEventId)).size, 8);
    assert.equal(await page.evaluate(() => window.opened), 4);
    await page.evaluate(() => window.source.close());
  });
});

// A minute is the shortest that a token can last. The databases wait together.
describe('a stream whose token runs out', { concurrency: true, timeout: 300_000 }, () => {
  for (const database of Object.keys(DATABASES)) {
    test(`it is told so, and goes on with a fresh one, over ${database}`, async () => {
      const server = await Server.start(database, { ACCESS_TOKEN_MINUTES: '1' });
      try {
        await outlive(server);
      } finally {
        await server.end();
      }
    });
  }
});

async function outlive(server) {
  const earning = await Earning.at(server);
  const { latestCursor } = await earning.position();
  let token = earning.anna;
  const client = createClient({ url: stream(server), headers: () => ({ authorization: `Bearer ${token}` }), retryAttempts: 0 });
  await earning.record('first-1', 'first-2');
  const seen = [];
  let last = null;
  for await (const { data, errors } of client.iterate({ query: EVENTS, variables: { after: latestCursor } })) {
    if (errors) last = errors[0];
    else seen.push(data.commissionEvents);
  }
  assert.equal(last.extensions.code, 'UNAUTHENTICATED');
  // The error says where it had come to.
  const { cursor } = last.extensions;
  assert.equal(cursor, seen.at(-1).cursor);
  [token, earning.operator] = [await server.signIn('anna@example.com'), await server.signIn('operator@example.com')];
  await earning.record('then-1', 'then-2');
  await read(client, cursor, 4, seen);
  assert.deepEqual(ids(seen), ['first-1', 'first-2', 'then-1', 'then-2']);
  client.dispose();
}
