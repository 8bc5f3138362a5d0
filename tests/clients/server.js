// A server of a test's own: the release binary with the demo world, over SQLite or PostgreSQL.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const PASSWORD = 'demo-password-1';

const profile = process.env.CLIENTS_PROFILE ?? 'release';
export const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), profile, 'agent-program');

/** The databases that every test runs on: a name, and what makes an empty one. */
export const DATABASES = {
  SQLite: async (folder) => `sqlite://${join(folder, 'clients.db')}`,
  PostgreSQL: async () => {
    const url = process.env.TEST_PG_URL;
    if (!url) throw new Error('TEST_PG_URL is not set: run ./test --clients');
    const host = new URL(url).searchParams.get('host');
    const name = `clients_${randomBytes(6).toString('hex')}`;
    const client = new pg.Client({ host, user: 'postgres', database: 'postgres' });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return url.replace('/postgres?', `/${name}?`);
  },
};

/** A suite of tests on each database. `tell` gets what will hold the server, once the tests run. */
export function onBoth(title, tell, settings = {}, timeout = 300_000) {
  for (const database of Object.keys(DATABASES)) {
    describe(`${title} over ${database}`, { timeout }, () => {
      const world = { database };
      before(async () => (world.server = await Server.start(database, settings)));
      tell(world);
      after(() => world.server?.end());
    });
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

export class Server {
  #child;
  #log = '';

  /** `settings` are environment variables, as `--help` names them. */
  static async start(database, settings = {}) {
    const server = new Server();
    server.settings = settings;
    server.folder = await mkdtemp(join(tmpdir(), 'agent-program-clients-'));
    server.port = await freePort();
    server.database = await DATABASES[database](server.folder);
    await server.run();
    return server;
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  get graphql() {
    return `${this.origin}/graphql`;
  }

  get socket() {
    return `ws://127.0.0.1:${this.port}/graphql`;
  }

  /** Starts it over its database and waits until it answers. */
  async run() {
    const where = ['--database-url', this.database, '--listen', `127.0.0.1:${this.port}`];
    const env = { ...process.env, ...this.settings };
    const child = spawn(binary, ['serve', '--demo', ...where], { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (this.#log += data));
    let failed = null;
    child.once('error', (error) => (failed = error.message));
    child.once('exit', (code, signal) => (failed ??= `it ended with ${code ?? signal}`));
    for (const end = Date.now() + 120_000; ; await pause(50)) {
      if (failed || Date.now() > end) throw new Error(`the server did not start: ${failed ?? 'no answer'}\n${this.#log}`);
      if (await this.ask('{ __typename }').catch(() => null)) return;
    }
  }

  /** Ends it as a power cut would. */
  async kill() {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  async end() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** One request over HTTP. Throws what is an error, so that what it returns is the data. */
  async ask(query, variables, token) {
    const response = await fetch(this.graphql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** A new session of somebody's, with both its tokens. */
  async session(email) {
    const { signIn } = await this.ask(
      'mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken } userErrors { code } } }',
      { input: { email, password: PASSWORD } },
    );
    if (!signIn.session) throw new Error(`${email}: ${JSON.stringify(signIn.userErrors)}\n${this.#log}`);
    return signIn.session;
  }

  async signIn(email) {
    const { accessToken } = await this.session(email);
    return accessToken;
  }
}
