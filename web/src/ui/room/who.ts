// Who somebody is, as far as this device can tell, in words.

import { createMemo, type Accessor } from 'solid-js';
import type { Met, View } from '../../state/core';
import { t } from '../../state/i18n';
import { resemblances } from '../../state/look-alike';

/** What is known of a device from earlier visits; empty of one that was never met. */
export function metWords(met: Met): string {
  if (typeof met === 'object') return t('met-same-device-as', { name: met.same_device_as });
  return { never: '', same_device: t('met-same-device'), new_device: t('met-new-device') }[met];
}

/** Of each device here or at the door whose name could be taken for another's: what to say of it. */
export function createAlike(view: View): Accessor<Map<string, string>> {
  return createMemo(() => {
    const found = resemblances([...view.people, ...view.waiting]);
    return new Map([...found].map(([device, { same, name }]) => [device, same ? t('same-name') : t('looks-like', { name })]));
  });
}
