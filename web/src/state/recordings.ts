/** The recordings a person may hear, kept fresh while some are still being made. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { ApiError } from "../api/http";
import type { Server } from "../api/server";
import type { RecordingFile, RecordingInfo, RecordingState } from "../api/types";
import type { Clock } from "../lib/clock";
import { sentence } from "./home";

export type ListState =
  | { kind: "loading" }
  | { kind: "ready" }
  | { kind: "denied" }
  | { kind: "offline" }
  | { kind: "error"; text: string };

const LOOK_MS = 3_000;
const UNFINISHED: ReadonlySet<RecordingState> = new Set([
  "starting",
  "recording",
  "paused",
  "stopping",
  "processing",
]);

export function isUnfinished(recording: RecordingInfo): boolean {
  return UNFINISHED.has(recording.state);
}

/** Whether a file is what one person sent; mixes and the like are of everybody. */
export function isTrack(file: RecordingFile): boolean {
  return file.participant_id !== null;
}

export class Recordings {
  private readonly current = signal<ListState>({ kind: "loading" });
  private readonly known = signal<RecordingInfo[]>([]);
  private readonly cursor = signal<string | null>(null);
  private readonly asked = signal("");
  private readonly trouble = signal<string | null>(null);

  /** Those that match the search. */
  readonly shown: ReadonlySignal<RecordingInfo[]> = computed(() => {
    const words = this.asked.value.trim().toLowerCase();
    if (!words) return this.known.value;
    return this.known.value.filter((recording) =>
      [recording.title ?? "", recording.state, ...recording.files.map((file) => file.name ?? "")]
        .join(" ")
        .toLowerCase()
        .includes(words),
    );
  });

  constructor(
    private readonly server: Pick<Server, "recordings" | "deleteRecording">,
    private readonly clock: Clock,
    private readonly lifetime: AbortSignal,
  ) {}

  get state(): ReadonlySignal<ListState> {
    return this.current;
  }

  get all(): ReadonlySignal<RecordingInfo[]> {
    return this.known;
  }

  get more(): ReadonlySignal<string | null> {
    return this.cursor;
  }

  get search(): ReadonlySignal<string> {
    return this.asked;
  }

  /** Why the last action on a recording did not work. */
  get problem(): ReadonlySignal<string | null> {
    return this.trouble;
  }

  start(): void {
    void this.load();
    this.clock.every(LOOK_MS, () => this.follow(), this.lifetime);
  }

  find(text: string): void {
    this.asked.value = text;
  }

  async load(): Promise<void> {
    await this.guarded(async () => {
      const page = await this.server.recordings(null, this.lifetime);
      // Pages loaded further down stay; what is new or changed comes from the first page.
      const fresh = new Set(page.items.map((item) => item.id));
      const first = this.known.value.length <= page.items.length;
      const later = first ? [] : this.known.value.filter((item) => !fresh.has(item.id));
      this.known.value = [...page.items, ...later];
      if (first) this.cursor.value = page.next_cursor;
      this.current.value = { kind: "ready" };
    });
  }

  async loadMore(): Promise<void> {
    const cursor = this.cursor.value;
    if (!cursor) return;
    await this.guarded(async () => {
      const page = await this.server.recordings(cursor, this.lifetime);
      this.known.value = [...this.known.value, ...page.items];
      this.cursor.value = page.next_cursor;
    });
  }

  async remove(id: string): Promise<void> {
    this.trouble.value = null;
    try {
      await this.server.deleteRecording(id);
      this.known.value = this.known.value.filter((recording) => recording.id !== id);
    } catch (error) {
      this.trouble.value = sentence(error);
    }
  }

  private follow(): void {
    const waiting = this.known.value.some(isUnfinished) || this.current.value.kind === "offline";
    if (waiting) void this.load();
  }

  private async guarded(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (this.lifetime.aborted) return;
      this.current.value = failure(error);
    }
  }
}

function failure(error: unknown): ListState {
  if (!(error instanceof ApiError)) throw error;
  if (error.offline) return { kind: "offline" };
  if (error.status === 401 || error.status === 403) return { kind: "denied" };
  return { kind: "error", text: sentence(error) };
}
