// Row 8: a hundred charges in a request, beside what the disk allows: pgbench's TPC-B.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';

import { recording } from '../asked.mjs';
import { onPostgres, prove } from '../books.mjs';
import { create, drop, options } from '../postgres.mjs';
import { ours } from '../servers.mjs';
import { accountsOf, copyOfSmall } from '../setting.mjs';
import { alternate, cpuOf, outcome } from '../sides.mjs';
import { Poster } from './posting.mjs';

const run_ = promisify(execFile);
const CLIENTS = 16;

/** On the path, or beside the server that is the newest. */
function pgbench() {
  const folder = '/usr/lib/postgresql';
  const versions = existsSync(folder) ? readdirSync(folder).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => `${folder}/${version}/bin/pgbench`).find(existsSync);
  return found ?? 'pgbench';
}

export async function run({ setting, rounds, seconds }) {
  const database = await copyOfSmall(setting, 'batches');
  await create('tpcb');
  await run_(pgbench(), ['-i', '-q', '-s', String(setting.size.pgbench), ...options('tpcb')]);
  const server = await ours('batches', database);
  const key = await server.switchKey();
  const accounts = (await accountsOf('batches', 0, 20)).map(({ number }) => number);
  const at = new Date().toISOString();
  const poster = new Poster(server, ({ again }) => recording({ source: 'bench', key, accounts, rows: 100, at, again }));
  const tpcb = async () => {
    const args = ['-n', '-M', 'prepared', '-c', String(CLIENTS), '-j', '2', '-T', String(Math.max(1, Math.round(seconds)))];
    const { stdout } = await run_(pgbench(), [...args, ...options('tpcb')]);
    const done = Number(stdout.match(/actually processed: (\d+)/)[1]);
    return { rate: Number(stdout.match(/tps = ([\d.]+)/)[1]), p99: Number(stdout.match(/latency average = ([\d.]+)/)[1]), done };
  };
  const sides = [
    { name: 'ours', server, round: () => poster.round(CLIENTS, seconds, 100) },
    { name: 'pgbench', round: tpcb },
  ];
  const figures = await alternate(sides, rounds, 'a second');
  await poster.again();
  await server.stop();
  await prove(onPostgres('batches'), { source: 'bench', rows: poster.acknowledged });
  await drop('tpcb');
  return [
    outcome(8, {
      what: `recordCharges of 100, charges a second, over pgbench TPC-B transactions at ${CLIENTS} clients`,
      ours: figures.of('ours', 'rate'),
      theirs: figures.of('pgbench', 'rate'),
      unit: 'a second',
      ratio: figures.of('ours', 'rate').median / figures.of('pgbench', 'rate').median,
      reach: 2.5,
      cpu: `${cpuOf(figures, 'ours')} against ${cpuOf(figures, 'pgbench')}`,
      note: 'pgbench’s own CPU is not counted',
    }),
  ];
}
