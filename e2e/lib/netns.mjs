// A network of one's own whose cable can be pulled: a namespace joined by a veth pair.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/** `null` where namespaces cannot be made (not root, or no iproute2). */
export function network(number = 77) {
  const name = `incamera${process.pid}`.slice(0, 14);
  const [outer, inner] = [`ico${process.pid}`.slice(0, 14), `ici${process.pid}`.slice(0, 14)];
  const [host, guest] = [`10.${number}.0.1`, `10.${number}.0.2`];
  try {
    ip('netns', 'add', name);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
    // Without addresses of their own making, whose arrival a browser takes for another network.
    ip('link', 'set', outer, 'addrgenmode', 'none');
    ip('-n', name, 'link', 'set', inner, 'addrgenmode', 'none');
    ip('addr', 'add', `${host}/24`, 'dev', outer);
    ip('link', 'set', outer, 'up');
    ip('-n', name, 'addr', 'add', `${guest}/24`, 'dev', inner);
    ip('-n', name, 'link', 'set', inner, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  } catch (error) {
    console.log(`# no network namespaces here: ${error.message}`);
    return null;
  }
  return {
    host,
    /** A program to start in place of `program`, which then runs inside the namespace. */
    wrap(program) {
      const script = join(mkdtempSync(join(tmpdir(), 'incamera-ns-')), 'run');
      writeFileSync(script, `#!/bin/sh\nexec ip netns exec ${name} ${program} "$@"\n`);
      chmodSync(script, 0o755);
      return script;
    },
    // The outer end goes down: the inside keeps its address and hears nothing, as behind a router that lost its line.
    pull: () => ip('link', 'set', outer, 'down'),
    plug: () => ip('link', 'set', outer, 'up'),
    remove: () => ip('netns', 'del', name),
  };
}
