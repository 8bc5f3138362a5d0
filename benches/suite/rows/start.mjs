// From the start to the first answer, memory at rest, and the size of the program.

import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { spread } from '../figures.mjs';
import { SERVER, ours, postgraphile } from '../servers.mjs';
import { copyOfFile, copyOfSmall, smallFile } from '../setting.mjs';
import { outcome } from '../sides.mjs';

export async function run({ setting, rounds }) {
  const database = await copyOfSmall(setting, 'start');
  const file = await copyOfFile(await smallFile(setting), 'start');
  const sides = {
    ours: () => ours('start-ours', database),
    sqlite: () => ours('start-sqlite', `sqlite://${file}`),
    postgraphile: () => postgraphile('start-postgraphile', database),
  };
  const figures = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let nth = 0; nth < rounds; nth += 1) {
    for (const [name, begin] of Object.entries(sides)) {
      const server = await begin();
      await sleep(1_000);
      figures[name].push({ started: server.started, memory: server.memory() });
      await server.stop();
    }
  }
  const of = (name, what) => spread(figures[name].map((figure) => figure[what]));
  const size = statSync(SERVER).size / 1e6;
  const row = (what, ours, theirs, unit) =>
    outcome('–', { what, ours, theirs, unit, ratio: theirs ? ours.median / theirs.median : undefined });
  return [
    row('start to the first answer, PostgreSQL, over PostGraphile’s', of('ours', 'started'), of('postgraphile', 'started'), 'ms'),
    row('start to the first answer, SQLite', of('sqlite', 'started'), undefined, 'ms'),
    row('memory at rest, over PostGraphile’s', of('ours', 'memory'), of('postgraphile', 'memory'), 'MB'),
    row('the program: one file, GraphiQL and time zones within', { median: size, least: size, most: size }, undefined, 'MB'),
  ];
}
