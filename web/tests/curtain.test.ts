import { describe, expect, test } from 'vitest';
import { Curtain, isBefore } from '../src/media/curtain';

/** A line as a viewer sees it: whose name stands there, and whether the picture is covered. */
function line() {
  const seen = { device: null as string | null, visible: false, released: 0 };
  const curtain = new Curtain({
    cover: () => { seen.visible = false; seen.device = null; },
    name: (device) => { seen.device = device; },
    uncover: () => { seen.visible = true; },
    go: (seq) => { seen.released = seq; },
  });
  return { curtain, seen };
}
const sender = (seq: number, leaf: number, rtpTimestamp: number, epoch = 1) => ({ seq, epoch, leaf, rtpTimestamp });
const named = (device: string | null, leaf: number, epoch = 1) => ({ device, epoch, leaf });

function showing(device: string) {
  const made = line();
  made.curtain.handleSender(sender(1, 4, 1000), named(device, 4));
  made.curtain.handlePresented(1000);
  return made;
}

describe('a video line', () => {
  test('stays covered until a frame of the named sender is presented', () => {
    const { curtain, seen } = line();
    curtain.handleSender(sender(1, 4, 1000), undefined);
    expect(seen).toEqual({ device: null, visible: false, released: 0 });
    curtain.handleNamed(named('ruth', 4));
    expect(seen).toEqual({ device: 'ruth', visible: false, released: 1 });
    curtain.handlePresented(999);
    expect(seen.visible).toBe(false);
    curtain.handlePresented(1000);
    expect(seen.visible).toBe(true);
  });

  test('covers the old face before another sender’s frames may flow', () => {
    const { curtain, seen } = showing('ruth');
    curtain.handleSender(sender(2, 5, 2000), named('ruth', 4));
    expect(seen.released).toBe(1);
    curtain.handleNamed(named('ben', 5));
    expect(seen).toEqual({ device: 'ben', visible: false, released: 2 });
    curtain.handlePresented(1900);
    expect(seen.visible).toBe(false);
    curtain.handlePresented(2000);
    expect(seen.visible).toBe(true);
  });

  test('does not flicker when the same person continues in another epoch', () => {
    const { curtain, seen } = showing('ruth');
    curtain.handleSender(sender(2, 9, 2000, 2), named('ruth', 4));
    curtain.handleNamed(named('ruth', 9, 2));
    expect(seen).toEqual({ device: 'ruth', visible: true, released: 2 });
  });

  test('shows somebody again who was not watched for a moment, also after a change of epoch', () => {
    const { curtain, seen } = showing('ruth');
    curtain.handleSender(sender(2, 9, 2000, 2), named('ruth', 9, 2));
    curtain.handleNamed(named(null, 9, 2));
    expect(seen.visible).toBe(false);
    curtain.handleNamed(named('ruth', 9, 2));
    curtain.handlePresented(2500);
    expect(seen).toEqual({ device: 'ruth', visible: true, released: 2 });
  });

  test('a name that arrives before its frames is not put to the old picture', () => {
    const { curtain, seen } = showing('ruth');
    curtain.handleNamed(named('ben', 5));
    curtain.handlePresented(1500);
    expect(seen).toEqual({ device: 'ruth', visible: true, released: 1 });
    curtain.handleSender(sender(2, 5, 2000), named('ben', 5));
    expect(seen).toEqual({ device: 'ben', visible: false, released: 2 });
  });

  test('covers when the core does not answer in time, and recovers when it does', () => {
    const { curtain, seen } = showing('ruth');
    curtain.handleSender(sender(2, 5, 2000), named('ruth', 4));
    curtain.handleTimeout(2);
    expect(seen).toEqual({ device: null, visible: false, released: 2 });
    curtain.handlePresented(2100);
    expect(seen.visible).toBe(false);
    curtain.handleNamed(named('ben', 5));
    curtain.handlePresented(2200);
    expect(seen).toEqual({ device: 'ben', visible: true, released: 2 });
  });

  test('covers when its frames stop verifying or its owner is gone', () => {
    const { curtain, seen } = showing('ruth');
    curtain.handleUnverified();
    expect(seen.visible).toBe(false);
    const other = showing('ruth');
    other.curtain.handleNamed(named(null, 4));
    expect(other.seen).toMatchObject({ device: null, visible: false });
  });

  test('a timeout of an earlier change does nothing', () => {
    const { curtain, seen } = showing('ruth');
    curtain.handleTimeout(1);
    expect(seen).toEqual({ device: 'ruth', visible: true, released: 1 });
  });
});

test('RTP timestamps compare across the wrap', () => {
  expect(isBefore(0xffff_ff00, 0x10)).toBe(true);
  expect(isBefore(0x10, 0xffff_ff00)).toBe(false);
});
