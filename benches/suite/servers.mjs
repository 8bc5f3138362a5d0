// The servers that are measured, each a process of its own.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { sql } from './postgres.mjs';
import { BIN, cpuOf, freePort, memoryOf } from './machine.mjs';

export const SERVER = `${BIN}/agent-program`;
export const WORK = 'target/bench';
export const PASSWORD = 'a quiet harbour';
const running = new Set();

/** Starts a server, and waits for its first right answer. */
async function start(name, command, args, env, port, { cwd, ready }) {
  const begun = performance.now();
  const child = spawn(command, args, { cwd, env: { ...process.env, NODE_ENV: 'production', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(`${WORK}/${name}.log`);
  let [said, ended] = ['', false];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said = (said + data).slice(-2000);
      log.write(data);
    });
  }
  child.once('error', (fault) => {
    said = fault.message;
    ended = true;
  });
  child.once('close', () => {
    ended = true;
    log.end();
  });
  running.add(child);
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (ended) throw new Error(`${name} did not start: ${said}`);
    if (performance.now() - begun > 120_000) throw new Error(`${name} gave no answer within two minutes: ${said}`);
    if (await ready(url).catch(() => false)) break;
    await sleep(2);
  }
  return {
    name,
    url,
    graphql: `${url}/graphql`,
    socket: `ws://127.0.0.1:${port}/graphql`,
    pid: child.pid,
    started: performance.now() - begun,
    cpu: () => cpuOf(child.pid),
    memory: () => memoryOf(child.pid),
    stop: () =>
      new Promise((resolve) => {
        running.delete(child);
        if (ended) return resolve();
        child.once('close', resolve);
        child.kill('SIGTERM');
        setTimeout(() => child.kill('SIGKILL'), 20_000).unref();
      }),
  };
}

/** Ends whatever still runs. */
export function stopAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** Asks once; fails where there are errors. */
export async function gql(url, query, variables, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const answer = await response.json();
  if (answer.errors || !answer.data) throw new Error(`${query.slice(0, 60)}… ${JSON.stringify(answer).slice(0, 600)}`);
  return answer.data;
}

const answers = async (url) => {
  const body = JSON.stringify({ query: '{ __typename }' });
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (await response.text()).includes('"__typename":"Query"');
};

/** Ours, on a database; with the settings as they come, but for these. */
export async function ours(name, database, settings = {}) {
  const port = await freePort();
  const env = {
    DATABASE_URL: database,
    TOKEN_KEY_FILE: `${WORK}/${name}.key`,
    LISTEN: `127.0.0.1:${port}`,
    LOG: 'warn',
    // All clients are this machine.
    CONNECTIONS_PER_SOURCE: '-',
    ...settings,
  };
  const server = await start(name, SERVER, ['serve'], env, port, { ready: answers });
  server.database = database;
  server.signIn = async (email) => {
    const input = { email, password: PASSWORD };
    const query = 'mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } userErrors { code } } }';
    const { signIn } = await gql(server.graphql, query, { input });
    if (!signIn.session) throw new Error(`${email} cannot sign in: ${JSON.stringify(signIn.userErrors)}`);
    return signIn.session.accessToken;
  };
  /** So many operators, signed in: nobody may listen as often as this, so these listen together. */
  server.operators = async (count) => {
    const database = new URL(server.database).pathname.slice(1);
    await sql(
      database,
      `INSERT INTO login (id, email, email_key, email_person, name, password_hash, operator, created_at)
       SELECT gen_random_uuid(), email, email, email, name, password_hash, operator, created_at
       FROM (SELECT 'operator.' || n || '@example.com' AS email, name, password_hash, operator, created_at
             FROM login, generate_series(1, ${count}) AS n WHERE login.email = 'operator@example.com') AS new
       ON CONFLICT DO NOTHING`,
    );
    const tokens = [];
    for (let nth = 1; nth <= count; nth += 1) tokens.push(await server.signIn(`operator.${nth}@example.com`));
    return tokens;
  };
  /** A switch's key, which an operator makes. */
  server.switchKey = async () => {
    const operator = await server.signIn('operator@example.com');
    const query = 'mutation { createApiKey(input: {name: "bench", role: SWITCH}) { secret } }';
    return (await gql(server.graphql, query, {}, operator)).createApiKey.secret;
  };
  return server;
}

const peer = (file) => async (name, database) => {
  const port = await freePort();
  const env = { DATABASE_URL: database, PORT: String(port) };
  return start(name, process.execPath, [file], env, port, { cwd: 'benches/peers', ready: answers });
};

export const postgraphile = peer('postgraphile.mjs');
export const mercurius = peer('mercurius.mjs');

export async function seaography(name, database) {
  const port = await freePort();
  const env = { DATABASE_URL: database, PORT: String(port) };
  return start(name, `${BIN}/seaography-peer`, [], env, port, { ready: answers });
}
