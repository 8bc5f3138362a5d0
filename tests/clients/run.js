// Runs the suites, and holds what they reach against the README's table.
//
//   npm test                   all, and the table; with UPDATE_README=1 it is written
//   npm test -- relay sockets  only these

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

import { reached } from './reaches.js';
import { root } from './server.js';
import { SUITES, table, within } from './table.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const names = process.argv.slice(2);
const files = (await readdir(folder)).filter((file) => file.endsWith('.test.js')).map((file) => file.slice(0, -'.test.js'.length));
const chosen = files.filter((name) => !names.length || names.includes(name));
if (!chosen.length) throw new Error(`no such suite; there are ${files.join(', ')}`);

/** Of each suite: how many of its tests have passed, and what they say they reach. */
const results = new Map(chosen.map((name) => [name, { passed: 0, failed: 0, says: new Set() }]));
const of = ({ file }) => results.get(/([^/]+)\.test\.js$/.exec(file ?? '')?.[1]);

// Each suite has servers and databases of its own, and two of them wait for a token to run out: they run side by side.
const events = run({ files: chosen.map((name) => join(folder, `${name}.test.js`)), concurrency: 2, timeout: 20 * 60_000 });
events.on('test:pass', (event) => {
  if (event.details.type !== 'suite' && of(event)) of(event).passed += 1;
});
events.on('test:fail', (event) => {
  process.exitCode = 1;
  if (of(event)) of(event).failed += 1;
});
events.on('test:diagnostic', (event) => {
  const what = reached(event.message);
  if (what) of(event)?.says.add(what);
});
events.compose(spec).pipe(process.stdout);
await new Promise((resolve) => events.on('end', resolve));

if (!names.length && !process.exitCode) {
  const missing = SUITES.flatMap((suite) => suite.files).filter((name) => !results.has(name));
  if (missing.length) throw new Error(`in the table, and no suite: ${missing}`);
  const page = join(root, 'README.md');
  const now = await readFile(page, 'utf8');
  const wanted = within(now, table(results));
  if (now !== wanted && process.env.UPDATE_README) await writeFile(page, wanted);
  else if (now !== wanted) {
    console.error(`README.md's table of clients is not what they reach now:\n\n${table(results)}\nUPDATE_README=1 ./test --clients writes it`);
    process.exitCode = 1;
  }
}
