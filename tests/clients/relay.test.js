// An application on Relay: its compiler takes the documents of relay/, and what it makes of them runs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createClient } from 'graphql-ws';
import relay from 'relay-runtime';
import WebSocket from 'ws';

import { Earning } from './acts.js';
import { onBoth } from './server.js';

const { Environment, Network, Observable, RecordSource, Store, ConnectionHandler } = relay;
const folder = fileURLToPath(new URL('relay', import.meta.url));
const made = (name) => createRequire(import.meta.url)(`./relay/__generated__/${name}.graphql.js`);

test('relay-compiler takes connections, refetchable fragments, subscriptions and mutations', async () => {
  await mkdir(join(folder, '__generated__'), { recursive: true });
  const compiler = fileURLToPath(new URL('node_modules/.bin/relay-compiler', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(compiler, ['relay.config.json'], { cwd: folder });
  assert.doesNotMatch(stdout + stderr, /WARN|ERROR/);
  assert.match(stdout + stderr, /compiled documents|No changes|Done/i);
});

onBoth('Relay', (world) => {
  let earning;
  let environment;

  before(async () => {
    earning = await Earning.at(world.server);
    environment = environmentOf(world.server, earning.anna);
  });

  const fetch = (name, variables) => relay.fetchQuery(environment, made(name), variables).toPromise();

  /** What a component of this fragment would be given: all of it, from the store. */
  function fragment(name, key) {
    const shown = environment.lookup(relay.getSingularSelector(made(name), key));
    assert.equal(shown.isMissingData, false, name);
    return shown.data;
  }

  test('a page of a node is followed by the next, and all are in the store', async () => {
    const { viewer } = await fetch('deskQuery', { first: 2 });
    assert.equal(fragment('desk_signedIn', viewer).user.name, 'Anna Agent');
    let shown = fragment('desk_customers', viewer.agent).customers;
    assert.equal(shown.edges.length, 2);
    for (; shown.pageInfo.hasNextPage; shown = fragment('desk_customers', viewer.agent).customers) {
      await fetch('deskCustomersQuery', { id: viewer.agent.id, first: 2, after: shown.pageInfo.endCursor });
    }
    const names = shown.edges.map(({ node }) => node.name);
    assert.equal(names.length, shown.totalCount);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes('Carla Customer'));
  });

  test('a list can be read from its end, and from the query itself', async () => {
    const answer = await fetch('deskQuery', { first: 2 });
    const commissions = fragment('desk_commissions', answer.viewer.agent).commissions;
    assert.equal(commissions.edges.length, 2);
    assert.equal(commissions.pageInfo.hasPreviousPage, true);
    const { products } = fragment('desk_products', answer);
    await fetch('deskProductsQuery', { first: 100, after: products.pageInfo.endCursor });
    const all = fragment('desk_products', answer).products.edges.map(({ node }) => node.code);
    assert.ok(all.includes('VOICEMAIL'), all.join());
  });

  test('a commission that arrives stands at the head of its connection', async () => {
    const { viewer } = await fetch('deskQuery', { first: 2 });
    const connection = ConnectionHandler.getConnectionID(viewer.agent.id, 'desk_commissions', null);
    const { latestCursor } = await earning.position();
    const arrived = new Promise((resolve, reject) => {
      relay.requestSubscription(environment, {
        subscription: made('deskCommissionsSubscription'),
        variables: { after: latestCursor, connections: [connection] },
        onNext: ({ commissionEvents }) => resolve(commissionEvents.commission),
        onError: reject,
      });
    });
    await earning.record('relay-1');
    const { id } = await arrived;
    assert.equal(fragment('desk_commissions', viewer.agent).commissions.edges[0].node.id, id);
  });

  test('a mutation shows in what was read before, and a refusal with its figures', async () => {
    const { viewer } = await fetch('deskQuery', { first: 100 });
    const find = () => fragment('desk_customers', viewer.agent).customers.edges.find(({ node }) => node.name === 'Carla Customer').node;
    const before = find();
    const give = (amount, idempotencyKey) =>
      new Promise((resolve, reject) => {
        relay.commitMutation(environment, {
          mutation: made('deskTransferMutation'),
          variables: { input: { customerId: before.id, amount, idempotencyKey } },
          onCompleted: ({ transferFunds }) => resolve(transferFunds),
          onError: reject,
        });
      });
    const { transfer } = await give('1.2500', 'relay-1');
    assert.notEqual(find().balance.available, before.balance.available);
    assert.equal(find().balance.available, transfer.customer.balance.available);
    const { userErrors } = await give('99999.0000', 'relay-2');
    assert.equal(userErrors[0].__typename, 'InsufficientFundsError');
    assert.equal(userErrors[0].requested, '99999.0000');
  });

  test('fragments on members of an interface', async () => {
    const heard = new Promise((resolve, reject) => {
      relay.requestSubscription(environment, {
        subscription: made('deskEventsSubscription'),
        variables: {},
        onNext: ({ agentEvents }) => agentEvents.transfer && resolve(agentEvents),
        onError: reject,
      });
    });
    // Until it is heard of: the subscription begins whenever it is there.
    const { viewer } = await fetch('deskQuery', { first: 1 });
    const [{ node: customer }] = fragment('desk_customers', viewer.agent).customers.edges;
    let event = null;
    heard.finally(() => (event = true)).catch(() => {});
    for (let n = 0; !event; n += 1) {
      const input = { customerId: customer.id, amount: '0.0001', idempotencyKey: `relay-event-${n}` };
      await world.server.ask('mutation($input: TransferFundsInput!) { transferFunds(input: $input) { replayed } }', { input }, earning.anna);
    }
    assert.equal((await heard).__typename, 'TransferEvent');
    assert.equal((await heard).transfer.amount, '0.0001');
  });
});

function environmentOf(server, token) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const socket = createClient({
    url: server.socket,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: headers.authorization },
    retryAttempts: 0,
  });
  const ask = async ({ text }, variables) => {
    const body = JSON.stringify({ query: text, variables });
    const response = await fetch(server.graphql, { method: 'POST', headers, body });
    return response.json();
  };
  const subscribe = ({ text }, variables) => Observable.create((sink) => socket.subscribe({ query: text, variables }, sink));
  return new Environment({ network: Network.create(ask, subscribe), store: new Store(new RecordSource()) });
}
