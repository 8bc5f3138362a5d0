// A graphql-ws client whose access token runs out: it is told so, refreshes, and goes on where it was.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { Earning, EVENTS, ids } from './acts.js';
import { DATABASES, Server } from './server.js';

const REFRESH = `mutation($input: RefreshSessionInput!) {
  refreshSession(input: $input) { session { accessToken refreshToken } userErrors { code } }
}`;

// A minute is the shortest that a token can last. The databases wait together.
describe('a token that runs out', { concurrency: true, timeout: 300_000 }, () => {
  for (const database of Object.keys(DATABASES)) {
    test(`nothing is lost and nothing comes twice, over ${database}`, async () => {
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
  let session = await server.session('anna@example.com');
  let cursor = (await earning.position()).latestCursor;
  const closes = [];

  const client = createClient({
    url: server.socket,
    webSocketImpl: WebSocket,
    retryAttempts: 5,
    async connectionParams() {
      if (closes.at(-1) === 4403) {
        const { refreshSession } = await server.ask(REFRESH, { input: { refreshToken: session.refreshToken } });
        assert.deepEqual(refreshSession.userErrors, []);
        session = refreshSession.session;
        // Earned while nobody listens. The switch's own token has run out as well.
        earning.operator = await server.signIn('operator@example.com');
        await earning.record('between-1', 'between-2');
      }
      return { authorization: `Bearer ${session.accessToken}` };
    },
    on: { closed: (close) => closes.push(close.code) },
  });

  const seen = [];
  const variables = {
    get after() {
      return cursor;
    },
  };
  await earning.record('before-1', 'before-2');
  for await (const { data, errors } of client.iterate({ query: EVENTS, variables })) {
    assert.equal(errors, undefined, JSON.stringify(errors));
    seen.push(data.commissionEvents);
    cursor = data.commissionEvents.cursor;
    if (seen.length === 4) await earning.record('after-1');
    if (seen.length === 5) break;
  }
  assert.deepEqual(ids(seen), ['before-1', 'before-2', 'between-1', 'between-2', 'after-1']);
  assert.equal(closes[0], 4403);
  await client.dispose();
}
