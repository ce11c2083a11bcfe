import { expect, test } from "vitest";
import { memoryStore, type Store } from "../../src/lib/store";
import type { DeviceInfo, DeviceKind, Devices } from "../../src/rtc/devices";
import { LocalMedia } from "../../src/state/local-media";
import { FakeClock } from "../support/clock";
import { fakeTrack, settle } from "../support/rtc";

class FakeDevices implements Devices {
  secure = true;
  failing = new Map<DeviceKind, Error>();
  permissions = new Map<DeviceKind, PermissionState>();
  opened: [DeviceKind, string | null][] = [];
  changed: () => void = () => undefined;

  async open(kind: DeviceKind, preferred: string | null): Promise<MediaStreamTrack> {
    this.opened.push([kind, preferred]);
    const error = this.failing.get(kind);
    if (error) throw error;
    return fakeTrack(kind === "camera" ? "video" : "audio");
  }

  async list(): Promise<DeviceInfo[]> {
    return [{ id: "a", kind: "microphone", label: "USB mic" }];
  }

  async permission(kind: DeviceKind): Promise<PermissionState | null> {
    return this.permissions.get(kind) ?? null;
  }

  watch(action: () => void): void {
    this.changed = action;
  }

  async screen(): Promise<never> {
    throw new Error("not here");
  }
}

function make(store: Store = memoryStore()) {
  const clock = new FakeClock();
  const devices = new FakeDevices();
  const end = new AbortController();
  let show: (level: number) => void = () => undefined;
  const media = new LocalMedia(
    {
      devices,
      clock,
      store,
      watchLevel: (_track, _clock, listener) => {
        show = listener;
      },
    },
    end.signal,
  );
  return { clock, devices, end, media, level: (value: number) => show(value) };
}

const refusal = (name: string) => Object.assign(new Error("refused"), { name });
const stopped = (track: MediaStreamTrack | null) =>
  (track as unknown as { stopped: boolean }).stopped;

test("one broken device does not take the other down", async () => {
  const { devices, media } = make();
  devices.failing.set("camera", refusal("NotReadableError"));
  await media.prepare();
  expect(media.microphone.state.value.kind).toBe("on");
  expect(media.camera.state.value).toMatchObject({ kind: "problem", problem: "in_use" });
  expect(media.camera.sendable.value).toBeNull();
  expect(media.devices.value).toHaveLength(1);
});

test("a muted microphone stays open, a camera that is off is released", async () => {
  const { media } = make();
  await media.prepare();
  const voice = media.microphone.sendable.value;
  const picture = media.camera.sendable.value;
  await media.microphone.toggle();
  await media.camera.toggle();
  expect(media.microphone.sendable.value).toBeNull();
  expect(media.microphone.state.value.kind).toBe("on");
  expect(stopped(voice)).toBe(false);
  expect(stopped(picture)).toBe(true);
  expect(media.camera.state.value.kind).toBe("off");
});

test("choices are remembered, except those of a moment", async () => {
  const store = memoryStore();
  const first = make(store);
  await first.media.prepare();
  await first.media.microphone.set(false, { remember: false });
  await first.media.camera.toggle();
  const second = make(store);
  await second.media.prepare();
  expect(second.media.microphone.sendable.value).not.toBeNull();
  expect(second.media.camera.sendable.value).toBeNull();
  expect(second.devices.opened).toEqual([["microphone", null]]);
});

test("a chosen device is opened instead and preferred from then on", async () => {
  const { devices, media } = make();
  await media.prepare();
  const before = media.microphone.sendable.value;
  await media.microphone.choose("usb");
  expect(devices.opened.at(-1)).toEqual(["microphone", "usb"]);
  expect(stopped(before)).toBe(true);
  expect(media.microphone.sendable.value).not.toBe(before);
});

test("choosing a device turns nothing on", async () => {
  const { devices, media } = make();
  await media.prepare();
  await media.microphone.set(false);
  await media.camera.set(false);
  await media.microphone.choose("usb");
  await media.camera.choose("usb");
  expect(media.microphone.sendable.value).toBeNull();
  expect(media.camera.state.value.kind).toBe("off");
  expect(devices.opened.slice(2)).toEqual([["microphone", "usb"]]);
  await media.microphone.set(true);
  await media.camera.set(true);
  expect(media.microphone.sendable.value).not.toBeNull();
  expect(devices.opened.at(-1)).toEqual(["camera", "usb"]);
});

test("a permission given later starts the device by itself", async () => {
  const { devices, media } = make();
  devices.failing.set("microphone", refusal("NotAllowedError"));
  await media.prepare();
  expect(media.microphone.state.value).toMatchObject({ problem: "denied" });
  devices.failing.clear();
  devices.changed();
  await settle();
  expect(media.microphone.state.value.kind).toBe("on");
});

test("an unplugged device is replaced by another", async () => {
  const { devices, media } = make();
  await media.prepare();
  media.microphone.sendable.value?.dispatchEvent(new Event("ended"));
  await settle();
  expect(devices.opened.filter(([kind]) => kind === "microphone")).toHaveLength(2);
  expect(media.microphone.replaced.value).toBe(1);
  expect(media.microphone.state.value.kind).toBe("on");
});

test("silence is noticed after five seconds and forgotten at the first sound", async () => {
  const { clock, media, level } = make();
  await media.prepare();
  level(0.5);
  clock.advance(5_100);
  level(0);
  expect(media.microphone.silent.value).toBe(true);
  level(0.4);
  expect(media.microphone.silent.value).toBe(false);
  expect(media.microphone.level.value).toBe(0.4);
});

test("leaving stops every track, even one that opens late", async () => {
  const { end, media } = make();
  await media.prepare();
  const voice = media.microphone.sendable.value;
  const late = media.camera.choose("other");
  end.abort();
  await late;
  expect(stopped(voice)).toBe(true);
  expect(media.camera.sendable.value).toBeNull();
});
