// Schemathesis: whatever the schema allows is asked, as each role, of things that there are; nothing fails, and every error
// says by its code what a program is to do.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Earning } from './acts.js';
import { reaches } from './reaches.js';
import { onBoth, root } from './server.js';

const EXAMPLES = Number(process.env.SCHEMATHESIS_EXAMPLES ?? 2_000);
const SEED = process.env.SEED ?? String(Math.floor(Math.random() * 2 ** 31));

const run = promisify(execFile);
const python = process.env.CLIENTS_PYTHON;
const page = await readFile(join(root, 'README.md'), 'utf8');
const codes = Array.from(page.matchAll(/^\| `([A-Z_]+)`/gm), (match) => match[1]);

const THINGS = `{
  agents(first: 10) { nodes { id customer { id } transfers(first: 5) { nodes { id } } } }
  customers(first: 20) { nodes { id plans(first: 3) { nodes { id } } charges(first: 3) { nodes { id commission { id } } } topUps(first: 2) { nodes { id } } transactions(first: 2) { nodes { id } } } }
  payouts(first: 5) { nodes { id } }
  applications(first: 5) { nodes { id } }
  fraudCases(first: 5) { nodes { id } }
  products { nodes { id } }
}`;

onBoth('schemathesis', tell, {}, 20 * 60_000);

function tell(world) {
  let server;
  let things;
  /** Signs in once it may: what was asked before has guessed at passwords. */
  const signedIn = (email) => async () => {
    for (;;) {
      try {
        return await server.signIn(email);
      } catch (error) {
        const [, seconds] = /"retryAfterSeconds":(\d+)/.exec(error.message) ?? [];
        if (!seconds) throw error;
        await pause(seconds * 1_000);
      }
    }
  };
  /** Whom a token is of, and how one gets it. The operator comes last: an agent may be closed then. */
  const roles = {
    anonymous: async () => '',
    customer: signedIn('emil@example.com'),
    agent: signedIn('ben@example.com'),
    'managing agent': signedIn('anna@example.com'),
    switch: null,
    processor: null,
    operator: signedIn('operator@example.com'),
  };

  before(async () => {
    server = world.server;
    const earning = await Earning.at(server);
    const { operator } = earning;
    await earning.record('schemathesis-1');
    const seen = JSON.stringify(await server.ask(THINGS, {}, operator));
    things = [...new Set(seen.match(/\b[a-z]{3}_[0-9a-f]{32}\b/g))];
    const machine = async (role) => {
      const create = 'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }';
      const { createApiKey } = await server.ask(create, { input: { name: role, role } }, operator);
      return createApiKey.secret;
    };
    for (const [role, key] of [
      ['switch', await machine('SWITCH')],
      ['processor', await machine('PROCESSOR')],
    ]) {
      roles[role] = async () => key;
    }
  });

  for (const role of Object.keys(roles)) {
    test(`as ${role}`, { timeout: 15 * 60_000 }, async (t) => {
      assert.ok(python, 'CLIENTS_PYTHON is not set: run ./test --clients');
      assert.ok(things.length > 20 && codes.length > 10);
      const script = join(root, 'tests/clients/schemathesis/examples.py');
      const given = [server.graphql, join(root, 'schema.graphql'), codes.join(), String(EXAMPLES), SEED];
      const env = { ...process.env, TOKEN: await roles[role](), IDS: things.join() };
      const { stdout } = await run(python, [script, ...given], { env, maxBuffer: 1 << 26 });
      const { asked, told, faults } = JSON.parse(stdout.trim().split('\n').at(-1));
      t.diagnostic(`SEED=${SEED}: ${asked} asked, ${JSON.stringify(told)}`);
      assert.deepEqual(faults, [], JSON.stringify(faults, null, 1));
      assert.ok(asked >= EXAMPLES, `${asked} asked`);
      assert.ok(told.data > 0, JSON.stringify(told));
      reaches(t, `${EXAMPLES.toLocaleString('en-US')} examples as each of seven roles: no fault, no error without its code`);
    });
  }

  test('the books are right after all that', async () => {
    const operator = await roles.operator();
    const { ledgerCheck } = await server.ask('{ ledgerCheck { ok violations { rule detail } } }', {}, operator);
    assert.deepEqual(ledgerCheck, { ok: true, violations: [] });
  });
}
