/** The person's own microphone and camera: wanted or not, open or not, and why not. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Clock } from "../lib/clock";
import type { Store } from "../lib/store";
import type { DeviceInfo, DeviceKind, Devices } from "../rtc/devices";
import { type DeviceProblem, problemOf } from "../rtc/problems";

export type DeviceState =
  | { kind: "off" }
  | { kind: "asking" }
  | { kind: "on"; track: MediaStreamTrack }
  | { kind: "problem"; problem: DeviceProblem; detail: string };

type WatchLevel = (
  track: MediaStreamTrack,
  clock: Clock,
  show: (level: number) => void,
  signal: AbortSignal,
) => void;

export interface MediaPorts {
  devices: Devices;
  clock: Clock;
  store: Store;
  watchLevel: WatchLevel;
}

/** Below this for so long the microphone is silent: even a quiet room has some noise. */
const SILENT_LEVEL = 0.02;
const SILENT_MS = 5_000;

export class LocalDevice {
  private readonly want: ReturnType<typeof signal<boolean>>;
  private readonly current = signal<DeviceState>({ kind: "off" });
  private readonly height = signal(0);
  private readonly quiet = signal(false);
  private readonly lost = signal(0);
  private opening = 0;
  private using = new AbortController();

  /** The track to send now, or null while muted or missing. */
  readonly sendable: ReadonlySignal<MediaStreamTrack | null>;

  constructor(
    readonly kind: DeviceKind,
    private readonly ports: MediaPorts,
    private readonly lifetime: AbortSignal,
  ) {
    this.want = signal(ports.store.read(`${kind}.wanted`) !== "no");
    this.sendable = computed(() =>
      this.want.value && this.current.value.kind === "on" ? this.current.value.track : null,
    );
    lifetime.addEventListener("abort", () => this.release(), { once: true });
  }

  get wanted(): ReadonlySignal<boolean | undefined> {
    return this.want;
  }

  get state(): ReadonlySignal<DeviceState> {
    return this.current;
  }

  /** 0 to 1, for microphones. */
  get level(): ReadonlySignal<number> {
    return this.height;
  }

  /** The open microphone gave nothing for five seconds. */
  get silent(): ReadonlySignal<boolean> {
    return this.quiet;
  }

  /** Grows each time an unplugged device was replaced by another. */
  get replaced(): ReadonlySignal<number> {
    return this.lost;
  }

  /** The device the person chose, or null for the browser's choice. */
  get preferred(): string | null {
    return this.ports.store.read(`${this.kind}.device`);
  }

  /** Opens the device unless the person does not want it. */
  async prepare(): Promise<void> {
    if (this.want.value) await this.open();
  }

  async toggle(): Promise<void> {
    await this.set(!this.want.value || this.current.value.kind !== "on");
  }

  /** Turns the device on or off; `remember` keeps the choice for the next meeting. */
  async set(on: boolean, options: { remember?: boolean } = {}): Promise<void> {
    this.want.value = on;
    if (options.remember ?? true) {
      this.ports.store.write(`${this.kind}.wanted`, on ? "yes" : "no");
    }
    if (on && this.current.value.kind !== "on") await this.open();
    // The camera's light goes out; the microphone stays open to notice talking while muted.
    if (!on && this.kind === "camera") this.release();
  }

  /** Takes another device from now on; what is muted or off stays so. */
  async choose(device: string): Promise<void> {
    this.ports.store.write(`${this.kind}.device`, device);
    const open = this.current.value.kind === "on" || this.want.value;
    if (open) await this.open();
  }

  /** Tries again after a problem. */
  async retry(): Promise<void> {
    if (this.current.value.kind === "problem" && this.want.value) await this.open();
  }

  release(): void {
    this.opening += 1;
    this.using.abort();
    if (this.current.value.kind === "on") this.current.value.track.stop();
    this.current.value = { kind: "off" };
    this.height.value = 0;
    this.quiet.value = false;
  }

  private async open(): Promise<void> {
    this.opening += 1;
    const mine = this.opening;
    const before = this.current.value;
    if (before.kind !== "on") this.current.value = { kind: "asking" };
    try {
      const track = await this.ports.devices.open(this.kind, this.preferred);
      if (mine !== this.opening || this.lifetime.aborted) return track.stop();
      this.using.abort();
      if (before.kind === "on") before.track.stop();
      this.use(track);
    } catch (error) {
      const permission = await this.ports.devices.permission(this.kind);
      if (mine !== this.opening) return;
      const problem = problemOf(error, { secure: this.ports.devices.secure, permission });
      const detail = error instanceof Error ? error.name : "";
      this.release();
      this.current.value = { kind: "problem", problem, detail };
    }
  }

  private use(track: MediaStreamTrack): void {
    this.using = new AbortController();
    const signal = this.using.signal;
    this.current.value = { kind: "on", track };
    track.addEventListener("ended", () => void this.replaceLost(), { signal });
    if (this.kind === "microphone") this.measure(track, signal);
  }

  /** Unplugged or taken away by the system: try whatever is left. */
  private async replaceLost(): Promise<void> {
    this.release();
    if (this.want.value) await this.open();
    if (this.current.value.kind === "on") this.lost.value += 1;
  }

  private measure(track: MediaStreamTrack, signal: AbortSignal): void {
    let heard = this.ports.clock.now();
    this.ports.watchLevel(
      track,
      this.ports.clock,
      (level) => {
        const now = this.ports.clock.now();
        if (level > SILENT_LEVEL) heard = now;
        this.height.value = level;
        this.quiet.value = now - heard > SILENT_MS;
      },
      signal,
    );
  }
}

export class LocalMedia {
  readonly microphone: LocalDevice;
  readonly camera: LocalDevice;
  private readonly found = signal<readonly DeviceInfo[]>([]);

  constructor(
    private readonly ports: MediaPorts,
    private readonly lifetime: AbortSignal,
  ) {
    this.microphone = new LocalDevice("microphone", ports, lifetime);
    this.camera = new LocalDevice("camera", ports, lifetime);
    ports.devices.watch(() => void this.changed(), lifetime);
  }

  get devices(): ReadonlySignal<readonly DeviceInfo[]> {
    return this.found;
  }

  /** Asks for each device by itself: one that is broken must not take the other down. */
  async prepare(): Promise<void> {
    await Promise.all([this.microphone.prepare(), this.camera.prepare()]);
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const found = await this.ports.devices.list();
    if (!this.lifetime.aborted) this.found.value = found;
  }

  private async changed(): Promise<void> {
    await Promise.all([this.microphone.retry(), this.camera.retry()]);
    await this.refresh();
  }
}
