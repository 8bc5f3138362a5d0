// Row 10: the same page, post and report on small and on large books.

import { PAGE, dayReport, recording } from '../asked.mjs';
import { onPostgres, prove } from '../books.mjs';
import { ask } from '../client.mjs';
import { drop, value } from '../postgres.mjs';
import { ours, stopAll } from '../servers.mjs';
import { accountsOf, copyOfSmall, large } from '../setting.mjs';
import { alternate, cpuOf, outcome } from '../sides.mjs';
import { Poster } from './posting.mjs';

export async function run(asked) {
  try {
    return await measure(asked);
  } finally {
    // It is most of what the disk has.
    stopAll();
    await drop('large');
  }
}

async function measure({ setting, rounds, seconds, largest }) {
  const begun = Date.now();
  const charges = await large(setting, largest);
  const grown = Math.round((Date.now() - begun) / 1000);
  const size = await value('large', "SELECT pg_size_pretty(pg_database_size('large'))");
  console.log(`  ${charges.toLocaleString('en-US')} charges in ${grown} s, ${size}`);
  const databases = { small: await copyOfSmall(setting, 'growth_small') };
  databases.large = databases.small.replace('growth_small', 'large');
  const names = { small: 'growth_small', large: 'large' };
  const servers = {};
  const posters = {};
  for (const name of ['small', 'large']) {
    const server = await ours(`growth-${name}`, databases[name]);
    const key = await server.switchKey();
    const accounts = (await accountsOf(names[name], 0, 20)).map(({ number }) => number);
    const at = new Date().toISOString();
    posters[name] = new Poster(server, ({ again }) => recording({ source: 'bench', key, accounts, at, again }));
    servers[name] = server;
  }
  const report = dayReport(setting.until);
  let token;
  const read = async (name, body, expect) => {
    const headers = { authorization: `Bearer ${token}` };
    const kind = { name: 'read', body: JSON.stringify(body), headers, expect, refuse: '"errors"' };
    const { seconds: taken, kinds } = await ask({ url: servers[name].graphql, connections: 1, seconds, kinds: [kind] });
    const { right, millis } = kinds.read;
    return { rate: right / taken, p50: millis.p50, p99: millis.p99, done: right };
  };
  const sides = (round) =>
    Object.entries(servers).map(([name, server]) => ({
      name,
      server,
      prepare: async () => {
        token = await server.signIn('agent.0@example.com');
      },
      round: () => round(name),
    }));
  console.log('  the nested page, one connection');
  const pages = await alternate(sides((name) => read(name, { query: PAGE.ours }, '"occurredAt"')), rounds, 'pages a second');
  console.log('  the report by day, one connection');
  const reports = await alternate(sides((name) => read(name, report, '"clawedBack"')), rounds, 'reports a second');
  console.log('  posting, 64 connections');
  const posts = await alternate(sides((name) => posters[name].round(64, seconds)), rounds, 'charges a second');
  for (const [name, server] of Object.entries(servers)) {
    await posters[name].again();
    await server.stop();
    console.log(`  proving the ${name} books`);
    await prove(onPostgres(names[name]), { source: 'bench', rows: posters[name].acknowledged });
  }
  const many = charges.toLocaleString('en-US');
  const note = `${many} charges: ${size}, filled in ${grown} s; verify accepts them`;
  const time = (what, figures, reach) =>
    outcome(10, {
      what: `${many} charges over ${setting.size.charges.toLocaleString('en-US')}: ${what}`,
      ours: figures.of('large', 'p50'),
      theirs: figures.of('small', 'p50'),
      unit: 'ms',
      ratio: figures.of('large', 'p50').median / figures.of('small', 'p50').median,
      reach,
      least: false,
      note,
    });
  return [
    time('time of a nested page', pages, 1.5),
    outcome(10, {
      what: `${many} charges over ${setting.size.charges.toLocaleString('en-US')}: time of a post, 64 connections`,
      ours: posts.of('large', 'rate'),
      theirs: posts.of('small', 'rate'),
      unit: 'a second',
      ratio: posts.of('small', 'rate').median / posts.of('large', 'rate').median,
      reach: 1.4,
      least: false,
      cpu: `${cpuOf(posts, 'large')} against ${cpuOf(posts, 'small')}`,
    }),
    time('time of a report by day of one agent', reports, 1.1),
  ];
}
