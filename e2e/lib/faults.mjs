// What a machine does to a server: each fault begins, lasts, and is taken back. `begin` returns how to end it; a fault
// that cannot be made here (no root, no tool) says why with `cannot`.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binary } from './server.mjs';

const DATABASE = 'incamera.sqlite';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Where `startServer` keeps the data of a server whose disk is to fill up: 64 MB of memory, by root only. */
export function smallDisk(directory) {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'incamera-faults', directory], { stdio: 'ignore' });
    return () => execFileSync('umount', [directory]);
  } catch {
    return null;
  }
}

/** Environment for a server whose wall clock stands where `file` says ("+0", "+3600", "-3600" seconds), or null. */
export function movableClock(file) {
  const library = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
    .map((directory) => join(directory, 'faketime/libfaketimeMT.so.1')).find(existsSync);
  if (!library) return null;
  writeFileSync(file, '+0\n');
  return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

export const FAULTS = {
  /** The database file is moved away, as by an unmounted volume. */
  'database gone': {
    begin: ({ dir }) => {
      renameSync(join(dir, DATABASE), join(dir, 'away'));
      return () => renameSync(join(dir, 'away'), join(dir, DATABASE));
    },
  },
  /** Another process holds the database's lock. */
  'database locked': {
    begin: async ({ dir }) => {
      const script = `import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
c.execute("BEGIN IMMEDIATE"); print("locked", flush=True); sys.stdin.read(); c.execute("ROLLBACK")`;
      const holder = spawn('python3', ['-c', script, join(dir, DATABASE)], { stdio: ['pipe', 'pipe', 'inherit'] });
      await new Promise((resolve, reject) => {
        holder.stdout.once('data', resolve);
        holder.once('error', reject);
        holder.once('exit', () => reject(new Error('the lock was not taken')));
      });
      return () => new Promise((resolve) => { holder.once('exit', resolve); holder.stdin.end(); });
    },
  },
  /** The data directory's disk has no byte left; the server was started on a `smallDisk`. */
  'disk full': {
    begin: ({ dir }) => {
      const filler = join(dir, 'filler');
      // `dd` writes until there is no room left, and says so as an error.
      try {
        execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k'], { stdio: 'ignore' });
      } catch { /* full */ }
      return () => rmSync(filler);
    },
  },
  /** The server may open no further descriptor, and strangers take those that become free. */
  'no descriptors': {
    begin: async ({ child, url }) => {
      const [, before] = /Max open files\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/limits`, 'utf8'));
      const limit = (count) => execFileSync('prlimit', ['--pid', `${child.pid}`, `--nofile=${count}:`]);
      limit(readdirSync(`/proc/${child.pid}/fd`).length + 4);
      const { hostname, port } = new URL(url);
      const strangers = Array.from({ length: 50 }, () => connect(Number(port), hostname).on('error', () => {}));
      await pause(200);
      return () => {
        limit(before);
        strangers.forEach((socket) => socket.destroy());
      };
    },
  },
  'clock an hour ahead': { begin: ({ clock }) => moved(clock, '+3600') },
  'clock an hour behind': { begin: ({ clock }) => moved(clock, '-3600') },
  /** The whole process stands still, as on a host that swaps or moves its machines. */
  'server stopped': {
    begin: ({ child }) => {
      child.kill('SIGSTOP');
      return () => child.kill('SIGCONT');
    },
  },
};

/** Crowds, which `suffer` treats like faults; they need the meeting's link. */
export const CROWDS = {
  /** Five hundred people come within ten seconds. */
  'five hundred come': {
    begin: ({ link }) => {
      const all = crowd(link, { participants: 500, within: 10, seconds: 5 });
      return async () => counted([await all]);
    },
  },
  /** Fifty people come in each second and leave a second after they are in, but for the two of them whom the others follow, who leave last. */
  'fifty come and go a second': {
    begin: ({ link }) => {
      const groups = [];
      const timer = setInterval(() => groups.push(crowd(link, { participants: 50, within: 1, leave: 1 })), 1_000);
      return async () => {
        clearInterval(timer);
        return counted(await Promise.all(groups));
      };
    },
  },
};

/** One process for all of them; two follow the group themselves, the rest gets keys from them. */
async function crowd(link, { participants, within, seconds, leave }) {
  const until = leave ? ['--leave-after', `${leave}`] : ['--seconds', `${seconds}`];
  const { stdout } = await promisify(execFile)(binary('incamera'), ['load', '--url', link, '--participants', `${participants}`,
    '--mls', '2', '--tiles', '0', '--within', `${within}`, ...until, '--wait', '60'], { maxBuffer: 1 << 24 })
    .catch((error) => error);
  return JSON.parse(stdout);
}

function counted(reports) {
  const sum = (pick) => reports.reduce((all, report) => all + pick(report), 0);
  return {
    wanted: sum(({ joins }) => joins.wanted), joined: sum(({ joins }) => joins.joined),
    'join p95': Math.max(0, ...reports.map(({ join_ms: { p95 } }) => p95)),
    problems: [...new Set(reports.flatMap(({ problems }) => problems))].slice(0, 10).join('; '),
  };
}

function moved(clock, by) {
  writeFileSync(clock, `${by}\n`);
  return () => writeFileSync(clock, '+0\n');
}
