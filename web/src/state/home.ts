/** Starting a meeting, or finding one by its link. */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import { ApiError } from "../api/http";
import type { Server } from "../api/server";
import type { ClientConfig } from "../api/types";
import { maybe, t } from "../lib/i18n";
import { readMeetingLink } from "../lib/link";
import type { Store } from "../lib/store";
import { addRecent, type Recent, readRecents, removeRecent } from "./recents";

export type Account =
  | { kind: "loading" }
  | { kind: "offline" }
  | { kind: "ready"; config: ClientConfig; access: Access };

/** Development mode is open; elsewhere starting a meeting needs a sign-in. */
export type Access = "open" | "signed_in" | "signed_out";

/** An `ApiError` as a sentence with its code, in one form for all pages. */
export function sentence(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.offline) return t("error.offline");
  const text = maybe(`error.${error.code}`) ?? error.detail;
  const id = error.requestId ? ` · ${t("error.request", { id: error.requestId })}` : "";
  return `${text} (${error.code}${id})`;
}

export class Home {
  private readonly current = signal<Account>({ kind: "loading" });
  private readonly working = signal(false);
  private readonly problem = signal<string | null>(null);
  private readonly linkProblem = signal<string | null>(null);
  private readonly list: ReturnType<typeof signal<Recent[]>>;

  constructor(
    private readonly server: Server,
    private readonly store: Store,
    private readonly wall: () => number,
    /** Opens a meeting, with the token that admits to it if there is one. */
    private readonly go: (meeting: string, token: string | null) => void,
  ) {
    this.list = signal(readRecents(store));
  }

  get account(): ReadonlySignal<Account> {
    return this.current;
  }

  get busy(): ReadonlySignal<boolean> {
    return this.working;
  }

  get error(): ReadonlySignal<string | null> {
    return this.problem;
  }

  get linkError(): ReadonlySignal<string | null> {
    return this.linkProblem;
  }

  get recents(): ReadonlySignal<Recent[] | undefined> {
    return this.list;
  }

  async load(): Promise<void> {
    try {
      const config = await this.server.config();
      this.current.value = { kind: "ready", config, access: await this.access(config) };
    } catch {
      this.current.value = { kind: "offline" };
    }
  }

  /** Makes a meeting and opens it as its host; `access` is left to the server when not given. */
  async start(title: string, access?: "link" | "token"): Promise<void> {
    await this.work(async () => {
      const meeting = await this.server.createMeeting(title.trim(), access);
      const name = this.store.read("name") ?? t("home.hostName");
      const { token } = await this.server.hostToken(meeting.id, name);
      addRecent(this.store, { id: meeting.id, title: meeting.title, at: this.wall() });
      this.go(meeting.id, token);
    });
  }

  join(text: string): void {
    const link = readMeetingLink(text);
    this.linkProblem.value = link ? null : t("home.linkUnreadable");
    if (link) this.go(link.meeting, link.token);
  }

  async signIn(credential: string): Promise<void> {
    await this.work(async () => {
      await this.server.signIn(credential.trim());
      await this.load();
    });
  }

  async signOut(): Promise<void> {
    await this.work(async () => {
      await this.server.signOut();
      await this.load();
    });
  }

  forget(id: string): void {
    removeRecent(this.store, id);
    this.list.value = readRecents(this.store);
  }

  private async access(config: ClientConfig): Promise<Access> {
    if (!config.sign_in_required) return "open";
    return (await this.server.signedIn()) ? "signed_in" : "signed_out";
  }

  private async work(action: () => Promise<void>): Promise<void> {
    this.working.value = true;
    this.problem.value = null;
    try {
      await action();
    } catch (error) {
      this.problem.value = sentence(error);
    } finally {
      this.working.value = false;
    }
  }
}
