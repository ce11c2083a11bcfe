/** One WebSocket with a heartbeat: opened, texts in and out, lost exactly once. */
import type { Clock } from "../lib/clock";
import { type ClientMessage, parseMessage, type ServerMessage } from "./messages";

/** What of a WebSocket we use; tests bring their own. */
export interface RawSocket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface SocketListener {
  opened(): void;
  received(message: ServerMessage): void;
  lost(code: number): void;
}

const PING_MS = 2_000;
/** Three pings without an answer: the socket is dead though nobody said so. */
const SILENT_MS = 6_500;
/** A handshake that takes longer has met a dead network. */
const OPENING_MS = 8_000;

export class SignalSocket {
  private readonly ended = new AbortController();
  private heard: number;
  private pings = 0;
  private ready = false;

  constructor(
    private readonly raw: RawSocket,
    private readonly clock: Clock,
    private readonly listener: SocketListener,
  ) {
    this.heard = clock.now();
    raw.onopen = () => this.open();
    raw.onmessage = (event) => this.receive(event.data);
    raw.onclose = (event) => this.finish(event.code);
    clock.after(OPENING_MS, () => !this.ready && this.finish(1006), this.ended.signal);
  }

  send(message: ClientMessage): void {
    if (this.ready && !this.ended.signal.aborted) this.raw.send(JSON.stringify(message));
  }

  /** Closes without telling the listener. */
  drop(): void {
    this.ended.abort();
    this.raw.close();
  }

  private open(): void {
    if (this.ended.signal.aborted) return;
    this.ready = true;
    this.heard = this.clock.now();
    this.clock.every(PING_MS, () => this.beat(), this.ended.signal);
    this.listener.opened();
  }

  private beat(): void {
    if (this.clock.now() - this.heard > SILENT_MS) return this.finish(1006);
    this.pings += 1;
    this.send({ type: "ping", id: this.pings });
  }

  private receive(data: unknown): void {
    if (this.ended.signal.aborted || typeof data !== "string") return;
    this.heard = this.clock.now();
    const message = parseMessage(data);
    if (message && message.type !== "pong") this.listener.received(message);
  }

  private finish(code: number): void {
    if (this.ended.signal.aborted) return;
    this.drop();
    this.listener.lost(code);
  }
}
