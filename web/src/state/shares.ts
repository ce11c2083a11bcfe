/** The links to one recording: made, listed with their use, withdrawn. */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { NewShare, RecordingsServer } from "../api/recordings";
import type { ShareLink, ShareUse } from "../api/types";
import { milliseconds } from "../lib/date";
import { sentence } from "./home";

export type ShareEnd = "good" | "expired" | "revoked";

/** Whether a link still leads anywhere at a time, in milliseconds since 1970. */
export function endOf(link: ShareLink, wall: number): ShareEnd {
  if (link.revoked_at) return "revoked";
  return milliseconds(link.expires_at) <= wall ? "expired" : "good";
}

type Wanted = Pick<RecordingsServer, "shares" | "createShare" | "revokeShare" | "shareUses">;

export class Shares {
  private readonly known = signal<ShareLink[] | null>(null);
  private readonly fresh = signal<string | null>(null);
  private readonly opened = signal<{ id: string; uses: ShareUse[] } | null>(null);
  private readonly trouble = signal<string | null>(null);

  constructor(
    private readonly server: Wanted,
    private readonly recording: string,
  ) {}

  /** Newest first; null until they are known. */
  get links(): ReadonlySignal<ShareLink[] | null> {
    return this.known;
  }

  /** The link just made; nobody can be told it again. */
  get made(): ReadonlySignal<string | null> {
    return this.fresh;
  }

  /** The link whose log is open, and its last uses, newest first. */
  get log(): ReadonlySignal<{ id: string; uses: ShareUse[] } | null> {
    return this.opened;
  }

  get problem(): ReadonlySignal<string | null> {
    return this.trouble;
  }

  load(): Promise<void> {
    return this.guarded(() => this.read());
  }

  create(wish: NewShare): Promise<void> {
    return this.guarded(async () => {
      this.fresh.value = (await this.server.createShare(this.recording, wish)).url;
      await this.read();
    });
  }

  revoke(id: string): Promise<void> {
    return this.guarded(async () => {
      await this.server.revokeShare(this.recording, id);
      await this.read();
    });
  }

  /** Opens a link's log, or closes it. */
  show(id: string): Promise<void> {
    return this.guarded(async () => {
      if (this.opened.value?.id === id) {
        this.opened.value = null;
        return;
      }
      const { items } = await this.server.shareUses(this.recording, id);
      this.opened.value = { id, uses: items };
    });
  }

  private async read(): Promise<void> {
    this.known.value = (await this.server.shares(this.recording)).items.toReversed();
  }

  private async guarded(action: () => Promise<void>): Promise<void> {
    this.trouble.value = null;
    try {
      await action();
    } catch (error) {
      this.trouble.value = sentence(error);
    }
  }
}
