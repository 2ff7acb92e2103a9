// Who comes first where all share a machine's cores, so that it is as if they had machines of their own: root only.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';

/** Before whatever is started so. */
export const FIRST = ['chrt', '-r', '9'];

/** Whether a running process could be put first: before all others, browsers included. */
export function putFirst(pid) {
  try {
    execFileSync('chrt', ['-a', '-r', '-p', '9', `${pid}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Puts a browser, all processes of it, before everyone but those who are first. Its threads keep their order among themselves:
 * sound, what is shown, all else. Threads begin with the priority of those who start them.
 */
export function putBefore(browser) {
  const processes = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [browser.process().pid];
  for (const pid of tree) tree.push(...processes.filter(([, parent]) => parent === pid).map(([child]) => child));
  for (const thread of tree.flatMap((pid) => readdirSync(`/proc/${pid}/task`)).map(Number)) {
    try {
      const nice = getPriority(thread);
      const priority = nice < -8 ? 4 : nice < 0 ? 3 : 2;
      execFileSync('chrt', ['-r', '-p', `${priority}`, `${thread}`], { stdio: 'ignore' });
    } catch { /* it has ended meanwhile */ }
  }
}
