import { For, splitProps } from 'solid-js';
import { Dynamic } from 'solid-js/web';

export type IconShape = [tag: string, attributes: Record<string, string>][];

/** A drawing beside words; it says nothing by itself. */
export function Icon(props: { of: IconShape; size?: number }) {
  const [own] = splitProps(props, ['of', 'size']);
  return (
    <svg class="icon" width={own.size ?? 22} height={own.size ?? 22} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <For each={own.of}>{([tag, attributes]) => <SvgPart tag={tag} attributes={attributes} />}</For>
    </svg>
  );
}

const SvgPart = (props: { tag: string; attributes: Record<string, string> }) => (
  <Dynamic component={props.tag} {...props.attributes} />
);
