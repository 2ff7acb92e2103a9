// Development only, never built: each screen from a made-up view, named in the address after `?`.

import '../src/styles/tokens.css';
import '../src/styles/fonts.css';
import '../src/styles/base.css';
import '../src/styles/pages.css';
import { createSignal } from 'solid-js';
import { render } from 'solid-js/web';
import { announce } from '../src/state/announce';
import { type ChatLine, emptyView, type Person, type View } from '../src/state/core';
import type { Meeting } from '../src/state/meeting';
import { inTheWay } from '../src/state/sharing';
import { Capture } from '../src/media/capture';
import { Home } from '../src/ui/home';
import { MeetingView } from '../src/ui/meeting-page';
import { NotFound, Unsupported } from '../src/ui/notices';
import { Permission } from '../src/ui/permission';
import Privacy from '../src/ui/privacy';

const NAMES = ['Ruth Abendroth', 'Ben Okafor', 'Mirjam de Vries', 'Yusuf Demir', 'Hanna Lindqvist', 'Paolo', 'Agnieszka Wiśniewska', 'Tom',
  'Leila Haddad', 'Grandma Elfriede Sommerfeld-Hohenstein', 'Noor', 'Kai', 'Ines', 'Otto', 'Pia', 'Samuel', 'Vera', 'Lukas', 'Emma', 'Jonas', 'Mia', 'Paul', 'Lea', 'Finn', 'Ella'];

const MAY = { unmute: true, video: true, share: false, chat: true, rename: true, control: true };

const person = (index: number, more: Partial<Person> = {}): Person => ({
  device: `d${index}`, participant: index, name: NAMES[index % NAMES.length] ?? '', role: 'participant', met: 'never', me: false,
  connected: true, mic_on: index % 3 !== 1, camera_on: index % 5 !== 3, screen_on: false, hand: null, may: { ...MAY, control: false }, ...more,
});
const me = (host: boolean): Person => ({ ...person(99), device: 'me', name: 'Dr. Anna Weiss', role: host ? 'host' : 'participant', me: true, mic_on: true, camera_on: true });

const link = '/m/q3Jx0pVn2mKd8TzYbLw4Rg#1.u7m0b3kQx9VtYw2LhNfPzRcE5jGsAoDi8XrTqMyKbUe.Zp4nHs8kQwXvLd2RtYcFmA';
const room = (others: number, more: Partial<View> = {}): Partial<View> => ({
  phase: 'in_meeting', connection: 'online', host: true, may: MAY, my_name: 'Dr. Anna Weiss', my_device: 'me', host_name: 'Dr. Anna Weiss', host_present: true,
  safety: 'private', invite_path: link, code: '48213 90577 11846 30925 77410 62388',
  people: [me(true), ...Array.from({ length: others }, (_, i) => person(i))], ...more,
});
const presented = (others: number, more: Partial<View> = {}) => {
  const shown = room(others, more);
  shown.people?.splice(others > 1 ? 2 : 1, 1, person(others > 1 ? 1 : 0, { screen_on: true }));
  return shown;
};
const lobby: Partial<View> = { phase: 'lobby', connection: 'online', host_name: 'Dr. Anna Weiss', host_present: true };
const waiting: View['waiting'] = [
  { knock: 1, name: 'Ruth Abendroth', device: 'w1', met: 'never', invited_as: null, new_device: false, held: false },
  { knock: 2, name: 'Grandma Elfriede Sommerfeld-Hohenstein', device: 'w2', met: 'same_device', invited_as: 'Elfriede, Tuesdays', new_device: true, held: false },
];
const alike = [me(true), person(0, { name: 'Ben K.' }), person(1, { name: 'Веn K.' }), person(2, { met: { same_device_as: 'Mirjam' } }), person(3, { name: 'Paolo', met: 'same_device' }), person(4, { name: 'paolo', met: 'new_device' })];
const doubles: View['waiting'] = [{ knock: 3, name: 'Dr Anna Weiß', device: 'w3', met: 'new_device', invited_as: null, new_device: false, held: false }];
const chat: ChatLine[] = [
  { device: 'd0', name: 'Ruth Abendroth', text: 'Good morning! Can you hear me well?', at: 1_760_000_000_000, delivery: 'delivered' },
  { device: 'me', name: 'Dr. Anna Weiss', text: 'Very well, thank you. Take your time.', at: 1_760_000_030_000, delivery: 'failed' },
  { device: 'me', name: 'Dr. Anna Weiss', text: 'The sheet from last week: https://example.org/a-long-address/that-must-wrap-somewhere.pdf', at: 1_760_000_040_000, delivery: 'waiting' },
];

