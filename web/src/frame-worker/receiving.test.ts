import { beforeEach, expect, test } from 'vitest';
import { ReceivingLine, type EncodedFrame, type Sender } from './receiving';

const ANA: Sender = { epoch: 3, leaf: 0 };
const BEN: Sender = { epoch: 3, leaf: 1 };

let passed: string[];
let said: string[];

const frame = (name: string, rtpTimestamp = 0) => ({ name, data: new ArrayBuffer(0), getMetadata: () => ({ rtpTimestamp }) });

function line(holds: boolean) {
  return new ReceivingLine<EncodedFrame & { name: string }>(holds, ({ name }) => passed.push(name), {
    sender: (seq, { leaf }, rtpTimestamp) => said.push(`sender ${seq}: leaf ${leaf} at ${rtpTimestamp}`),
    unverified: () => said.push('unverified'),
  });
}

beforeEach(() => {
  passed = [];
  said = [];
});

test('frames of a new sender are held until the page lets them go, in order', () => {
  const video = line(true);
  video.handleVerified(0, ANA, frame('a1', 900));
  video.handleVerified(30, ANA, frame('a2'));
  expect(passed).toEqual([]);
  expect(said).toEqual(['sender 1: leaf 0 at 900']);
  video.handleGo(1);
  video.handleVerified(60, ANA, frame('a3'));
  expect(passed).toEqual(['a1', 'a2', 'a3']);
});

test('a change of sender holds again, and an old permission does not let the new one through', () => {
  const video = line(true);
  video.handleVerified(0, ANA, frame('a1'));
  video.handleGo(1);
  video.handleVerified(30, BEN, frame('b1', 77));
  video.handleGo(1);
  expect(passed).toEqual(['a1']);
  expect(said.at(-1)).toBe('sender 2: leaf 1 at 77');
  video.handleGo(2);
  expect(passed).toEqual(['a1', 'b1']);
});

test('permission for the later of two held senders lets both flow in order', () => {
  const video = line(true);
  video.handleVerified(0, ANA, frame('a1'));
  video.handleVerified(10, BEN, frame('b1'));
  video.handleGo(2);
  expect(passed).toEqual(['a1', 'b1']);
});

test('the same leaf in another epoch counts as another sender', () => {
  const video = line(true);
  video.handleVerified(0, ANA, frame('a1'));
  video.handleGo(1);
  video.handleVerified(10, { ...ANA, epoch: 4 }, frame('a2'));
  expect(passed).toEqual(['a1']);
});

test('audio flows at once', () => {
  const audio = line(false);
  audio.handleVerified(0, ANA, frame('a1'));
  audio.handleVerified(20, BEN, frame('b1'));
  expect(passed).toEqual(['a1', 'b1']);
  expect(said).toHaveLength(2);
});

test('a few failures around a change of epoch say nothing', () => {
  const video = line(true);
  video.handleVerified(0, ANA, frame('a1'));
  video.handleFailed(100);
  video.handleFailed(900);
  video.handleVerified(1_000, ANA, frame('a2'));
  video.handleFailed(1_900);
  expect(said).toEqual(['sender 1: leaf 0 at 0']);
});

test('lasting failure is said once, and the next verified frame counts as another sender', () => {
  const video = line(true);
  video.handleVerified(0, ANA, frame('a1'));
  video.handleGo(1);
  for (let now = 100; now < 3_000; now += 100) video.handleFailed(now);
  expect(said.filter((word) => word === 'unverified')).toHaveLength(1);
  video.handleVerified(3_000, ANA, frame('a2', 5));
  expect(said.at(-1)).toBe('sender 2: leaf 0 at 5');
  expect(passed).toEqual(['a1']);
});

test('after a silence the sender counts as another one', () => {
  const video = line(true);
  video.handleVerified(0, ANA, frame('a1'));
  video.handleVerified(2_500, ANA, frame('a2'));
  expect(said).toHaveLength(2);
});

test('frames beyond the bound are dropped while nobody lets them go', () => {
  const video = line(true);
  for (let i = 0; i < 500; i++) video.handleVerified(i, ANA, frame(`${i}`));
  video.handleGo(1);
  expect(passed).toHaveLength(120);
});
