import { For } from 'solid-js';
import { t } from '../state/i18n';
import { Page } from './frame';

export default function Privacy() {
  return (
    <Page>
      <article class="prose">
        <h1>{t('privacy-title')}</h1>
        <For each={[1, 2, 3, 4, 5]}>{(part) => (
          <section>
            <h2>{t(`privacy-${part}-title`)}</h2>
            <p>{t(`privacy-${part}`)}</p>
          </section>
        )}</For>
      </article>
    </Page>
  );
}