const SCREENS: Record<string, Partial<View>> = {
  lobby, lobbyhost: { ...lobby, host: true }, lobbyaway: { ...lobby, host_present: false },
  passcode: { ...lobby, host_name: '', passcode: { needed: true, state: 'none' } },
  passcode_wrong: { ...lobby, host_name: '', passcode: { needed: true, state: { wrong: { tries_left: 2 } } } },
  passcode_closed: { ...lobby, host_name: '', passcode: { needed: true, state: 'closed' } },
  waiting: { ...lobby, phase: 'waiting', my_name: 'Ruth' }, waitingaway: { ...lobby, phase: 'waiting', host_present: false },
  entering: room(0, { phase: 'entering' }), empty: room(0), alone: room(0, { host: false, invite_path: '' }),
  two: room(1, { speakers: ['d0'] }), three: room(2), five: room(5), nine: room(8), seventeen: room(16), many: room(25), crowd: room(60),
  away: room(2, { people: [me(true), person(0, { connected: false }), person(2)] }),
  unverified: room(2, { slots: [{ mid: '5', kind: 'camera', claimed: 0, device: null, unverified: true }] }),
  door: room(1, { waiting: waiting.slice(0, 1) }), doors: room(1, { waiting }), participants: room(4, { waiting }), chat: room(2, { chat }), chatempty: room(1),
  alike: room(4, { people: alike, waiting: doubles }), alikedoor: room(2, { people: alike.slice(0, 3), waiting: doubles.slice(0, 1) }),
  code: room(1), leave: room(1), settings: room(1), shortcuts: room(1), more: room(1), toast: room(2),
  shared: presented(1), sharednine: presented(8), sharedmany: presented(25), sharing: room(2), sharingall: room(1), sharedunverified: presented(2, { slots: [{ mid: '9', kind: 'screen', claimed: 1, device: null, unverified: true }] }),
  returning: room(2, { connection: 'returning' }), unconfirmed: room(2, { safety: 'unconfirmed' }), paused: room(2, { safety: 'paused' }), interference: room(2, { safety: 'interference' }),
  left: { phase: 'left' }, removed: { phase: 'removed' }, ended: { phase: 'ended' },
};
for (const problem of ['declined', 'locked', 'full', 'bad_link', 'no_such_meeting', 'wrong_host_key', 'other_tab', 'stale_group', 'version', 'busy', 'internal'] as const) {
  SCREENS[problem] = { phase: 'refused', problem };
}

const [name] = location.search.slice(1).split('&');

function fakeMeeting(view: Partial<View>): Meeting {
  const capture = new Capture();
  if (location.search.includes('&video')) void capture.start(true);
  const full = { ...emptyView, ...view };
  const cameras = full.people.filter((one) => !one.me && one.camera_on).map((one) => ({ kind: 'camera', device: () => one.device, visible: () => true, track: portrait(one), handlePresented() {} }));
  const screens = full.people.filter((one) => !one.me && one.screen_on).map((one) => ({ kind: 'screen', device: () => one.device, visible: () => true, track: page(), handlePresented() {} }));
  const lines = [...screens, ...cameras];
  const [shared, hint, setHint] = [name === 'sharing' || name === 'sharingall', ...createSignal('detail')];
  const picture = shared ? page() : null;
  const sharing = {
    sharing: () => shared, picture: () => picture, sound: () => null, surface: () => (name === 'sharingall' ? 'monitor' : 'window'), hint, setHint,
    start() {}, stop() {}, obstacle: () => (inTheWay(full) ? `${inTheWay(full)?.name} is sharing a screen.` : ''), possible: !location.search.includes('&phone'),
  };
  return {
    sharing, view: full, broken: () => null, inside: () => false, capture, asked: () => null, answer() {}, send() {}, join() {}, leave() {}, takeOver() {},
    peer: { video: () => lines, setWanted() {}, soundBlocked: () => location.search.includes('&blocked'), unblockSound() {} },
    inviteLink: () => (full.invite_path ? `https://meet.example.org${full.invite_path}` : ''),
  } as unknown as Meeting;
}

/** A soft stand-in for a face in a room. */
function portrait(one: Person): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const paint = canvas.getContext('2d');
  const hue = ((one.participant ?? 0) * 47 + 20) % 360;
  const draw = () => {
    if (!paint) return;
    const wall = paint.createLinearGradient(0, 0, 640, 360);
    wall.addColorStop(0, `oklch(0.72 0.04 ${hue})`);
    wall.addColorStop(1, `oklch(0.5 0.05 ${hue + 40})`);
    paint.fillStyle = wall;
    paint.fillRect(0, 0, 640, 360);
    paint.fillStyle = `oklch(0.42 0.07 ${hue + 180})`;
    paint.beginPath();
    paint.ellipse(320, 400, 170, 150, 0, 0, 7);
    paint.fill();
    paint.fillStyle = 'oklch(0.74 0.06 55)';
    paint.beginPath();
    paint.ellipse(320, 170, 68, 86, 0, 0, 7);
    paint.fill();
  };
  draw();
  setInterval(draw, 200);
  return canvas.captureStream(5).getVideoTracks()[0] as MediaStreamTrack;
}

/** A sheet of text, as somebody might share it. */
function page(): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1600, 900];
  const paint = canvas.getContext('2d');
  const draw = () => {
    if (!paint) return;
    paint.fillStyle = '#fbfaf7';
    paint.fillRect(0, 0, 1600, 900);
    paint.fillStyle = '#222';
    paint.font = '600 44px Georgia';
    paint.fillText('Sleep diary, week 47', 90, 110);
    paint.font = '22px Georgia';
    for (let line = 0; line < 20; line++) paint.fillText(`${21 + (line % 3)}:${10 + line}  to bed; about twenty minutes to fall asleep, woke twice, up at 6:4${line % 10}. Rested: ${line % 5} of 5.`, 90, 180 + line * 34);
  };
  draw();
  setInterval(draw, 300);
  return canvas.captureStream(5).getVideoTracks()[0] as MediaStreamTrack;
}

function Screen() {
  const [asked] = createSignal(name);
  const screen = asked() ?? 'home';
  const meeting = fakeMeeting(SCREENS[screen] ?? {});
  if (screen === 'home') return <Home />;
  if (screen === 'privacy') return <Privacy />;
  if (screen === 'permission') return <Permission meeting={meeting} done={() => {}} />;
  if (screen === 'notfound') return <NotFound />;
  if (screen === 'unsupported') return <Unsupported why="unsupported" />;
  if (screen === 'insecure') return <Unsupported why="insecure" />;
  return <MeetingView meeting={meeting} />;
}

const root = document.getElementById('app');
if (root) render(() => <Screen />, root);
if (name === 'toast') setTimeout(() => announce('Your microphone was unplugged. Now using Built-in microphone.', 'shown'), 300);
