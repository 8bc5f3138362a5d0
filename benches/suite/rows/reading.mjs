// Rows 1 to 3: the nested page. All connections ask for one agent's, and ours executes what several ask at once once for all of
// them; so the page is asked for many agents in turn as well, where none is shared.

import { PAGE, pageOf, pageOfTables } from '../asked.mjs';
import { onPostgres, prove } from '../books.mjs';
import { ask } from '../client.mjs';
import { sql } from '../postgres.mjs';
import { gql, mercurius, ours, postgraphile, seaography } from '../servers.mjs';
import { agentOf, copyOfSmall } from '../setting.mjs';
import { alternate, cpuOf, outcome } from '../sides.mjs';

export async function run({ setting, rounds, seconds }) {
  const database = await copyOfSmall(setting, 'reading');
  const agent = await agentOf('reading', 0);
  const servers = {
    ours: await ours('reading-ours', database),
    postgraphile: await postgraphile('reading-postgraphile', database),
    mercurius: await mercurius('reading-mercurius', database),
    seaography: await seaography('reading-seaography', database),
  };
  await theSame(servers, agent);
  // A token lasts ten minutes at most.
  let token;
  const sides = Object.entries(servers).map(([name, server]) => ({
    name,
    server,
    prepare: async () => {
      token = name === 'ours' ? await server.signIn('agent.0@example.com') : undefined;
    },
    round: async () => {
      const kind = {
        name: 'page',
        body: JSON.stringify({ query: PAGE[name], variables: name === 'ours' ? {} : { agent } }),
        headers: token ? { authorization: `Bearer ${token}` } : {},
        expect: '"occurredAt"',
        refuse: '"errors"',
      };
      const { seconds: taken, kinds } = await ask({ url: server.graphql, connections: 16, seconds, kinds: [kind] });
      return { rate: kinds.page.right / taken, p99: kinds.page.millis.p99, done: kinds.page.right };
    },
  }));
  const figures = await alternate(sides, rounds, 'pages a second');
  console.log('  many agents in turn');
  const apart = await alternate(await manyAgents(servers, seconds), rounds, 'pages a second');
  await theSame(servers, agent);
  for (const server of Object.values(servers)) await server.stop();
  await prove(onPostgres('reading'), {});
  const rate = (name) => figures.of(name, 'rate');
  const against = (row, name, reach) =>
    outcome(row, {
      what: `nested page, 20 customers × 5 charges, 16 connections: over ${name}`,
      ours: rate('ours'),
      theirs: rate(name.toLowerCase().split(' ')[0]),
      unit: 'a second',
      ratio: rate('ours').median / rate(name.toLowerCase().split(' ')[0]).median,
      reach,
      cpu: `${cpuOf(figures, 'ours')} against ${cpuOf(figures, name.toLowerCase().split(' ')[0])}`,
      note: 'ours signed in and with rights, the peer without',
    });
  return [
    against(1, 'PostGraphile', 3),
    outcome(2, {
      what: 'the same: p99 over PostGraphile’s',
      ours: figures.of('ours', 'p99'),
      theirs: figures.of('postgraphile', 'p99'),
      unit: 'ms',
      ratio: figures.of('ours', 'p99').median / figures.of('postgraphile', 'p99').median,
      reach: 0.3,
      least: false,
    }),
    against(3, 'Seaography', 10),
    against('–', 'Mercurius by hand'),
    ...['PostGraphile', 'Seaography', 'Mercurius by hand'].map((name) => {
      const peer = name.toLowerCase().split(' ')[0];
      return outcome('–', {
        what: `the same page of ${AGENTS} agents in turn: over ${name}`,
        ours: apart.of('ours', 'rate'),
        theirs: apart.of(peer, 'rate'),
        unit: 'a second',
        ratio: apart.of('ours', 'rate').median / apart.of(peer, 'rate').median,
        cpu: `${cpuOf(apart, 'ours')} against ${cpuOf(apart, peer)}`,
        note: `no two ask the same, so nothing is shared; p99 ${apart.of('ours', 'p99').median.toFixed(0)} against ${apart.of(peer, 'p99').median.toFixed(0)} ms`,
      });
    }),
  ];
}

// More than there are connections: no two of these ever ask for the same one.
const AGENTS = 40;

/** Each side asks for the pages of many agents, one after the other; ours as each of them. */
async function manyAgents(servers, seconds) {
  const count = Number((await sql('reading', 'SELECT COUNT(*) FROM agent'))[0][0]);
  const ranks = Array.from({ length: Math.min(AGENTS, count) }, (_, rank) => rank);
  const agents = await Promise.all(ranks.map((rank) => agentOf('reading', rank)));
  let tokens = [];
  return Object.entries(servers).map(([name, server]) => ({
    name,
    server,
    prepare: async () => {
      if (name !== 'ours') return;
      tokens = [];
      for (const rank of ranks) tokens.push(await server.signIn(`agent.${rank}@example.com`));
    },
    round: async () => {
      const ours = name === 'ours';
      const kind = {
        name: 'page',
        body: JSON.stringify({ query: PAGE[name], variables: ours ? {} : { agent: '${agent}' } }),
        lists: ours ? { token: { values: tokens } } : { agent: { values: agents } },
        headers: ours ? { authorization: 'Bearer ${token}' } : {},
        expect: '"occurredAt"',
        refuse: '"errors"',
      };
      const { seconds: taken, kinds } = await ask({ url: server.graphql, connections: 16, seconds, kinds: [kind] });
      return { rate: kinds.page.right / taken, p99: kinds.page.millis.p99, done: kinds.page.right };
    },
  }));
}

/** Every server shows what the tables have, in order. */
async function theSame(servers, agent) {
  const expected = {};
  for (const order of ['joined', 'affiliated']) {
    const rows = await sql('reading', pageOfTables(agent, order));
    expected[order] = JSON.stringify(rows.map(([customer, charges]) => [customer, ...(charges ? charges.split(' ') : [])]));
  }
  for (const [name, server] of Object.entries(servers)) {
    const token = name === 'ours' ? await server.signIn('agent.0@example.com') : undefined;
    const page = pageOf[name](await gql(server.graphql, PAGE[name], name === 'ours' ? {} : { agent }, token));
    const order = ['ours', 'mercurius'].includes(name) ? 'joined' : 'affiliated';
    if (JSON.stringify(page) !== expected[order]) {
      throw new Error(`the page of ${name} is not what the tables have: ${JSON.stringify(page).slice(0, 400)} and ${expected[order].slice(0, 400)}`);
    }
  }
}
