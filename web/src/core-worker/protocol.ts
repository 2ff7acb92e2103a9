// What the main thread and the core worker tell each other. No key is ever among it.

import type { Command, MediaCommand, MediaEvent, Notice } from '../state/core';
import type { ShortView } from '../state/short-view';

export type ToCore =
  /** Makes a meeting on this server; answered with `created` or `not_created`. */
  | { type: 'create'; origin: string; name: string }
  /** Takes part in a meeting. `frames` leads to the frame worker; `reloaded` is whether this page was here a moment ago. */
  | { type: 'open'; origin: string; meeting: string; fragment: string | null; frames: MessagePort; reloaded: boolean }
  /** Takes the meeting over from the tab that has it. */
  | { type: 'take_over' }
  | { type: 'command'; command: Command }
  | { type: 'media'; event: MediaEvent }
  /** The device has a network again; browsers tell it to pages, and not all tell it to workers. */
  | { type: 'network_changed' };

export type FromCore =
  | { type: 'created'; path: string }
  | { type: 'not_created'; why: 'refused' | 'busy' | 'unreachable' }
  /** `handled` holds, per mid, the last verified sender that this view takes into account. */
  | { type: 'view'; view: ShortView; handled: Handled }
  | { type: 'notice'; notice: Notice }
  | { type: 'media'; command: MediaCommand }
  /** Another tab has this meeting open. */
  | { type: 'elsewhere' }
  /** The worker cannot go on: no WebAssembly, or a bug. */
  | { type: 'broken' };

export type Handled = Record<string, { epoch: number; leaf: number }>;
