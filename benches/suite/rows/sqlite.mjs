// Row 9: SQLite, which waits for its disk at each commit: a hundred charges in a request, and one.

import { recording } from '../asked.mjs';
import { onSqlite, prove } from '../books.mjs';
import { ours } from '../servers.mjs';
import { copyOfFile, smallFile } from '../setting.mjs';
import { alternate, cpuOf, outcome } from '../sides.mjs';
import { Poster } from './posting.mjs';

export async function run({ setting, rounds, seconds }) {
  const template = await smallFile(setting);
  const sides = [];
  const posters = {};
  const files = {};
  for (const [name, rows] of [['hundred', 100], ['single', 1]]) {
    files[name] = await copyOfFile(template, name);
    const server = await ours(`sqlite-${name}`, `sqlite://${files[name]}`);
    const key = await server.switchKey();
    const accounts = await (await onSqlite(files[name])).ask(`SELECT c.number FROM customer c
      JOIN affiliation f ON f.customer_id = c.id AND f.until IS NULL JOIN agent a ON a.id = f.agent_id
      JOIN login l ON l.id = a.login_id WHERE l.email = 'agent.0@example.com' ORDER BY c.id LIMIT 20`);
    const at = new Date().toISOString();
    const given = { source: 'bench', key, accounts: accounts.map(([number]) => number), rows, at };
    posters[name] = new Poster(server, ({ again }) => recording({ ...given, again }));
    sides.push({ name, server, round: () => posters[name].round(1, seconds, rows) });
  }
  const figures = await alternate(sides, rounds, 'charges a second');
  for (const { name, server } of sides) {
    await posters[name].again(1);
    await server.stop();
    await prove(await onSqlite(files[name]), { source: 'bench', rows: posters[name].acknowledged });
  }
  return [
    outcome(9, {
      what: 'SQLite, synchronous=FULL, one client: recordCharges of 100 over single mutations',
      ours: figures.of('hundred', 'rate'),
      theirs: figures.of('single', 'rate'),
      unit: 'charges a second',
      ratio: figures.of('hundred', 'rate').median / figures.of('single', 'rate').median,
      reach: 6,
      cpu: `${cpuOf(figures, 'hundred')} against ${cpuOf(figures, 'single')}`,
    }),
  ];
}
