// What must be true of the books after every row, asked of the rows themselves and of the product's own proof.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { sql, urlOf } from './postgres.mjs';
import { SERVER, WORK } from './servers.mjs';

const run = promisify(execFile);

// Each statement answers one row of two figures that have to be the same.
const SAME = {
  'sums of balances and of the entries of their owners': `
    SELECT (SELECT COALESCE(SUM(cash + promo), 0) FROM customer_balance)
         + (SELECT COALESCE(SUM(commission + held + reserved), 0) FROM agent_balance),
           (SELECT COALESCE(SUM(amount), 0) FROM entry WHERE owner_id IS NOT NULL)`,
  'all entries and nothing': 'SELECT COALESCE(SUM(amount), 0), 0 FROM entry',
  'quarters of an hour and charges': `
    SELECT (SELECT SUM(charges) || '/' || SUM(spent) FROM agent_slot),
           (SELECT COUNT(*) || '/' || SUM(amount) FROM charge WHERE agent_id IS NOT NULL)`,
  'days of customers and charges': `
    SELECT (SELECT SUM(charges) || '/' || SUM(spent) FROM customer_day),
           (SELECT COUNT(*) || '/' || SUM(amount) FROM charge WHERE agent_id IS NOT NULL)`,
  'what reports say was earned and commissions': `
    SELECT (SELECT SUM(earned) || '/' || SUM(base) FROM agent_slot),
           (SELECT SUM(amount) || '/' || SUM(base) FROM commission WHERE kind = 'EARNED')`,
};

/** On PostgreSQL. */
export const onPostgres = (database) => ({ url: urlOf(database), ask: (statement) => sql(database, statement) });

/** On SQLite, which Node reads itself. */
export async function onSqlite(file) {
  const { DatabaseSync } = await import('node:sqlite');
  const ask = async (statement) => {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return database.prepare(statement).all().map((row) => Object.values(row).map(String));
    } finally {
      database.close();
    }
  };
  return { url: `sqlite://${file}`, ask };
}

/**
 * Fails where the books are wrong: sums, roll-ups, and as many rows of `source` as were acknowledged; then `verify`.
 * A peer's books have no chain of hashes: of `verify`'s findings, only that is forgiven.
 */
export async function prove(books, { source, rows, chained = true }) {
  for (const [what, statement] of Object.entries(SAME)) {
    const [[one, other]] = await books.ask(statement);
    if (Number(one) !== Number(other) && one !== other) throw new Error(`the books are wrong: ${what}: ${one} and ${other}`);
  }
  if (source) {
    const [[found]] = await books.ask(`SELECT COUNT(*) FROM charge WHERE source = '${source}'`);
    if (Number(found) !== rows) throw new Error(`the books are wrong: ${rows} charges were acknowledged, and there are ${found}`);
  }
  await verify(books.url, chained);
}

async function verify(url, chained) {
  const env = { ...process.env, DATABASE_URL: url, TOKEN_KEY_FILE: `${WORK}/verify.key`, LOG: 'error' };
  let report;
  try {
    report = (await run(SERVER, ['verify'], { env, maxBuffer: 1 << 26 })).stdout;
  } catch (fault) {
    report = fault.stdout;
    const findings = report.split('\n').filter((line) => /^[A-Z_]+: /.test(line));
    // A hundred are told and more are counted. The chain is looked at last: everything else was told before it.
    const forgiven = findings.every((line) => /^CHAIN_BROKEN: txn_\w+ is in no link$|^MORE: /.test(line));
    if (chained || !forgiven || findings.length === 0) throw new Error(`verify: ${report.slice(0, 1200)}`);
    return;
  }
  if (!report.includes('The books are right.')) throw new Error(`verify said ${report.slice(-400)}`);
}
