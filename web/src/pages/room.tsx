/** One address, three moments: before, in and after a meeting. */
import { type Signal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Server } from "../api/server";
import { readToken } from "../lib/link";
import { browserClock } from "../platform/clock";
import { navigate } from "../platform/router";
import { deviceStore, tabStore } from "../platform/store";
import { MeetingClient } from "../rtc/client";
import { microphoneCodecs } from "../rtc/codecs";
import { browserDevices, type Devices } from "../rtc/devices";
import { watchLevel } from "../rtc/level";
import type { RawSocket } from "../rtc/socket";
import { LocalMedia } from "../state/local-media";
import { MeetingView } from "../state/meeting";
import { Prejoin } from "../state/prejoin";
import { addRecent } from "../state/recents";
import { JoinPage } from "./join";
import { type Departure, LeftPage } from "./left";
import { MeetingPage } from "./meeting";
import { useLifetime } from "./scope";

const VERSION = "0.1.0";
/** Ends after which the old place in the meeting cannot be taken again. */
const FINAL = new Set(["kicked", "meeting_ended", "replaced"]);

type Stage =
  | { kind: "before"; prejoin: Prejoin }
  | { kind: "in"; view: MeetingView }
  | { kind: "after"; departure: Departure };

interface Visit {
  end: AbortController;
  media: LocalMedia;
}

/** Makes and ends the view-models of one meeting's page. */
class Room {
  readonly stage: Signal<Stage | null> = signal(null);
  private readonly token: string | null;
  private visit: Visit | null = null;
  private devices: Devices | null = null;
  private codecs: RTCRtpCodec[] = [];
  private name: string | null = null;

  constructor(
    private readonly meeting: string,
    private readonly server: Server,
    private readonly lifetime: AbortSignal,
  ) {
    this.token = this.takeToken();
    lifetime.addEventListener("abort", () => this.visit?.end.abort(), { once: true });
  }

  /** Opens devices and shows the join page. */
  async prepare(): Promise<void> {
    const { processing, redundancy } = await this.wishes();
    if (this.lifetime.aborted) return;
    const devices = browserDevices(processing);
    this.codecs = microphoneCodecs(redundancy);
    const { end, media } = this.begin(devices);
    const ports = { server: this.server, clock: browserClock, store: deviceStore };
    const prejoin = new Prejoin(this.meeting, this.token, ports, end.signal);
    prejoin.start();
    void media.prepare();
    this.devices = devices;
    this.stage.value = { kind: "before", prejoin };
  }

  join(name: string): void {
    const visit = this.visit;
    if (!visit || !this.devices) return;
    const devices = this.devices;
    // The join page's questions end here; the devices go along.
    const end = new AbortController();
    visit.end.signal.addEventListener("abort", () => end.abort(), { once: true });
    const view = new MeetingView(
      {
        clock: browserClock,
        media: visit.media,
        screen: () => devices.screen(),
        client: (hear) =>
          new MeetingClient(
            {
              meeting: this.meeting,
              token: this.token,
              name,
              resume: this.takeResume(name),
              version: VERSION,
              codecs: this.codecs,
            },
            {
              clock: browserClock,
              random: Math.random,
              socket: openSocket,
              peer: (config) => new RTCPeerConnection(config),
            },
            hear,
          ),
      },
      end.signal,
    );
    view.start();
    this.watch(view, name, end);
    this.stage.value = { kind: "in", view };
  }

  async rejoin(): Promise<void> {
    const name = this.name;
    const devices = this.devices;
    if (!devices || name === null) return this.prepare();
    const { media } = this.begin(devices);
    await media.prepare();
    this.join(name);
  }

  get media(): LocalMedia | null {
    return this.visit?.media ?? null;
  }

  private begin(devices: Devices): Visit {
    this.visit?.end.abort();
    const end = new AbortController();
    const ports = { devices, clock: browserClock, store: deviceStore, watchLevel };
    this.visit = { end, media: new LocalMedia(ports, end.signal) };
    return this.visit;
  }

  private watch(view: MeetingView, name: string, end: AbortController): void {
    this.name = name;
    let title: string | null = null;
    let recorded = false;
    const stops = [
      view.meeting.subscribe((meeting) => {
        if (!meeting) return;
        title = meeting.title;
        addRecent(deviceStore, { id: this.meeting, title: meeting.title, at: Date.now() });
        this.keepResume(view, name);
      }),
      view.recording.subscribe((recording) => {
        recorded ||= recording !== null;
      }),
      view.client.phase.subscribe((phase) => {
        if (phase.kind === "live") this.keepResume(view, name);
        if (phase.kind !== "ended" || this.stage.peek()?.kind !== "in") return;
        const { reason, message, rejoin } = phase;
        if (FINAL.has(reason)) tabStore.remove(`resume.${this.meeting}`);
        this.stage.value = {
          kind: "after",
          departure: { reason, message, rejoin, title, seconds: view.elapsed(), recorded },
        };
        this.visit?.end.abort();
      }),
    ];
    end.signal.addEventListener("abort", () => stops.forEach((stop) => void stop()), {
      once: true,
    });
    // The last word of a closing tab: others see the person leave at once.
    addEventListener("pagehide", () => view.leave(), { signal: end.signal });
    addEventListener("online", () => view.client.hurry(), { signal: end.signal });
  }

  /** The server's settings of sound, unless the address says otherwise. */
  private async wishes(): Promise<{ processing: boolean; redundancy: boolean }> {
    const asked = new URLSearchParams(location.search);
    // The join page itself says that the server is away.
    const config = await this.server.config().catch(() => null);
    const wish = (name: string, otherwise: boolean) => {
      const value = asked.get(name);
      return value === null ? otherwise : value !== "off";
    };
    return {
      processing: wish("processing", config?.processing ?? true),
      redundancy: wish("redundancy", config?.redundancy ?? false),
    };
  }

  /** The token leaves the address bar, so that a shared link does not carry it. */
  private takeToken(): string | null {
    const token = readToken(location.hash);
    if (token) {
      tabStore.write(`token.${this.meeting}`, token);
      navigate(location.pathname + location.search, { replace: true });
    }
    return token ?? tabStore.read(`token.${this.meeting}`);
  }

  private keepResume(view: MeetingView, name: string): void {
    const token = view.client.resumeToken;
    if (token) tabStore.write(`resume.${this.meeting}`, JSON.stringify({ name, token }));
  }

  /** Coming back in the same tab under the same name is being the same person. */
  private takeResume(name: string): string | null {
    const text = tabStore.read(`resume.${this.meeting}`);
    if (!text) return null;
    tabStore.remove(`resume.${this.meeting}`);
    const kept = JSON.parse(text) as { name: string; token: string };
    return kept.name === name ? kept.token : null;
  }
}

function openSocket(): RawSocket {
  const address = new URL("/v1/signaling", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(address) as RawSocket;
}

export function RoomPage({ meeting, server }: { meeting: string; server: Server }) {
  const room = useLifetime((signal) => new Room(meeting, server, signal));
  useEffect(() => void room.prepare(), [room]);
  const stage = room.stage.value;
  switch (stage?.kind) {
    case undefined:
      return null;
    case "before": {
      const { prejoin } = stage;
      const media = room.media;
      return media ? (
        <JoinPage prejoin={prejoin} media={media} onJoin={() => room.join(prejoin.settle())} />
      ) : null;
    }
    case "in":
      return <MeetingPage view={stage.view} />;
    case "after":
      return <LeftPage departure={stage.departure} onRejoin={() => void room.rejoin()} />;
  }
}
