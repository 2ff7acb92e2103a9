import { Icon, type IconShape } from '../icon';

/** A round button whose icon stands for its label. */
export function Action(props: { icon: IconShape; label: string; press: () => void; off?: boolean }) {
  return (
    <button class="round" classList={{ off: props.off ?? false }} aria-label={props.label} title={props.label} onClick={() => props.press()}>
      <Icon of={props.icon} size={20} />
    </button>
  );
}
