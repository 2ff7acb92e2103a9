// Carries out what one participant core asks for, strictly in order.

import type { FrameCommand, Input, MediaCommand, Notice, Output, View } from '../state/core';
import { fromBase64url } from '../state/base64url';
import type { Handled } from './protocol';
import { Socket } from './socket';

/** The participant as WebAssembly offers it. */
export interface Core {
  handle(input: Input): Output[];
  free(): void;
}

export interface Surroundings {
  origin: string;
  save(state: Uint8Array<ArrayBuffer>): Promise<void>;
  forget(): Promise<void>;
  view(view: View, handled: Handled): void;
  notice(notice: Notice): void;
  media(command: MediaCommand): void;
  frames(command: FrameCommand): void;
  broken(): void;
}

/** More than this unhandled means that the core is stuck; the page then says so. */
const MAX_INPUTS = 4_096;

export class Shell {
  private readonly socket: Socket;
  private readonly inputs: Input[] = [];
  private readonly handled: Handled = {};
  private lastView: View | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private stopped = false;

  constructor(private readonly core: Core, first: Output[], private readonly around: Surroundings) {
    this.socket = new Socket(around.origin, (input) => this.tell(input));
    void this.run(first);
  }

  tell(input: Input): void {
    if (this.stopped) return;
    if (this.inputs.length >= MAX_INPUTS) return this.stop();
    this.inputs.push(input);
    void this.run([]);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket.close();
    this.around.frames({ frames: 'clear' });
  }

  private async run(first: Output[]) {
    if (this.running) return;
    this.running = true;
    try {
      for (const output of first) await this.carryOut(output);
      for (let input = this.inputs.shift(); input && !this.stopped; input = this.inputs.shift()) {
        await this.handle(input);
      }
    } catch {
      this.stop();
      this.around.broken();
    } finally {
      this.running = false;
    }
  }

  private async handle(input: Input) {
    const outputs = this.core.handle(input);
    if (input.type === 'frames' && input.frames === 'slot_verified') {
      this.handled[input.mid] = { epoch: input.epoch, leaf: input.leaf };
      if (this.lastView && !outputs.some((output) => output.type === 'view')) this.show(this.lastView);
    }
    for (const output of outputs) await this.carryOut(output);
  }

  private async carryOut(output: Output) {
    switch (output.type) {
      case 'connect': return this.socket.open(output.path);
      case 'disconnect': return this.socket.close();
      case 'send': return this.socket.send(output.text);
      case 'save': return this.around.save(fromBase64url(output.state));
      case 'forget': return this.around.forget();
      case 'wake_at': return this.wakeAt(output.mono);
      case 'view': return this.show(output.view);
      case 'notice': return this.around.notice(output.notice);
      case 'media': return this.around.media(output);
      case 'frames': return this.around.frames(output);
    }
  }

  private show(view: View) {
    this.lastView = view;
    this.around.view(view, { ...this.handled });
  }

  private wakeAt(mono: number) {
    clearTimeout(this.timer);
    const left = Math.ceil(mono - performance.now());
    // Timers may be early by a fraction; the core asks for a moment only once.
    this.timer = left > 0 ? setTimeout(() => this.wakeAt(mono), left) : setTimeout(() => this.tell({ type: 'tick' }));
  }
}
