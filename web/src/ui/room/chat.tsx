import { createEffect, createSignal, For, onMount, Show } from 'solid-js';
import { t } from '../../state/i18n';
import { whyNot } from '../../state/rights';
import { Icon } from '../icon';
import { Send } from '../icons';
import { SidePanel } from './panel';
import { splitLinks as split } from './links';
import type { RoomState } from './room';

/** One message may be this long; the core refuses more. */
const MAX_MESSAGE = 2_000;

export function ChatPanel(props: { room: RoomState }) {
  const view = () => props.room.meeting.view;
  const [text, setText] = createSignal('');
  let log: HTMLElement | undefined;
  let field: HTMLTextAreaElement | undefined;
  createEffect(() => {
    if (view().chat.length > 0) queueMicrotask(() => log?.scrollTo({ top: log.scrollHeight }));
  });
  onMount(() => field?.focus({ preventScroll: true }));
  const send = () => {
    const message = text().trim();
    if (message === '') return;
    props.room.meeting.send({ command: 'chat', text: message });
    setText('');
  };
  const enter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <SidePanel title={t('chat')} close={() => props.room.closePanel()} focus={false}>
      <div class="chat-log" role="log" aria-label={t('messages')} tabindex="0" ref={(element) => (log = element)}>
        <Show when={view().chat.length === 0}><p class="chat-empty">{t('chat-empty')}</p></Show>
        <For each={view().chat}>{(line, index) => (
          <div class="chat-line" classList={{ mine: line.device === view().my_device, follows: view().chat[index() - 1]?.device === line.device }}>
            <p class="chat-who"><bdi>{line.name}</bdi> <time>{clock(line.at)}</time></p>
            <p class="chat-text" dir="auto"><Linked text={line.text} /></p>
            <Show when={line.delivery === 'waiting'}><p class="chat-state sending" aria-hidden="true">{t('chat-waiting')}</p></Show>
            <Show when={line.delivery === 'failed'}><p class="chat-state not-delivered">{t('chat-failed')}</p></Show>
          </div>
        )}</For>
      </div>
      <Show when={!view().may.chat}><p class="chat-off" role="status">{whyNot(view(), 'chat', 'chat-off')}</p></Show>
      <form class="chat-form" hidden={!view().may.chat} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <textarea ref={(element) => (field = element)} aria-label={t('message')} placeholder={t('chat-everyone')} rows="2" maxlength={MAX_MESSAGE}
          value={text()} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={enter} />
        <button class="round filled" type="submit" aria-label={t('send')}><Icon of={Send} /></button>
      </form>
    </SidePanel>
  );
}

/** Addresses can be followed; they learn nothing of this page. */
function Linked(props: { text: string }) {
  return (
    <For each={split(props.text)}>{(part) => (
      <Show when={part.link} fallback={part.text}>
        <a href={part.text} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a>
      </Show>
    )}</For>
  );
}

const clock = (at: number) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
