// Apollo Client, as its documentation sets it up: what it caches it can read without the server, and what it hears of or
// changes is changed there.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { Earning, EVENTS, ids } from './acts.js';
import { onBoth } from './server.js';

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

onBoth('Apollo Client', (world) => {
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

  const cache = () => new InMemoryCache({ typePolicies: { Agent: { fields: { customers: relayStylePagination() } } } });

  /** A client, and all that it has sent over HTTP. */
  function connect(links = () => [], options = {}) {
    const sent = [];
    const recording = async (url, init) => {
      const response = await fetch(url, init);
      sent.push({ method: init.method, url: String(url), body: init.body, headers: new Headers(init.headers), status: response.status });
      return response;
    };
    const http = new HttpLink({
      uri: server.graphql,
      fetch: recording,
      headers: { authorization: `Bearer ${earning.anna}` },
      ...options,
    });
    const client = new ApolloClient({ link: ApolloLink.from([...links(), http]), cache: cache() });
    ends.push(() => client.stop());
    return { client, sent };
  }

  /** What the cache alone answers, where nothing is missing. */
  function cached(client, query, variables) {
    const diff = client.cache.diff({ query, variables, returnPartialData: true, optimistic: false });
    assert.ok(diff.complete, JSON.stringify(diff.missing));
    return diff.result;
  }

  test('a query is answered, and again from the cache alone', async () => {
    const { client, sent } = connect();
    const { data } = await client.query({ query: CUSTOMERS, variables: { first: 3 } });
    assert.equal(data.viewer.user.email, 'anna@example.com');
    assert.equal(data.viewer.agent.customers.edges.length, 3);
    const again = await client.query({ query: CUSTOMERS, variables: { first: 3 }, fetchPolicy: 'cache-only' });
    assert.deepEqual(again.data, data);
    assert.deepEqual(cached(client, CUSTOMERS, { first: 3 }), data);
    assert.deepEqual(sent.map(({ method }) => method), ['POST']);
  });

  test('pages are joined in the cache', async () => {
    const { client } = connect();
    const watched = client.watchQuery({ query: CUSTOMERS, variables: { first: 2 } });
    let seen;
    const first = new Promise((resolve, error) => {
      seen = watched.subscribe({ next: ({ data, dataState }) => dataState === 'complete' && resolve(data), error });
    });
    const { endCursor } = (await first).viewer.agent.customers.pageInfo;
    await watched.fetchMore({ variables: { after: endCursor } });
    const { edges } = cached(client, CUSTOMERS, { first: 2 }).viewer.agent.customers;
    assert.equal(edges.length, 4);
    assert.equal(new Set(edges.map(({ node }) => node.id)).size, 4);
    seen.unsubscribe();
  });

  test('a mutation changes what is cached of the things that it answers', async () => {
    const { client } = connect();
    await client.query({ query: CUSTOMERS, variables: { first: 1 } });
    const cash = () => cached(client, CUSTOMERS, { first: 1 }).viewer.agent.customers.edges[0].node;
    const before = cash();
    const input = { customerId: before.id, amount: '1.0000', idempotencyKey: 'apollo-1' };
    const { data } = await client.mutate({ mutation: GIVE, variables: { input } });
    assert.deepEqual(data.transferFunds.userErrors, []);
    assert.equal(Number(cash().balance.cash), Number(before.balance.cash) + 1);
  });

  test('a query by GET', async () => {
    const { client, sent } = connect(() => [], { useGETForQueries: true });
    const { data } = await client.query({ query: CUSTOMERS, variables: { first: 1 } });
    assert.equal(data.viewer.user.email, 'anna@example.com');
    assert.deepEqual(sent.map(({ method, status }) => [method, status]), [['GET', 200]]);
  });

  test('a persisted query is sent whole once, and then by its hash, by GET too', async () => {
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const link = () => [new PersistedQueryLink({ sha256, useGETForHashedQueries: true })];
    // Nobody has asked this before.
    const query = gql(`query Persisted { viewer { user { id name } } persisted: __typename }`);
    const first = connect(link);
    await first.client.query({ query });
    assert.deepEqual(first.sent.map(({ method }) => method), ['GET', 'POST']);
    const second = connect(link);
    const { data } = await second.client.query({ query });
    assert.equal(data.persisted, 'Query');
    assert.deepEqual(second.sent.map(({ method }) => method), ['GET']);
    assert.doesNotMatch(second.sent[0].url, /query=/);
  });

  test('what is refused is told with its code', async () => {
    const { client } = connect();
    await assert.rejects(client.query({ query: gql('{ auditLog { nodes { id } } }') }), (error) => {
      assert.equal(error.errors[0].extensions.code, 'FORBIDDEN');
      return true;
    });
  });

  /** Hears so many commissions, and finds them in the cache. */
  async function listens(client, name) {
    const { latestCursor } = await earning.position();
    const seen = [];
    const heard = new Promise((resolve, reject) => {
      const running = client.subscribe({ query: gql(EVENTS), variables: { after: latestCursor } }).subscribe({
        next: ({ data, error }) => {
          if (error) return reject(error);
          seen.push(data.commissionEvents);
          if (seen.length === 3) {
            running.unsubscribe();
            resolve();
          }
        },
        error: reject,
        complete: () => reject(new Error('it ended')),
      });
    });
    await earning.record(`${name}-1`);
    await earning.record(`${name}-2`, `${name}-3`);
    await heard;
    assert.deepEqual(ids(seen), [1, 2, 3].map((n) => `${name}-${n}`));
    for (const { commission } of seen) {
      const fragment = gql('fragment Earned on Commission { id amount charge { id externalId } }');
      assert.deepEqual(client.cache.readFragment({ id: client.cache.identify(commission), fragment }), commission);
    }
  }

  test('a subscription over WebSocket', async () => {
    const socket = createClient({ url: server.socket, webSocketImpl: WebSocket, connectionParams: { authorization: `Bearer ${earning.anna}` } });
    ends.push(() => socket.dispose());
    const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: cache() });
    ends.push(() => client.stop());
    await listens(client, 'apollo-ws');
  });

  test('a subscription over HTTP, as multipart', async () => {
    const { client, sent } = connect();
    await listens(client, 'apollo-multipart');
    assert.match(sent[0].headers.get('accept'), /multipart\/mixed/);
  });
});
