// urql with its normalised cache, as its documentation sets it up.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Client, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { buildSchema, introspectionFromSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { Earning, EVENTS, ids } from './acts.js';
import { onBoth, root } from './server.js';

const schema = introspectionFromSchema(buildSchema(await readFile(join(root, 'schema.graphql'), 'utf8')));

const CUSTOMERS = gql`
  query Customers($first: Int!, $after: String) {
    viewer {
      user { id email }
      agent {
        id
        commissionRate
        balance { available commission funding }
        customers(first: $first, after: $after) {
          edges { cursor node { id name balance { cash promo } affiliation { method since } } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
`;

const GIVE = gql`
  mutation Give($input: TransferFundsInput!) {
    transferFunds(input: $input) {
      transfer { id amount customer { id balance { cash promo } } }
      userErrors { code message }
    }
  }
`;

onBoth('urql', (world) => {
  let server;
  let earning;
  const ends = [];

  before(async () => {
    server = world.server;
    earning = await Earning.at(server);
  });

  after(async () => {
    for (const end of ends) await end();
  });

  /** A client, all that it has sent over HTTP, and whatever its cache complains of. */
  function connect({ more = [], ...options } = {}) {
    const sent = [];
    const complaints = [];
    const recording = async (url, init) => {
      const response = await fetch(url, init);
      sent.push({ method: init.method ?? 'GET', url: String(url), headers: new Headers(init.headers) });
      return response;
    };
    const client = new Client({
      url: server.graphql,
      fetch: recording,
      fetchOptions: { headers: { authorization: `Bearer ${earning.anna}` } },
      preferGetMethod: false,
      exchanges: [
        cacheExchange({
          schema,
          // What has no id of its own belongs to what holds it.
          keys: Object.fromEntries(without(schema).map((name) => [name, () => null])),
          resolvers: { Agent: { customers: relayPagination() } },
          logger: (severity, message) => complaints.push(`${severity}: ${message}`),
        }),
        ...more,
        fetchExchange,
      ],
      ...options,
    });
    return { client, sent, complaints };
  }

  const ask = async (client, query, variables, context) => {
    const { data, error } = await client.query(query, variables, context).toPromise();
    assert.equal(error, undefined, String(error));
    return data;
  };

  test('a query is answered, and again from the cache alone', async () => {
    const { client, sent, complaints } = connect();
    const data = await ask(client, CUSTOMERS, { first: 3 });
    assert.equal(data.viewer.user.email, 'anna@example.com');
    const { data: again, stale } = await client.query(CUSTOMERS, { first: 3 }, { requestPolicy: 'cache-only' }).toPromise();
    assert.deepEqual(again, data);
    assert.ok(!stale);
    assert.deepEqual(sent.map(({ method }) => method), ['POST']);
    assert.deepEqual(complaints, []);
  });

  test('pages are joined in the cache', async () => {
    const { client } = connect();
    const page = await ask(client, CUSTOMERS, { first: 2 });
    const joined = await ask(client, CUSTOMERS, { first: 2, after: page.viewer.agent.customers.pageInfo.endCursor });
    const nodes = joined.viewer.agent.customers.edges.map(({ node }) => node.id);
    assert.equal(new Set(nodes).size, 4);
  });

  test('a mutation changes what is cached of the things that it answers', async () => {
    const { client, sent } = connect();
    const first = await ask(client, CUSTOMERS, { first: 1 });
    const { node } = first.viewer.agent.customers.edges[0];
    const input = { customerId: node.id, amount: '1.0000', idempotencyKey: 'urql-1' };
    const { data, error } = await client.mutation(GIVE, { input }).toPromise();
    assert.equal(error, undefined, String(error));
    assert.deepEqual(data.transferFunds.userErrors, []);
    const then = await ask(client, CUSTOMERS, { first: 1 }, { requestPolicy: 'cache-only' });
    assert.equal(Number(then.viewer.agent.customers.edges[0].node.balance.cash), Number(node.balance.cash) + 1);
    assert.equal(sent.length, 2);
  });

  test('a query by GET', async () => {
    const { client, sent } = connect({ preferGetMethod: 'force' });
    const data = await ask(client, CUSTOMERS, { first: 1 });
    assert.equal(data.viewer.user.email, 'anna@example.com');
    assert.deepEqual(sent.map(({ method }) => method), ['GET']);
  });

  test('a persisted query is sent whole once, and then by its hash', async () => {
    const more = () => [persistedExchange({ preferGetForPersistedQueries: true })];
    const query = gql('query Persisted { viewer { user { id email } } }');
    const first = connect({ more: more() });
    await ask(first.client, query, {});
    assert.equal(first.sent.length, 2);
    const second = connect({ more: more() });
    const data = await ask(second.client, query, {});
    assert.equal(data.viewer.user.email, 'anna@example.com');
    assert.deepEqual(second.sent.map(({ method }) => method), ['GET']);
    assert.doesNotMatch(second.sent[0].url, /query=/);
  });

  test('what is refused is told with its code', async () => {
    const { client } = connect();
    const { error } = await client.query(gql('{ auditLog { nodes { id } } }'), {}).toPromise();
    assert.equal(error.graphQLErrors[0].extensions.code, 'FORBIDDEN');
  });

  /** Hears three commissions. */
  async function listens(client, name, context) {
    const { latestCursor } = await earning.position();
    const seen = [];
    const heard = new Promise((resolve, reject) => {
      const running = client.subscription(gql(EVENTS), { after: latestCursor }, context).subscribe(({ data, error }) => {
        if (error) return reject(error);
        seen.push(data.commissionEvents);
        if (seen.length === 3) {
          resolve();
          queueMicrotask(() => running.unsubscribe());
        }
      });
    });
    await earning.record(`${name}-1`);
    await earning.record(`${name}-2`, `${name}-3`);
    await heard;
    assert.deepEqual(ids(seen), [1, 2, 3].map((n) => `${name}-${n}`));
  }

  test('a subscription over WebSocket', async () => {
    const socket = createClient({ url: server.socket, webSocketImpl: WebSocket, connectionParams: { authorization: `Bearer ${earning.anna}` } });
    ends.push(() => socket.dispose());
    const forward = subscriptionExchange({
      forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }) }),
    });
    const { client, sent } = connect({ more: [forward] });
    await listens(client, 'urql-ws');
    assert.deepEqual(sent, []);
  });

  test('a subscription over HTTP, as server-sent events', async () => {
    const { client, sent } = connect({ fetchSubscriptions: true });
    await listens(client, 'urql-sse', { url: `${server.graphql}/stream` });
    assert.match(sent[0].headers.get('accept'), /text\/event-stream/);
  });

  test('a subscription over HTTP, as multipart', async () => {
    const headers = { authorization: `Bearer ${earning.anna}`, accept: 'multipart/mixed;subscriptionSpec=1.0' };
    const { client } = connect({ fetchSubscriptions: true, fetchOptions: { headers } });
    await listens(client, 'urql-multipart');
  });
});

/** The types of a schema that have no id. */
function without({ __schema }) {
  const objects = __schema.types.filter(({ kind, name }) => kind === 'OBJECT' && !name.startsWith('__'));
  const rootTypes = ['Query', 'Mutation', 'Subscription'];
  return objects.filter(({ name, fields }) => !rootTypes.includes(name) && !fields.some((field) => field.name === 'id')).map(({ name }) => name);
}
