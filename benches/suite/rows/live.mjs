// Row 11: a thousand subscribers of one agent, and fifty charges a second.

import { callingByHand, recording } from '../asked.mjs';
import { onPostgres, prove } from '../books.mjs';
import { load } from '../client.mjs';
import { spread } from '../figures.mjs';
import * as postgres from '../postgres.mjs';
import { mercurius, ours } from '../servers.mjs';
import { accountsOf, agentOf, copyOfSmall } from '../setting.mjs';
import { outcome } from '../sides.mjs';

const RATE = 50;
const QUERY = {
  ours: (agent) => `subscription { commissionEvents(agentId: "agt_${agent.replaceAll('-', '')}") { cursor commission { id amount charge { externalId } } balance { commission } } }`,
  mercurius: (agent) => `subscription { commissionEvents(agentId: "${agent}") { cursor commission { id amount charge { externalId } } balance { commission } } }`,
};

export async function run({ setting, rounds }) {
  const { subscribers, live: posts } = setting.size;
  const agent = { id: null };
  const servers = {};
  for (const name of ['ours', 'mercurius']) {
    const database = await copyOfSmall(setting, `live_${name}`);
    agent.id ??= await agentOf(`live_${name}`, 0);
    servers[name] = await (name === 'ours' ? ours : mercurius)(`live-${name}`, database);
  }
  const accounts = (await accountsOf('live_ours', 0, 20)).map(({ number }) => number);
  const key = await servers.ours.switchKey();
  const figures = { ours: [], mercurius: [] };
  const acknowledged = { ours: 0, mercurius: 0 };
  for (let nth = 0; nth < rounds; nth += 1) {
    for (const [name, server] of Object.entries(servers)) {
      const at = new Date().toISOString();
      const kind =
        name === 'ours'
          ? recording({ source: 'bench', key, accounts, at })
          : callingByHand({ source: 'bench', accounts, at, agent: agent.id });
      // Of one person's streams there are a hundred at most: operators listen, fifty times each.
      const tokens = name === 'ours' ? await server.operators(Math.ceil(subscribers / 50)) : [];
      const inits = name === 'ours' ? tokens.map((token) => ({ authorization: `Bearer ${token}` })) : [{}];
      const scenario = {
        what: 'listen',
        url: server.socket,
        subscribers,
        inits,
        query: QUERY[name](agent.id),
        before: '"externalId":"bench-',
        after: '"',
        post: { url: server.graphql, connections: 8, requests: posts, first: nth * posts, kinds: [kind] },
        rate: RATE,
        // Whoever cannot keep up is late, and that is told; what is not there by then is lost.
        patience: 240,
      };
      // Connecting is not measured: only from the first post until the last delivery.
      const marks = {};
      const look = async () => ({ server: server.cpu(), database: await postgres.cpu() });
      const outcome = await load(scenario, (word) => {
        if (word === 'posting' || word === 'heard') marks[word] = look();
      });
      const [before, after] = [await marks.posting, await marks.heard];
      if (outcome.postWrong > 0 || outcome.lost > 0 || outcome.repeated > 0) {
        throw new Error(`${name}: ${outcome.postWrong} posts were wrong, ${outcome.lost} deliveries were lost and ${outcome.repeated} came twice: ${outcome.firstWrong}`);
      }
      acknowledged[name] += outcome.posted;
      const cpu = after.server - before.server + (after.database - before.database);
      const figure = { cpu: (cpu / outcome.delivered) * 1e6, p99: outcome.millis.p99, memory: server.memory() };
      figures[name].push(figure);
      console.log(`  round ${nth + 1}: ${name} ${outcome.delivered} deliveries, ${figure.cpu.toFixed(2)} µs CPU each, p99 ${figure.p99.toFixed(1)} ms, ${Math.round(figure.memory)} MB`);
    }
  }
  for (const [name, server] of Object.entries(servers)) {
    await server.stop();
    await prove(onPostgres(`live_${name}`), { source: 'bench', rows: acknowledged[name], chained: name === 'ours' });
  }
  const of = (name, what) => spread(figures[name].map((figure) => figure[what]));
  return [
    outcome(11, {
      what: `${subscribers.toLocaleString('en-US')} subscribers of one agent, ${RATE} events a second: CPU for each delivery over Mercurius’s, none lost`,
      ours: of('ours', 'cpu'),
      theirs: of('mercurius', 'cpu'),
      unit: 'µs',
      ratio: of('ours', 'cpu').median / of('mercurius', 'cpu').median,
      reach: 0.25,
      least: false,
      note: `memory ${Math.round(of('ours', 'memory').median)} against ${Math.round(of('mercurius', 'memory').median)} MB`,
    }),
    outcome(11, {
      what: 'the same: p99 from the post to the delivery, in ms',
      ours: of('ours', 'p99'),
      theirs: of('mercurius', 'p99'),
      unit: 'ms',
      ratio: of('ours', 'p99').median,
      reach: 200,
      least: false,
    }),
  ];
}
