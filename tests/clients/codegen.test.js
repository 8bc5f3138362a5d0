// graphql-codegen makes TypeScript of the schema and of an application's documents, and the compiler takes both.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cwd = fileURLToPath(new URL('codegen', import.meta.url));
const tool = (name) => fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url));
const run = promisify(execFile);

test('graphql-codegen makes types of all of it', async () => {
  const { stdout, stderr } = await run(tool('graphql-codegen'), ['--config', 'codegen.config.js'], { cwd });
  assert.doesNotMatch(stdout + stderr, /warn|error|✖/i);
});

test('an application that uses them is well typed, amounts as strings', async () => {
  // What tsc finds it writes to standard output, and ends with an error.
  const { stdout } = await run(tool('tsc'), ['-p', '.'], { cwd }).catch((end) => end);
  assert.equal(stdout, '');
});
