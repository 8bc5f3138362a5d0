// The PostgreSQL that scripts/postgres.sh has started: databases, statements, and its CPU.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { cpuOfFamily } from './machine.mjs';

const run = promisify(execFile);
const SERVER = process.env.TEST_PG_URL;

/** The URL of a database. */
export function urlOf(database) {
  return SERVER.replace('localhost/postgres', `localhost/${database}`);
}

/** Runs a statement; answers its rows, each a list of texts. */
export async function sql(database, statement) {
  const { stdout } = await run('psql', ['-qtAX', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-c', statement, urlOf(database)], {
    maxBuffer: 1 << 28,
  });
  return stdout.split('\n').filter(Boolean).map((line) => line.split('\t'));
}

/** The first field of the first row. */
export async function value(database, statement) {
  return (await sql(database, statement))[0]?.[0] ?? '';
}

/** Runs a file of statements. */
export async function script(database, file) {
  await run('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', '-f', file, urlOf(database)]);
}

export async function exists(database) {
  return (await sql('postgres', `SELECT 1 FROM pg_database WHERE datname = '${database}'`)).length > 0;
}

/** A new database, empty or the copy of another. */
export async function create(database, template) {
  await sql('postgres', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await sql('postgres', `CREATE DATABASE ${database}${template ? ` TEMPLATE ${template}` : ''}`);
  return urlOf(database);
}

export async function drop(database) {
  await sql('postgres', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
}

/** Waits for the disk, as what has people's money does; or else nothing here means anything. */
export async function mustBeDurable() {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    if ((await value('postgres', `SHOW ${setting}`)) !== 'on') throw new Error(`${setting} must be on: benches/run starts such a PostgreSQL`);
  }
}

let postmaster;

/** The CPU seconds of all its processes so far. */
export async function cpu() {
  if (!postmaster) {
    const folder = await value('postgres', 'SHOW data_directory');
    postmaster = Number(readFileSync(`${folder}/postmaster.pid`, 'utf8').split('\n')[0]);
  }
  return cpuOfFamily(postmaster);
}

/** The connection as programs of PostgreSQL's own take it. */
export function options(database) {
  const url = new URL(SERVER);
  return ['-h', url.searchParams.get('host'), '-U', url.username, database];
}

export const version = () => value('postgres', 'SHOW server_version');
