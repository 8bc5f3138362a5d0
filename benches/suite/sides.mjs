// Two or more sides that do the same, in alternation.

import { spread, told } from './figures.mjs';
import * as postgres from './postgres.mjs';

/**
 * Lets each side have its round, one after the other, so many times. A side is `{name, server, prepare, round}`; `round(nth)`
 * answers `{rate, p99, done, …}`, and what is prepared is not measured. CPU is the server's and the database's while the round lasts, for each thing done.
 */
export async function alternate(sides, rounds, unit = 'a second') {
  const figures = new Map(sides.map(({ name }) => [name, []]));
  // One round to warm up is not counted.
  for (let nth = 0; nth <= rounds; nth += 1) {
    const line = [];
    for (const side of sides) {
      await side.prepare?.();
      const before = { server: side.server?.cpu() ?? 0, database: await postgres.cpu() };
      const figure = await side.round(nth);
      const cpu = { server: (side.server?.cpu() ?? 0) - before.server, database: (await postgres.cpu()) - before.database };
      figure.serverCpu = (cpu.server / figure.done) * 1e6;
      figure.databaseCpu = (cpu.database / figure.done) * 1e6;
      figure.cpu = figure.serverCpu + figure.databaseCpu;
      if (nth > 0) figures.get(side.name).push(figure);
      line.push(`${side.name} ${Math.round(figure.rate)} ${unit}, p99 ${figure.p99.toFixed(1)} ms, ${Math.round(figure.cpu)} µs CPU`);
    }
    console.log(`  ${nth === 0 ? 'warming' : `round ${nth}`}: ${line.join(' | ')}`);
  }
  const of = (name, key) => spread(figures.get(name).map((figure) => figure[key]));
  return { of, rounds: (name) => figures.get(name) };
}

/** A row of the table. `reach` is what is asked of the ratio, and `least` whether it is a least or a most. */
export function outcome(row, { what, ours, theirs, unit, ratio, reach, least = true, cpu, note }) {
  const wanted = reach === undefined ? '' : `${least ? '≥' : '≤'} ${reach}`;
  const reached = reach === undefined ? null : least ? ratio >= reach : ratio <= reach;
  const line = (figures) => (figures === undefined ? '' : typeof figures === 'object' ? told(figures, unit) : String(figures));
  return { row, what, ours: line(ours), theirs: line(theirs), ratio, wanted, reached, cpu, note };
}

/** CPU of a side for each thing done, in microseconds: server and database. */
export const cpuOf = (figures, name) =>
  `${Math.round(figures.of(name, 'serverCpu').median)} + ${Math.round(figures.of(name, 'databaseCpu').median)}`;
