/** Microphones, cameras and screens of this device. */

export type DeviceKind = "microphone" | "camera";

export interface DeviceInfo {
  id: string;
  kind: DeviceKind | "speaker";
  label: string;
}

export interface ScreenTracks {
  video: MediaStreamTrack;
  audio: MediaStreamTrack | null;
}

/** What view-models need of the browser's devices. */
export interface Devices {
  readonly secure: boolean;
  /** Opens a device; `preferred` is taken when it still exists. */
  open(kind: DeviceKind, preferred: string | null): Promise<MediaStreamTrack>;
  list(): Promise<DeviceInfo[]>;
  permission(kind: DeviceKind): Promise<PermissionState | null>;
  /** Calls `action` when devices or permissions change. */
  watch(action: () => void, signal: AbortSignal): void;
  screen(): Promise<ScreenTracks>;
}

const KINDS: Record<string, DeviceInfo["kind"]> = {
  audioinput: "microphone",
  videoinput: "camera",
  audiooutput: "speaker",
};

function constraintsFor(
  kind: DeviceKind,
  preferred: string | null,
  processing: boolean,
): MediaStreamConstraints {
  const device = preferred ? { deviceId: { exact: preferred } } : {};
  if (kind === "camera") {
    const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    return { video: { ...device, ...size } };
  }
  return {
    audio: {
      ...device,
      echoCancellation: processing,
      noiseSuppression: processing,
      autoGainControl: processing,
    },
  };
}

/** The preferred device if it is still there, else whatever the browser gives. */
async function openPreferred(
  media: MediaDevices,
  kind: DeviceKind,
  preferred: string | null,
  processing: boolean,
): Promise<MediaStream> {
  try {
    return await media.getUserMedia(constraintsFor(kind, preferred, processing));
  } catch (error) {
    const gone = error instanceof Error && error.name === "OverconstrainedError";
    if (!gone || preferred === null) throw error;
    return media.getUserMedia(constraintsFor(kind, null, processing));
  }
}

/** The browser's devices; `processing` is echo cancellation, noise suppression and gain control. */
export function browserDevices(processing: boolean): Devices {
  const media: MediaDevices | undefined = navigator.mediaDevices;
  return {
    secure: media !== undefined,
    async open(kind, preferred) {
      if (!media) throw new DOMException("not a secure origin", "SecurityError");
      const stream = await openPreferred(media, kind, preferred, processing);
      const track = stream.getTracks()[0];
      if (!track) throw new DOMException("no track", "NotFoundError");
      track.contentHint = kind === "microphone" ? "speech" : "motion";
      return track;
    },
    async list() {
      const found = media ? await media.enumerateDevices() : [];
      return found.flatMap((device) => {
        const kind = KINDS[device.kind];
        return kind ? [{ id: device.deviceId, kind, label: device.label }] : [];
      });
    },
    async permission(kind) {
      try {
        const name = kind as PermissionName;
        return (await navigator.permissions.query({ name })).state;
      } catch {
        return null; // Not every browser answers for devices.
      }
    },
    watch(action, signal) {
      media?.addEventListener("devicechange", action, { signal });
      for (const name of ["microphone", "camera"] as PermissionName[]) {
        navigator.permissions
          ?.query({ name })
          .then((status) => status.addEventListener("change", action, { signal }))
          .catch(() => undefined); // As above.
      }
    },
    async screen() {
      if (!media?.getDisplayMedia) throw new DOMException("no screen capture", "NotFoundError");
      const stream = await media.getDisplayMedia({ video: { frameRate: 15 }, audio: true });
      const video = stream.getVideoTracks()[0];
      if (!video) throw new DOMException("no track", "NotFoundError");
      video.contentHint = "detail";
      return { video, audio: stream.getAudioTracks()[0] ?? null };
    },
  };
}
