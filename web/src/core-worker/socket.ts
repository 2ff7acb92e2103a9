import type { Input } from '../state/core';

/** The one signalling socket; what an earlier one still says is ignored. */
export class Socket {
  private current: WebSocket | undefined;

  constructor(private readonly origin: string, private readonly tell: (input: Input) => void) {}

  open(path: string): void {
    this.close();
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
    const socket = this.current;
    this.current = undefined;
    socket?.close();
  }

  /** Dropped unless open: the core starts over with whatever socket comes next. */
  send(text: string): void {
    if (this.current?.readyState === WebSocket.OPEN) this.current.send(text);
  }
}
