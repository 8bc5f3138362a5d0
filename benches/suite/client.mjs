// The client that asks and listens: benches/load, a process of its own whose CPU is told too.

import { spawn } from 'node:child_process';

import { BIN, cpuOf } from './machine.mjs';

const LOAD = `${BIN}/load`;

/** Carries out a scenario; `hears` is called with each word that it says on its way. */
export function load(scenario, hears = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(LOAD, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [out, error, cpu] = ['', '', 0];
    const timer = setInterval(() => {
      cpu = Math.max(cpu, cpuOf(child.pid));
    }, 200);
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => {
      error += data;
      for (const line of String(data).split('\n').filter(Boolean)) hears(line.trim());
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ ...JSON.parse(out), clientCpu: cpu });
      else reject(new Error(`the client ended with ${code}: ${error.slice(-400)}`));
    });
    child.stdin.end(JSON.stringify(scenario));
  });
}

/** Asks, and fails where an answer was wrong. */
export async function ask(scenario) {
  const outcome = await load({ what: 'ask', ...scenario });
  for (const [name, kind] of Object.entries(outcome.kinds)) {
    if (kind.wrong > 0) throw new Error(`${kind.wrong} of ${kind.wrong + kind.right} answers to "${name}" were wrong: ${kind.firstWrong}`);
  }
  return outcome;
}
