// How long a clean release build takes. Not among the rows that are measured unless it is asked for.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

import { outcome } from '../sides.mjs';

export async function run() {
  const folder = 'target/bench/build';
  rmSync(folder, { recursive: true, force: true });
  const begun = Date.now();
  const args = ['build', '--release', '--locked', '-p', 'agent-program', '--target-dir', folder];
  const { status } = spawnSync('cargo', args, { stdio: 'inherit' });
  const seconds = (Date.now() - begun) / 1000;
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) throw new Error(`cargo ended with ${status}`);
  return [outcome('–', { what: 'a clean release build of the program', ours: { median: seconds, least: seconds, most: seconds }, unit: 's' })];
}
