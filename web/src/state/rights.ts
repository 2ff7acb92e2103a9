// What this person may do here. The page only hides or explains what the others' devices and the server would refuse.

import type { View } from './core';

/** Whether this person may share a screen at all; whether somebody else is sharing is another matter. */
export const mayShare = (view: Pick<View, 'phase' | 'may'>): boolean => view.phase === 'in_meeting' && view.may.share;
