// Rows 4, 5, 6 and 12: charges to one hot agent, each by a request of its own. Row 7: to one agent, and to all evenly.

import { calling, recording } from '../asked.mjs';
import { onPostgres, prove } from '../books.mjs';
import { ask } from '../client.mjs';
import { peakOf } from '../machine.mjs';
import { ours, postgraphile } from '../servers.mjs';
import { accountsOf, accountsOfAll, copyOfSmall } from '../setting.mjs';
import { alternate, cpuOf, outcome } from '../sides.mjs';

/** Posts under names of its own, and keeps count of what was acknowledged; a tenth of it is posted again at the end. */
export class Poster {
  constructor(server, make) {
    Object.assign(this, { server, make, acknowledged: 0, parts: [] });
  }

  async round(connections, seconds, unit = 1) {
    const first = this.next ?? 0;
    const kind = this.make({ again: false });
    const { result, peak } = await peakOf(this.server.pid, () =>
      ask({ url: this.server.graphql, connections, seconds, first, kinds: [kind] }),
    );
    const { right, millis } = result.kinds.post;
    this.next = first + result.sent;
    this.acknowledged += right * unit;
    return { rate: (right * unit) / result.seconds, p99: millis.p99, done: right * unit, peak };
  }

  /** A tenth of all keys again: each must get its first answer, and nothing is posted. */
  async again(connections = 8) {
    const requests = Math.floor((this.next ?? 0) / 10);
    if (requests === 0) return;
    await ask({ url: this.server.graphql, connections, requests, first: 0, step: 10, kinds: [this.make({ again: true })] });
  }
}

export async function run({ setting, rounds, seconds }) {
  const [here, there] = [await copyOfSmall(setting, 'posting_ours'), await copyOfSmall(setting, 'posting_postgraphile')];
  const accounts = (await accountsOf('posting_ours', 0, 20)).map(({ number }) => number);
  const servers = { ours: await ours('posting-ours', here), postgraphile: await postgraphile('posting-postgraphile', there) };
  const key = await servers.ours.switchKey();
  const at = new Date().toISOString();
  const posters = {
    ours: new Poster(servers.ours, ({ again }) => recording({ source: 'bench', key, accounts, at, again })),
    postgraphile: new Poster(servers.postgraphile, ({ again }) => calling({ source: 'bench', accounts, at, again })),
  };
  const measured = {};
  for (const connections of [64, 256]) {
    console.log(`  ${connections} connections`);
    const sides = Object.entries(servers).map(([name, server]) => ({
      name,
      server,
      round: () => posters[name].round(connections, seconds),
    }));
    measured[connections] = await alternate(sides, rounds, 'charges a second');
  }
  for (const [name, server] of Object.entries(servers)) {
    await posters[name].again();
    await server.stop();
    const chained = name === 'ours';
    await prove(onPostgres(`posting_${name}`), { source: 'bench', rows: posters[name].acknowledged, chained });
  }
  const rows = [];
  for (const [connections, row, reach] of [[64, 4, 5], [256, 5, 10]]) {
    const figures = measured[connections];
    rows.push(
      outcome(row, {
        what: `posting a charge, one hot agent, ${connections} connections: over PostGraphile calling one SQL function`,
        ours: figures.of('ours', 'rate'),
        theirs: figures.of('postgraphile', 'rate'),
        unit: 'a second',
        ratio: figures.of('ours', 'rate').median / figures.of('postgraphile', 'rate').median,
        reach,
        cpu: `${cpuOf(figures, 'ours')} against ${cpuOf(figures, 'postgraphile')}`,
        note: `p99 ${figures.of('ours', 'p99').median.toFixed(0)} against ${figures.of('postgraphile', 'p99').median.toFixed(0)} ms; ours with key, rights and the chain of hashes`,
      }),
    );
  }
  const at64 = measured[64];
  rows.push(
    outcome(6, {
      what: 'CPU for each charge, server and database, 64 connections: over PostGraphile’s',
      ours: at64.of('ours', 'cpu'),
      theirs: at64.of('postgraphile', 'cpu'),
      unit: 'µs',
      ratio: at64.of('ours', 'cpu').median / at64.of('postgraphile', 'cpu').median,
      reach: 0.12,
      least: false,
    }),
    outcome(12, {
      what: 'memory under 256 writing connections: over PostGraphile’s',
      ours: measured[256].of('ours', 'peak'),
      theirs: measured[256].of('postgraphile', 'peak'),
      unit: 'MB',
      ratio: measured[256].of('ours', 'peak').median / measured[256].of('postgraphile', 'peak').median,
      reach: 0.4,
      least: false,
    }),
  );
  return [...rows, ...(await spreadOut({ setting, rounds, seconds }))];
}

/** One hot agent against all agents evenly, each on books of its own. */
async function spreadOut({ setting, rounds, seconds }) {
  console.log('  one hot agent, and all agents evenly');
  const accounts = {};
  const sides = [];
  const posters = {};
  for (const name of ['hot', 'even']) {
    const database = await copyOfSmall(setting, `posting_${name}`);
    const server = await ours(`posting-${name}`, database);
    const key = await server.switchKey();
    accounts[name] =
      name === 'hot' ? (await accountsOf('posting_hot', 0, 20)).map(({ number }) => number) : await accountsOfAll('posting_even');
    const at = new Date().toISOString();
    posters[name] = new Poster(server, ({ again }) => recording({ source: 'bench', key, accounts: accounts[name], at, again }));
    sides.push({ name, server, round: () => posters[name].round(64, seconds) });
  }
  const figures = await alternate(sides, rounds, 'charges a second');
  for (const { name, server } of sides) {
    await posters[name].again();
    await server.stop();
    await prove(onPostgres(`posting_${name}`), { source: 'bench', rows: posters[name].acknowledged });
  }
  return [
    outcome(7, {
      what: `one hot agent, over ${accounts.even.length} agents evenly, 64 connections`,
      ours: figures.of('hot', 'rate'),
      theirs: figures.of('even', 'rate'),
      unit: 'a second',
      ratio: figures.of('hot', 'rate').median / figures.of('even', 'rate').median,
      reach: 0.95,
      cpu: `${cpuOf(figures, 'hot')} against ${cpuOf(figures, 'even')}`,
    }),
  ];
}
