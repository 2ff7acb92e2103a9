import { Show } from 'solid-js';
import type { ScreenHint } from '../../media/codecs';
import { t } from '../../state/i18n';
import type { Sharing } from '../../state/sharing';
import { OwnVideo } from '../devices';
import { Icon } from '../icon';
import { Screen, ScreenOff } from '../icons';

/** What everyone must know who shares: that they do, what it is, and how to stop. */
export function ShareBar(props: { sharing: Sharing }) {
  const surface = () => props.sharing.surface() ?? 'something';
  return (
    <div class="share-bar">
      {/* A whole screen shows this page too: a picture of it here would show itself without end. */}
      <Show when={surface() !== 'monitor'} fallback={<span class="share-sign"><Icon of={Screen} size={24} /></span>}>
        <span class="share-preview"><OwnVideo track={props.sharing.picture} label={t('share-preview')} /></span>
      </Show>
      <p role="status">
        <strong>{t(`sharing-${surface()}`)}</strong>
        <span>{t(props.sharing.sound() ? 'sharing-sound' : 'sharing-silent')}</span>
      </p>
      <div class="share-hint" role="group" aria-label={t('share-matters')}>
        <HintButton sharing={props.sharing} hint="detail" />
        <HintButton sharing={props.sharing} hint="motion" />
      </div>
      <button class="button small danger" onClick={() => props.sharing.stop()}><Icon of={ScreenOff} size={20} />{t('stop-sharing')}</button>
    </div>
  );
}

const HintButton = (props: { sharing: Sharing; hint: ScreenHint }) => (
  <button aria-pressed={props.sharing.hint() === props.hint} onClick={() => props.sharing.setHint(props.hint)}>{t(`share-${props.hint}`)}</button>
);
