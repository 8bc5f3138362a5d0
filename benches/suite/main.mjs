// benches/run, once PostgreSQL is there: carries the rows out, one after the other.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { machine } from './machine.mjs';
import * as postgres from './postgres.mjs';
import { WORK, stopAll } from './servers.mjs';
import { sizes } from './setting.mjs';
import { setting as said, table, write } from './table.mjs';

const ROWS = ['start', 'reading', 'posting', 'batches', 'sqlite', 'growth', 'live', 'mixed'];
const RESULTS = `${WORK}/results.json`;

function options(words) {
  const options = { quick: false, again: false, write: false, only: [], rounds: null, seconds: null, largest: null };
  const number = (word, text) => {
    const figure = Number(text);
    if (!(figure > 0)) throw new Error(`${word} wants a number (try --help)`);
    return figure;
  };
  for (let nth = 0; nth < words.length; nth += 1) {
    const word = words[nth];
    if (word === '--quick') options.quick = true;
    else if (word === '--again') options.again = true;
    else if (word === '--write') options.write = true;
    else if (word === '--rounds') options.rounds = number(word, words[(nth += 1)]);
    else if (word === '--seconds') options.seconds = number(word, words[(nth += 1)]);
    else if (word === '--large') options.largest = number(word, words[(nth += 1)]);
    else if (word === '--only') while (words[nth + 1] && !words[nth + 1].startsWith('-')) options.only.push(words[(nth += 1)]);
    else throw new Error(`unknown option: ${word} (try --help)`);
  }
  const unknown = options.only.filter((name) => ![...ROWS, 'build'].includes(name));
  if (unknown.length > 0) throw new Error(`there is no row called ${unknown.join(' or ')} (try --help)`);
  options.rounds ??= options.quick ? 1 : 5;
  options.seconds ??= options.quick ? 1 : 6;
  options.largest ??= options.quick ? 6_000 : 10_000_000;
  return options;
}

function kept() {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8'));
  } catch {
    return null;
  }
}

const peers = () => {
  const { dependencies } = JSON.parse(readFileSync('benches/peers/package.json', 'utf8'));
  return `PostGraphile ${dependencies.postgraphile}, Mercurius ${dependencies.mercurius}, Seaography 2.0.0-rc.9`;
};

async function main() {
  const asked = options(process.argv.slice(2));
  mkdirSync(WORK, { recursive: true });
  if (asked.write) {
    const results = kept();
    if (!results) throw new Error('nothing has been measured yet: benches/run');
    if (results.quick) throw new Error('what was measured last was a quick run, whose figures are not to be quoted');
    write(results);
    console.log('benches/README.md and README.md have the table of what was measured.');
    return;
  }
  await postgres.mustBeDurable();
  const head = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    rounds: asked.rounds,
    seconds: asked.seconds,
    postgres: (await postgres.version()).split(' ')[0],
    peers: peers(),
    quick: asked.quick,
  };
  const before = kept();
  // Figures of another way to measure are not put beside these.
  const same = before && before.quick === head.quick && before.rounds === head.rounds && before.seconds === head.seconds;
  const results = same ? { ...before, ...head, machine: before.machine, rows: before.rows } : { ...head, rows: {} };
  const setting = { size: sizes(asked.quick), until: new Date() };
  const names = asked.only.length > 0 ? asked.only : ROWS;
  let faults = 0;
  for (const name of names) {
    if (results.rows[name]?.outcomes && !asked.again && asked.only.length === 0) {
      console.log(`\n==> ${name}: measured before (--again measures it anew)`);
      continue;
    }
    console.log(`\n==> ${name} (${new Date().toISOString().slice(11, 19)})`);
    const begun = Date.now();
    try {
      const { run } = await import(`./rows/${name}.mjs`);
      const outcomes = await run({ setting, rounds: asked.rounds, seconds: asked.seconds, largest: asked.largest, quick: asked.quick });
      results.rows[name] = { outcomes, took: Math.round((Date.now() - begun) / 1000) };
      for (const { row, what, ours, theirs, ratio, wanted, reached } of outcomes) {
        const mark = reached === null || reached === undefined ? '' : reached ? 'reached' : 'NOT REACHED';
        console.log(`  ${row}  ${what}: ${ours}${theirs && ` against ${theirs}`}${ratio === undefined ? '' : `, ratio ${ratio.toFixed(3)}`} ${wanted} ${mark}`);
      }
    } catch (fault) {
      faults += 1;
      results.rows[name] = { fault: fault.message };
      console.error(`  ${name} could not be measured: ${fault.message}`);
      if (process.env.TRACE) console.error(fault.stack);
      stopAll();
    }
    writeFileSync(RESULTS, JSON.stringify(results, null, 2));
  }
  console.log(`\n${said(results)}\n\n${table(results)}\n`);
  console.log(asked.quick ? 'A quick run: no figures to quote.' : 'benches/run --write puts this into benches/README.md and README.md.');
  process.exitCode = faults > 0 ? 1 : 0;
}

process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
main().catch((fault) => {
  console.error(fault.message);
  process.exitCode = 2;
});
