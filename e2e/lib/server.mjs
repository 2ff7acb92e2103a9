// The real server binary, on ports of its own choosing and a data directory of the test's.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const target = process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname;
export const binary = (name) => {
  const built = process.env.INCAMERA_BIN ?? join(target, 'debug');
  const path = join(built, name);
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build -p incamera-server -p incamera-cli`);
  return path;
};

/**
 * Starts a server; `stop`, `kill` (as by the kernel) and `restart` act on the same data directory, which `prepare` may see
 * before the server does.
 */
export async function startServer({ listen = '127.0.0.1:0', media = '0.0.0.0:0', args = [], env = {}, prepare = () => {} } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'incamera-'));
  prepare(dir);
  const server = { dir, log: '', url: '', child: null };
  const start = async (address, mediaAddress) => {
    server.child = spawn(binary('incamera-server'),
      ['--listen', address, '--media-listen', mediaAddress, '--data-dir', dir, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    server.child.stderr.on('data', (data) => { server.log += data; });
    server.url = await firstUrl(server.child, () => server.log);
  };
  const ended = () => new Promise((resolve) => {
    if (server.child.exitCode !== null || server.child.signalCode !== null) resolve();
    else server.child.once('exit', resolve);
  });
  server.kill = async () => { server.child.kill('SIGKILL'); await ended(); };
  server.restart = () => start(new URL(server.url).host, media);
  server.stop = async () => {
    server.child.kill('SIGTERM');
    await ended();
    rmSync(dir, { recursive: true, force: true });
    return server.child.exitCode;
  };
  await start(listen, media);
  return server;
}

async function firstUrl(child, log) {
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log()}`)));
  });
  const match = /^listening on (https?:\/\/\S+)$/.exec(line);
  if (!match) throw new Error(`unexpected first line: ${line}`);
  return match[1];
}

/** What `--metrics-listen 127.0.0.1:port` serves: values by name, without the prefix. */
export async function metrics(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Object.fromEntries(text.split('\n').filter((line) => line && !line.startsWith('#'))
    .map((line) => [line.slice('incamera_'.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

/** A port that nobody listens on. */
export const free = () => new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
