// Sharing a screen: who does, whether I may, and what ends it.

import { createEffect, on } from 'solid-js';
import { canShareScreen, ScreenCapture } from '../media/screen';
import { announce } from './announce';
import type { Person, View } from './core';
import { t } from './i18n';
import { mayShare, whyNot } from './rights';

/** Two who begin within this time have not seen each other do so. */
const SAME_MOMENT_MS = 3_000;

export type Sharing = ReturnType<typeof createSharing>;

/** Who is sharing; whoever is away, is not. */
export const presenters = (people: Person[]): Person[] => people.filter(({ screen_on, connected }) => screen_on && connected);

/** Whether anybody else's screen can be seen. */
export const otherPresenter = (people: Person[]): Person | undefined => presenters(people).find(({ me }) => !me);

/** One presenter at a time, unless the rules allow several: whoever must stop before this device may share. */
export const inTheWay = (view: Pick<View, 'people' | 'rules'>): Person | undefined =>
  view.rules.several_presenters ? undefined : otherPresenter(view.people);

/** Whose screen to show: the one shown before as long as it is there. */
export function shownPresenter(people: Person[], before: string | null): string | null {
  const sharing = presenters(people).filter(({ me }) => !me);
  return (sharing.find(({ device }) => device === before) ?? sharing[0])?.device ?? null;
}

/** Of two who began at the same moment the one with the smaller key goes on; both come to the same answer. */
export const yieldsTo = (other: { device: string }, mine: { device: string; since: number }, now: number): boolean =>
  now - mine.since < SAME_MOMENT_MS && other.device < mine.device;

export function createSharing(view: View) {
  const screen = new ScreenCapture();
  let since = 0;
  let returnedAt = -Infinity;
  const sharing = () => screen.picture() !== null;

  /** Why the button does nothing just now; empty when it does. */
  const obstacle = (): string => {
    const other = inTheWay(view);
    if (!mayShare(view)) return whyNot(view, 'share', 'share-not-allowed');
    return other ? t('share-taken', { name: other.name }) : '';
  };

  async function start(): Promise<void> {
    if (obstacle()) return announce(obstacle(), 'shown');
    const why = await screen.start();
    if (why === 'system' || why === 'failed') return announce(t(`share-${why}`), 'shown');
    if (why || !sharing()) return;
    if (obstacle()) return end(obstacle());
    since = performance.now();
    announce(t('announce-sharing'));
  }

  function stop(): void {
    if (!sharing()) return;
    screen.stop();
    announce(t('announce-sharing-ended'));
  }

  function end(why: string): void {
    screen.stop();
    announce(why, 'shown');
  }

  screen.onEnded = () => announce(t('announce-sharing-ended'), 'shown');
  createEffect(on(() => view.connection, (now, before) => {
    if (now === 'online' && before === 'returning') returnedAt = performance.now();
  }));
  // Someone may have begun at the same moment, or while this device was away.
  createEffect(() => {
    const other = inTheWay(view);
    if (!sharing() || !other || view.connection !== 'online') return;
    const now = performance.now();
    const missed = now - returnedAt < SAME_MOMENT_MS;
    if (missed || yieldsTo(other, { device: view.my_device, since }, now)) end(t('share-taken', { name: other.name }));
  });
  // While away nothing is known of the rules; they are looked at again on return.
  createEffect(() => {
    if (sharing() && view.phase === 'in_meeting' && !mayShare(view)) end(t('share-ended'));
  });
  createShareAnnouncements(view);

  return {
    sharing, start, stop, obstacle,
    /** The host's side ends it. */
    stopped: () => sharing() && end(t('share-ended')),
    /** Where it can be done at all; elsewhere there is no button. */
    possible: canShareScreen(),
    picture: screen.picture, sound: screen.sound, surface: screen.surface,
    hint: screen.hint, setHint: (hint: 'detail' | 'motion') => screen.setHint(hint),
  };
}

/** Who begins and who ends, in words. */
function createShareAnnouncements(view: View) {
  const names = () => (view.phase === 'in_meeting' ? presenters(view.people).filter(({ me }) => !me).map(({ name }) => name) : []);
  createEffect(on(names, (now, before = []) => {
    for (const name of now) if (!before.includes(name)) announce(t('announce-shares', { name }));
    for (const name of before) if (!now.includes(name)) announce(t('announce-shares-ended', { name }));
  }));
}
