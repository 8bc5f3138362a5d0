// What the kernel knows of processes: CPU and memory.

import { readFileSync, readdirSync, statfsSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { createServer } from 'node:net';

/** Where the built programs are. */
export const BIN = process.env.BENCH_BIN ?? `${process.env.CARGO_TARGET_DIR ?? 'target'}/release`;

// The kernel counts in these, on every Linux.
const TICKS_A_SECOND = 100;

/** The fields of /proc/PID/stat after the name, which may hold anything. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** The CPU seconds of a process with all its threads so far. */
export function cpuOf(pid) {
  const fields = stat(pid);
  return fields ? (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND : 0;
}

/** The CPU seconds of a process and all its children so far, also of those that are gone. */
export function cpuOfFamily(root) {
  const fields = stat(root);
  if (!fields) return 0;
  // Its own, and what it waited for of its children.
  let ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const child = stat(name);
    if (child && Number(child[1]) === root) ticks += Number(child[11]) + Number(child[12]);
  }
  return ticks / TICKS_A_SECOND;
}

/** What a process holds in memory, in MB. */
export function memoryOf(pid) {
  try {
    const [, kilobytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/);
    return Number(kilobytes) / 1024;
  } catch {
    return 0;
  }
}

/** The most that a process held while something went on, in MB. */
export async function peakOf(pid, during) {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, memoryOf(pid));
  };
  const timer = setInterval(look, 100);
  try {
    return { result: await during(), peak: (look(), peak) };
  } finally {
    clearInterval(timer);
  }
}

/** A port that nobody has. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The free space of the disk that a folder lies on, in GB. */
export function freeDisk(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / 1e9;
}

/** What is said of the machine in the table. */
export function machine() {
  const [first] = cpus();
  return {
    cores: cpus().length,
    processor: first?.model ?? 'unknown',
    memory: `${Math.round(totalmem() / 1e9)} GB`,
    load: loadavg()[0].toFixed(1),
  };
}
