// What this person may do here. The page only hides or explains what the others' devices and the server would refuse.

import type { Right, View } from './core';
import { t } from './i18n';

/** Whether this person may share a screen at all; whether somebody else is sharing is another matter. */
export const mayShare = (view: Pick<View, 'phase' | 'may'>): boolean => view.phase === 'in_meeting' && view.may.share;

type Fixed = Pick<View, 'policy'>;

/** Why nobody in the meeting can turn this switch; empty when the host's side can. */
export const whyFixed = (view: Fixed, name: string): string => (view.policy.pinned.includes(name) ? because(view, 'fixed') : '');

/** Why there is no such thing on this server, beginning with `words`; empty when there is. */
export const whyForbidden = (view: Fixed, feature: string, words: string): string =>
  view.policy.forbidden.includes(feature) ? because(view, words) : '';

/** Why no participant has this right; empty when the host's side could give it. */
export const whyClosed = (view: Pick<View, 'policy' | 'rules'>, right: Right): string => (view.rules[right] ? '' : whyFixed(view, right));

/** Why this person may not do this: those who run the server do not want it, or, in the words of `byHost`, the host. */
export const whyNot = (view: Pick<View, 'policy' | 'rules'>, right: Right, byHost: string): string =>
  view.policy.pinned.includes(right) && !view.rules[right] ? because(view, 'not-here') : t(byHost);

const because = ({ policy }: Fixed, words: string): string => (policy.reason ? t('fixed-because', { words: t(words), reason: policy.reason }) : t(words));

export const ownHand = (view: Pick<View, 'people'>): boolean => view.people.some((person) => person.me && person.hand !== null);

/** Whether this person only watches. */
export const watches = (view: Pick<View, 'people'>): boolean => view.people.some(({ me, role }) => me && role === 'viewer');
