// The table of results, and where it is written.

import { readFileSync, writeFileSync } from 'node:fs';

import { written } from './figures.mjs';

const ORDER = ['reading', 'posting', 'batches', 'sqlite', 'growth', 'live', 'mixed', 'start', 'build'];
const [BEGIN, END] = ['<!-- benches/run --write: begin -->', '<!-- benches/run --write: end -->'];

function rowsOf(results) {
  const rows = ORDER.flatMap((name) => results.rows[name]?.outcomes ?? []);
  const number = ({ row }) => (typeof row === 'number' ? row : 100);
  return rows.map((row, nth) => ({ row, nth })).sort((a, b) => number(a.row) - number(b.row) || a.nth - b.nth).map(({ row }) => row);
}

const cells = (cells) => `| ${cells.join(' | ')} |`;

/** The whole table, as Markdown. */
export function table(results) {
  const lines = [cells(['#', 'what', 'ours', 'theirs', 'ratio', 'reach', 'CPU for each, µs: server + database']), '|---|---|---|---|---|---|---|'];
  for (const { row, what, ours, theirs, ratio, wanted, reached, cpu, note } of rowsOf(results)) {
    const mark = reached === null || reached === undefined ? '' : reached ? ' ✓' : ' ✗';
    const about = note ? `${what}. ${note[0].toUpperCase()}${note.slice(1)}.` : what;
    lines.push(cells([row, about, ours, theirs, ratio === undefined ? '' : `**${written(ratio)}**`, `${wanted}${mark}`, cpu ?? '']));
  }
  for (const name of ORDER) {
    const fault = results.rows[name]?.fault;
    if (fault) lines.push(cells(['', `\`${name}\` could not be measured: ${fault.replaceAll('|', '/').slice(0, 200)}`, '', '', '', '', '']));
  }
  return lines.join('\n');
}

/** The short table for the README: figures and ratios alone. */
function short(results) {
  const lines = [cells(['', 'ours', 'theirs', 'ratio']), '|---|---|---|---|'];
  for (const { what, ours, theirs, ratio } of rowsOf(results)) {
    lines.push(cells([what, ours, theirs, ratio === undefined ? '' : `**${written(ratio)}**`]));
  }
  return lines.join('\n');
}

/** When and on what. */
export function setting(results) {
  const { machine: m, date, rounds, seconds, postgres, peers, quick } = results;
  const tiny = quick ? ' **A quick run at tiny sizes: no figures to quote.**' : '';
  return `Measured on ${date}: ${m.cores} cores (${m.processor}), ${m.memory}, load ${m.load} at the beginning; PostgreSQL ${postgres} with fsync on, ${peers}, Node ${process.versions.node}; ${rounds} rounds of ${seconds} seconds each, in alternation; the client on the same cores. Median, and in brackets the least and the most.${tiny}`;
}

/** Puts text between the marks of a file. */
function put(file, text) {
  const old = readFileSync(file, 'utf8');
  const [begin, end] = [old.indexOf(BEGIN), old.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for the table: ${BEGIN} … ${END}`);
  writeFileSync(file, `${old.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${old.slice(end)}`);
}

export function write(results) {
  put('benches/README.md', `${setting(results)}\n\n${table(results)}`);
  put('README.md', `${setting(results)}\n\n${short(results)}`);
}
