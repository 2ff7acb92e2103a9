// What happened, in words: for screen readers always, on screen for a while when it matters to all.

import { createEffect, createSignal, on } from 'solid-js';
import type { Person, PersonRole, View } from './core';
import { t } from './i18n';

/** More than this in one go is noise; the rest can be read in the panel. */
const MAX_SHOWN = 3;
const SHOWN_FOR_MS = 6_000;
/** And longer what takes longer to read. */
const MS_A_LETTER = 90;
/** Who comes within this time of another is named together with them. */
const JOINED_TOGETHER_MS = 400;
/** Later than that they joined, so that a screen reader has said it. */
const NEW_DEVICE_AFTER_MS = 2_500;

export interface Notice { id: number; text: string }

const [spoken, setSpoken] = createSignal('');
const [notices, setNotices] = createSignal<Notice[]>([]);
export { spoken, notices };

let last = 0;

export function announce(text: string, where: 'spoken' | 'shown' = 'spoken'): void {
  setSpoken(text);
  if (where === 'spoken') return;
  const notice = { id: ++last, text };
  setNotices((before) => [...before, notice].slice(-MAX_SHOWN));
  setTimeout(() => setNotices((before) => before.filter(({ id }) => id !== notice.id)), Math.max(SHOWN_FOR_MS, text.length * MS_A_LETTER));
}

/** Says something of a person; of many who come at once in one sentence. */
function together(one: string, more: string, afterMs: number): (name: string) => void {
  const names: string[] = [];
  return (name) => {
    if (names.push(name) > 1) return;
    setTimeout(() => {
      const [first = '', ...others] = names.splice(0);
      announce(others.length > 0 ? t(more, { name: first, count: others.length }) : t(one, { name: first }), 'shown');
    }, afterMs);
  };
}

const sayJoined = together('announce-joined', 'announce-joined-more', JOINED_TOGETHER_MS);
const sayNewDevice = together('announce-new-device', 'announce-new-devices', NEW_DEVICE_AFTER_MS);

/** Only of the host's side: who may do what otherwise changes with every switch. */
function sayRole({ me, name, role }: Pick<Person, 'me' | 'name' | 'role'>, before: PersonRole): void {
  if (role === 'host') announce(me ? t('announce-own-host') : t('announce-host', { name }), 'shown');
  else if (role === 'cohost' && before !== 'host') announce(me ? t('announce-own-cohost') : t('announce-cohost', { name }), 'shown');
  else if (before === 'cohost' && me) announce(t('announce-own-role-gone'), 'shown');
}

/** Announces who joins, leaves, waits, drops and returns, and once a visit who comes with a new device. */
export function createAnnouncements(view: View): void {
  const present = () => ({
    inside: view.phase === 'in_meeting' && view.connection === 'online',
    // Whose name is not known yet has not come for anyone who listens.
    people: new Map(view.people.filter(({ me, name }) => !me && name !== '').map((person) => [person.device, person])),
  });
  createEffect(on(present, (now, before) => {
    // Whom one finds there has not just joined.
    if (!now.inside || !before?.inside) return;
    for (const [device, person] of now.people) if (!before.people.has(device)) sayJoined(person.name);
    for (const [device, person] of before.people) {
      if (!now.people.has(device)) announce(t('announce-left', { name: person.name }), 'shown');
    }
  }));
  const strange = () => (view.phase === 'in_meeting' ? view.people.filter(({ met }) => met === 'new_device') : []);
  const told = new Set<string>();
  createEffect(on(strange, (people) => {
    for (const { device, name } of people) if (!told.has(device)) sayNewDevice(name);
    for (const { device } of people) told.add(device);
  }));
  const dropped = () => view.people.filter(({ me, connected }) => !me && !connected).map(({ name }) => name);
  createEffect(on(dropped, (gone, before) => {
    for (const name of gone) if (before && !before.includes(name)) announce(t('announce-dropped', { name }));
    for (const name of before ?? []) if (!gone.includes(name)) announce(t('announce-back', { name }));
  }));
  const roles = () => (view.phase === 'in_meeting' ? view.people.map(({ me, name, device, role }) => ({ me, name, device, role })) : []);
  createEffect(on(roles, (now, before) => {
    for (const person of now) {
      const earlier = before?.find(({ device }) => device === person.device);
      if (earlier && earlier.role !== person.role) sayRole(person, earlier.role);
    }
  }));
  const raised = () => view.people.filter(({ me, hand }) => !me && hand !== null).map(({ name }) => name);
  createEffect(on(raised, (now, before) => {
    for (const name of now) if (before && !before.includes(name)) announce(t('announce-hand', { name }), 'shown');
  }));
  const waiting = () => view.waiting.map(({ knock, name }) => ({ knock, name }));
  createEffect(on(waiting, (people, before) => {
    const fresh = people.filter(({ knock }) => !before?.some((each) => each.knock === knock));
    if (fresh.length > 0) announce(t('announce-waiting', { name: fresh.map(({ name }) => name).join(', ') }));
  }));
}
