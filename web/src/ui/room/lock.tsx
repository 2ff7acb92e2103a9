import { Show } from 'solid-js';
import type { Safety } from '../../state/core';
import { t } from '../../state/i18n';
import { Icon } from '../icon';
import { Door, DoorOpen, Warning } from '../icons';

const WORDS: Record<Safety, string> = {
  none: 'preparing', private: 'private', unconfirmed: 'safety-unconfirmed', paused: 'safety-paused', interference: 'safety-interference',
};

/** The closed door at the top left; another shape and other words when something cannot be verified. */
export function Lock(props: { safety: Safety; open: () => void }) {
  const shape = () => {
    if (props.safety === 'interference') return Warning;
    return props.safety === 'unconfirmed' || props.safety === 'paused' ? DoorOpen : Door;
  };
  return (
    <div class={`lock ${props.safety}`}>
      <button aria-label={t('encryption')} aria-describedby="lock-words" onClick={() => props.open()}><Icon of={shape()} size={20} /></button>
      <span id="lock-words">{t(WORDS[props.safety])}</span>
    </div>
  );
}

export function SafetyBanner(props: { safety: Safety }) {
  const worrying = () => props.safety === 'unconfirmed' || props.safety === 'paused' || props.safety === 'interference';
  return (
    <Show when={worrying()}>
      <div class={`banner safety ${props.safety}`} role="status" aria-label={t(WORDS[props.safety])}>
        <Icon of={Warning} />
        <p><strong>{t(WORDS[props.safety])}.</strong> {t(`safety-${props.safety}-more`)}</p>
      </div>
    </Show>
  );
}
