import { createSignal, For, Show } from 'solid-js';
import { t } from '../state/i18n';
import { CATEGORIES, LONGEST_REPORT, meetingId, sendReport, type Category, type Outcome } from '../state/report';

/** To those who run the server, by this person's own choice: says who will read it, and what is sent, before it is. */
export default function ReportForm() {
  const [category, setCategory] = createSignal<Category>('conduct');
  const [text, setText] = createSignal('');
  const [outcome, setOutcome] = createSignal<Outcome | 'empty' | 'sending' | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    if (outcome() === 'sending') return;
    if (text().trim() === '') return setOutcome('empty');
    setOutcome('sending');
    setOutcome(await sendReport(category(), text().trim()));
  };
  const problem = () => {
    const now = outcome();
    return now && now !== 'sent' && now !== 'sending' ? t(`report-${now}`) : '';
  };
  return (
    <Show when={outcome() !== 'sent'} fallback={<p role="status" tabindex="-1" ref={(words) => queueMicrotask(() => words.focus())}>{t('report-sent')}</p>}>
      <form class="stack report" aria-label={t('report')} onSubmit={(event) => void send(event)}>
        <p>{t('report-who-reads')}</p>
        <label class="field">
          <span>{t('report-category')}</span>
          <select onChange={(event) => setCategory(event.currentTarget.value as Category)}>
            <For each={CATEGORIES}>{(name) => <option value={name} selected={name === category()}>{t(`report-${name}`)}</option>}</For>
          </select>
        </label>
        <label class="field">
          <span>{t('report-text')}</span>
          <textarea rows="5" maxlength={LONGEST_REPORT} value={text()} aria-invalid={outcome() === 'empty'} aria-describedby="report-sends"
            onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <p class="hint" id="report-sends">{t('report-sends', { id: meetingId() })}</p>
        <Show when={problem()}><p class="problem" role="alert">{problem()}</p></Show>
        <button class="button primary" type="submit" aria-disabled={outcome() === 'sending' ? true : undefined}>{t('report-send')}</button>
      </form>
    </Show>
  );
}
