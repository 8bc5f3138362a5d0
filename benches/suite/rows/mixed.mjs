// Row 13: a minute of everything at once: pages, posts, reports, transfers, and subscribers that listen.

import { PAGE, dayReport, recording } from '../asked.mjs';
import { onPostgres, prove } from '../books.mjs';
import { ask, load } from '../client.mjs';
import { sql } from '../postgres.mjs';
import { ours } from '../servers.mjs';
import { accountsOf, agentOf, copyOfSmall } from '../setting.mjs';
import { outcome } from '../sides.mjs';

const CONNECTIONS = 16;
const AGENTS = 10;

export async function run({ setting, quick }) {
  const { mixed: seconds } = setting.size;
  const database = await copyOfSmall(setting, 'mixed');
  const server = await ours('mixed', database);
  const key = await server.switchKey();
  // An account of each agent, the largest agent first: posts go to agents by Zipf's shares.
  const accounts = [];
  const agents = Number((await sql('mixed', 'SELECT COUNT(*) FROM agent'))[0][0]);
  for (let rank = 0; rank < Math.min(agents, 50); rank += 1) accounts.push(...(await accountsOf('mixed', rank, 1)).map(({ number }) => number));
  const customers = (await accountsOf('mixed', 0, 20)).map(({ id }) => `cus_${id.replaceAll('-', '')}`);
  const at = new Date().toISOString();
  const post = (source, again) => ({ ...recording({ source, key, accounts, share: 'zipf', at, again }), weight: 15 });

  console.log('  posts alone');
  const alone = await ask({ url: server.graphql, connections: CONNECTIONS, seconds, kinds: [post('alone')] });

  console.log('  everything');
  const tokens = [];
  for (let rank = 0; rank < Math.min(AGENTS, agents); rank += 1) tokens.push(await server.signIn(`agent.${rank}@example.com`));
  const signedIn = { lists: { token: { values: tokens, share: 'zipf' } }, headers: { authorization: 'Bearer ${token}' }, refuse: '"errors"' };
  const transfer = `mutation($input: TransferFundsInput!) { transferFunds(input: $input) { transfer { id } userErrors { code } } }`;
  const input = { customerId: '${customer}', amount: '0.0001', idempotencyKey: 'mixed-${n}' };
  const kinds = [
    { name: 'page', weight: 80, body: JSON.stringify({ query: PAGE.ours }), expect: '"occurredAt"', ...signedIn },
    post('mixed'),
    { name: 'report', weight: 4, body: JSON.stringify(dayReport(setting.until)), expect: '"clawedBack"', ...signedIn },
    {
      name: 'transfer',
      weight: 1,
      body: JSON.stringify({ query: transfer, variables: { input } }),
      lists: { customer: { values: customers } },
      headers: { authorization: `Bearer ${tokens[0]}` },
      expect: '"transfer":{"id"',
      refuse: '"errors"',
    },
  ];
  // Subscribers, with a post a second of their own that each of them must hear of among all the others.
  const hot = (await accountsOf('mixed', 0, 20)).map(({ number }) => number);
  const subscribers = quick ? 20 : 200;
  const agent = await agentOf('mixed', 0);
  const operators = await server.operators(Math.ceil(subscribers / 50));
  const listening = load({
    what: 'listen',
    url: server.socket,
    subscribers,
    inits: operators.map((token) => ({ authorization: `Bearer ${token}` })),
    query: `subscription { commissionEvents(agentId: "agt_${agent.replaceAll('-', '')}") { cursor commission { amount charge { externalId } } } }`,
    before: '"externalId":"heard-',
    after: '"',
    post: { url: server.graphql, connections: 1, requests: seconds, kinds: [recording({ source: 'heard', key, accounts: hot, at })] },
    rate: 1,
    patience: 20,
  });
  const all = await ask({ url: server.graphql, connections: CONNECTIONS, seconds, kinds });
  const heard = await listening;
  if (heard.postWrong + heard.lost + heard.repeated > 0) {
    throw new Error(`${heard.postWrong} posts were wrong, ${heard.lost} deliveries were lost and ${heard.repeated} came twice: ${heard.firstWrong}`);
  }

  // A tenth of all that was posted again; requests of other kinds among those numbers are left out.
  const requests = Math.floor(alone.sent / 10);
  await ask({ url: server.graphql, connections: 8, requests, step: 10, kinds: [post('alone', true)] });
  await server.stop();
  await prove(onPostgres('mixed'), { source: 'mixed', rows: all.kinds.post.right });
  await prove(onPostgres('mixed'), { source: 'alone', rows: alone.kinds.post.right });
  const [[transfers]] = await sql('mixed', "SELECT COUNT(*) FROM idempotency WHERE key LIKE 'mixed-%'");
  if (Number(transfers) !== (all.kinds.transfer?.right ?? 0)) throw new Error(`${transfers} transfers, and ${all.kinds.transfer?.right} were acknowledged`);
  const done = Object.entries(all.kinds).map(([name, kind]) => `${kind.right} ${name}s (p99 ${kind.millis.p99.toFixed(0)} ms)`);
  const [with_, without] = [all.kinds.post.millis.p99, alone.kinds.post.millis.p99];
  return [
    outcome(13, {
      what: `${seconds} s of 80% nested pages, 15% posts, 4% reports, 1% transfers on ${CONNECTIONS} connections, ${subscribers} subscribers: p99 of posts over theirs alone`,
      ours: { median: with_, least: with_, most: with_ },
      theirs: { median: without, least: without, most: without },
      unit: 'ms',
      ratio: with_ / without,
      reach: 2,
      least: false,
      note: `no errors; ${done.join(', ')}; deliveries p99 ${heard.millis.p99.toFixed(0)} ms`,
    }),
  ];
}
