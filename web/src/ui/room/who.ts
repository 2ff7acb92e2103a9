// Who somebody is, as far as this device can tell, in words.

import { createMemo, type Accessor } from 'solid-js';
import type { View } from '../../state/core';
import { t } from '../../state/i18n';
import { resemblances } from '../../state/look-alike';

/** Of each device here or at the door whose name could be taken for another's: what to say of it. */
export function createAlike(view: View): Accessor<Map<string, string>> {
  return createMemo(() => {
    const found = resemblances([...view.people, ...view.waiting]);
    return new Map([...found].map(([device, { same, name }]) => [device, same ? t('same-name') : t('looks-like', { name })]));
  });
}
