import { expect, test } from 'vitest';
import { canShareScreen, displayOptions } from './screen';

const read = (supported: Record<string, boolean>) => displayOptions(supported) as { audio: object; systemAudio: string };

test('the system\'s sound is asked for only where the meeting\'s own can be left out', () => {
  expect(read({}).systemAudio).toBe('exclude');
  expect(read({ restrictOwnAudio: true })).toMatchObject({ systemAudio: 'include', audio: { restrictOwnAudio: true } });
});

test('wishes that a browser does not know are not made', () => {
  expect(read({}).audio).not.toHaveProperty('suppressLocalAudioPlayback');
  expect(read({ suppressLocalAudioPlayback: true }).audio).toMatchObject({ suppressLocalAudioPlayback: false });
});

test('without getDisplayMedia there is nothing to offer', () => {
  expect(canShareScreen()).toBe(false);
});
