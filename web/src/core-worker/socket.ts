import type { Input } from '../state/core';
import { reachable } from './reachable';

/** The one signalling socket; what an earlier one still says is ignored. */
export class Socket {
  private current: WebSocket | undefined;
  private attempt = new AbortController();
  private first = true;

  constructor(private readonly origin: string, private readonly tell: (input: Input) => void) {}

  /**
   * Browsers put off new WebSockets to a server after failed ones, Chromium by seconds and Firefox by up to a
   * minute. So only the first is opened unasked; later ones when the server is known to answer.
   */
  open(path: string): void {
    this.close();
    if (!this.first) return void this.openOnceReachable(path, this.attempt.signal);
    this.first = false;
    this.begin(path);
  }

  private async openOnceReachable(path: string, signal: AbortSignal) {
    const answers = await reachable(this.origin, signal);
    if (signal.aborted) return;
    if (answers) this.begin(path);
    else this.tell({ type: 'socket_closed' });
  }

  private begin(path: string) {
    const address = new URL(path, this.origin);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address);
    this.current = socket;
    const mine = (then: () => void) => () => {
      if (this.current === socket) then();
    };
    socket.onopen = mine(() => this.tell({ type: 'socket_opened' }));
    socket.onmessage = (event) => mine(() => this.tell({ type: 'socket_message', text: String(event.data) }))();
    socket.onclose = mine(() => {
      this.current = undefined;
      this.tell({ type: 'socket_closed' });
    });
  }

  close(): void {
    this.attempt.abort();
    this.attempt = new AbortController();
    const socket = this.current;
    this.current = undefined;
    socket?.close();
  }

  /** Dropped unless open: the core starts over with whatever socket comes next. */
  send(text: string): void {
    if (this.current?.readyState === WebSocket.OPEN) this.current.send(text);
  }
}
