/** The moment before joining: what the meeting is, who is inside, who the person is. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { ApiError } from "../api/http";
import type { Server } from "../api/server";
import type { Lobby } from "../api/types";
import type { Clock } from "../lib/clock";
import type { Store } from "../lib/store";

export type LobbyState =
  | { kind: "loading" }
  | { kind: "ready"; lobby: Lobby }
  | { kind: "refused"; code: string; detail: string; requestId: string | null }
  | { kind: "offline" };

export interface PrejoinPorts {
  server: Pick<Server, "lobby">;
  clock: Clock;
  store: Store;
}

const LOOK_MS = 5_000;
/** As the server counts a name. */
export const NAME_LIMIT = 80;

export class Prejoin {
  private readonly current = signal<LobbyState>({ kind: "loading" });
  private readonly called: ReturnType<typeof signal<string>>;
  private readonly kept: ReturnType<typeof signal<boolean>>;

  /** The name may be used for joining. */
  readonly named: ReadonlySignal<boolean>;

  constructor(
    private readonly meeting: string,
    private readonly token: string | null,
    private readonly ports: PrejoinPorts,
    private readonly lifetime: AbortSignal,
  ) {
    this.called = signal(ports.store.read("name") ?? nameOfToken(token) ?? "");
    this.kept = signal(ports.store.read("name.remember") !== "no");
    this.named = computed(() => (this.called.value ?? "").trim().length > 0);
  }

  get lobby(): ReadonlySignal<LobbyState> {
    return this.current;
  }

  get name(): ReadonlySignal<string | undefined> {
    return this.called;
  }

  get remember(): ReadonlySignal<boolean | undefined> {
    return this.kept;
  }

  start(): void {
    void this.load();
    this.ports.clock.every(LOOK_MS, () => void this.load(), this.lifetime);
  }

  async load(): Promise<void> {
    const state = await this.ask();
    if (!this.lifetime.aborted) this.current.value = state;
  }

  rename(name: string): void {
    this.called.value = name.slice(0, NAME_LIMIT);
  }

  keep(remember: boolean): void {
    this.kept.value = remember;
  }

  /** Whether the token is a host's, as far as one can tell without the server. */
  get host(): boolean {
    return claimOf(this.token, "role") === "host";
  }

  /** Keeps or forgets the name, and gives it. */
  settle(): string {
    const name = (this.called.value ?? "").trim();
    this.ports.store.write("name.remember", this.kept.value ? "yes" : "no");
    if (this.kept.value) this.ports.store.write("name", name);
    else this.ports.store.remove("name");
    return name;
  }

  private async ask(): Promise<LobbyState> {
    try {
      return { kind: "ready", lobby: await this.ports.server.lobby(this.meeting, this.token) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.offline) return { kind: "offline" };
      const { code, detail, requestId } = error;
      return { kind: "refused", code, detail, requestId };
    }
  }
}

/** The name inside a join token; the server is the one who checks it. */
export function nameOfToken(token: string | null): string | null {
  return claimOf(token, "name");
}

function claimOf(token: string | null, claim: string): string | null {
  const payload = token?.split(".")[1];
  if (!payload) return null;
  try {
    const bytes = Uint8Array.from(
      atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.codePointAt(0) ?? 0,
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const value: unknown = Object(claims)[claim];
    return typeof value === "string" ? value : null;
  } catch {
    return null; // Not a token of ours: the server will say so.
  }
}
