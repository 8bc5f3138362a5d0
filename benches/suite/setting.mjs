// The databases that the rows are measured on: grown once, and copied for each row.

import { spawn } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';

import { create, drop, exists, script, sql, urlOf } from './postgres.mjs';
import { BIN, freeDisk } from './machine.mjs';
import { WORK } from './servers.mjs';

const GROWTH = `${BIN}/growth`;
// What ten million charges take with all that belongs to them, indexes included; and some room to work in.
const BYTES_A_CHARGE = 2_700;
const ROOM = 9;

/** Runs the generator, and shows how far it is. */
function grow(url, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(GROWTH, ['--database-url', url, ...args.map(String)], { stdio: ['ignore', 'inherit', 'pipe'] });
    let error = '';
    child.stderr.on('data', (data) => {
      error = (error + data).slice(-800);
      process.stdout.write(String(data).replace(/^/gm, '    ').trimEnd() + '\n');
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`the generator ended with ${code}: ${error}`))));
  });
}

/** The sizes of things. */
export function sizes(quick) {
  return quick
    ? { charges: 2_000, agents: 12, customers: 400, subscribers: 40, live: 60, mixed: 3, report: 6, pgbench: 2 }
    : { charges: 50_000, agents: 200, customers: 6_000, subscribers: 1_000, live: 1_000, mixed: 60, report: 60, pgbench: 50 };
}

/** The template that the rows' databases are copies of: 50 thousand charges, and what the peers need. */
export async function small({ size, until }) {
  if (await exists('small')) return;
  console.log(`  growing ${size.charges} charges`);
  await create('small_draft');
  const args = ['--charges', size.charges, '--agents', size.agents, '--customers', size.customers, '--until', until.toISOString()];
  await grow(urlOf('small_draft'), args);
  await script('small_draft', 'benches/peers/post_charge.sql');
  await sql('postgres', 'ALTER DATABASE small_draft RENAME TO small');
}

/** A database of the row's own. */
export async function copyOfSmall(setting, name) {
  await small(setting);
  return create(name, 'small');
}

/** The same on SQLite: a file. */
export async function smallFile({ size, until }) {
  const file = `${process.cwd()}/${WORK}/small.db`;
  for (const name of [file, `${file}-wal`, `${file}-shm`]) await rm(name, { force: true });
  console.log(`  growing ${size.charges} charges on SQLite`);
  const args = ['--charges', size.charges, '--agents', size.agents, '--customers', size.customers, '--until', until.toISOString()];
  await grow(`sqlite://${file}?mode=rwc`, args);
  return file;
}

export async function copyOfFile(file, name) {
  const copy = `${process.cwd()}/${WORK}/${name}.db`;
  for (const old of [copy, `${copy}-wal`, `${copy}-shm`]) if (existsSync(old)) await rm(old);
  await copyFile(file, copy);
  return copy;
}

/** A large database, as large as was asked for or as the disk has room for: how many charges it has. */
export async function large({ until }, asked) {
  const room = Math.floor(((freeDisk('/tmp') - ROOM) * 1e9) / BYTES_A_CHARGE);
  const charges = Math.min(asked, Math.max(room, 0));
  if (charges < asked) console.log(`  the disk has room for ${charges} charges, not for ${asked}`);
  if (charges < 2_000) throw new Error('the disk has no room for a large database');
  await create('large');
  await grow(urlOf('large'), ['--charges', charges, '--until', until.toISOString()]);
  return charges;
}

export { drop };

/** Account numbers of an agent's customers: the agent with that rank. */
export async function accountsOf(database, rank, most) {
  const statement = `SELECT c.number, c.id FROM customer c JOIN affiliation f ON f.customer_id = c.id AND f.until IS NULL
    JOIN agent a ON a.id = f.agent_id JOIN login l ON l.id = a.login_id
    WHERE l.email = 'agent.${rank}@example.com' ORDER BY c.id LIMIT ${most}`;
  return (await sql(database, statement)).map(([number, id]) => ({ number, id }));
}

/** One account of each agent. */
export async function accountsOfAll(database) {
  const statement = `SELECT DISTINCT ON (f.agent_id) c.number FROM customer c
    JOIN affiliation f ON f.customer_id = c.id AND f.until IS NULL ORDER BY f.agent_id, c.id`;
  return (await sql(database, statement)).map(([number]) => number);
}

/** The id of the agent with a rank. */
export async function agentOf(database, rank) {
  const statement = `SELECT a.id FROM agent a JOIN login l ON l.id = a.login_id WHERE l.email = 'agent.${rank}@example.com'`;
  return (await sql(database, statement))[0][0];
}
