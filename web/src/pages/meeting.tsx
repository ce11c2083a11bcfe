/** S3: everybody on one screen, and the few buttons that matter. */
import { useEffect, useState } from "preact/hooks";
import { Button } from "../elements/button";
import { Dialog, Question } from "../elements/dialog";
import { Icon } from "../elements/icon";
import { AudioSlots } from "../elements/media";
import { Meter } from "../elements/meter";
import { ToastList } from "../elements/toasts";
import { length } from "../lib/format";
import { t } from "../lib/i18n";
import { meetingPath } from "../lib/link";
import type { MeetingView } from "../state/meeting";
import { DevicePicker } from "./device-picker";
import { Banners } from "./meeting-banners";
import { CaptionLines } from "./meeting-captions";
import { Controls } from "./meeting-controls";
import { Grid } from "./meeting-grid";
import { Keys, useKeys } from "./meeting-keys";
import { MeetingPanel } from "./meeting-panels";
import { WaitingPage } from "./waiting";

export type Ask = "end" | "stop" | "keys" | "devices" | null;

/** Puts the plain link into the clipboard; it carries no token. */
async function copyLink(view: MeetingView): Promise<void> {
  const id = view.meeting.value?.id ?? "";
  try {
    await navigator.clipboard.writeText(new URL(meetingPath(id), location.href).href);
    view.toasts.show(t("meeting.copied"));
  } catch {
    view.toasts.show(t("meeting.copyFailed"));
  }
}

function useMeetingTitle(view: MeetingView): void {
  const name = view.meeting.value?.title || t("home.untitled");
  const muted = view.media.microphone.sendable.value === null;
  const recording = view.recordingActive.value;
  useEffect(() => {
    const title = muted ? t("meeting.titleMuted", { title: name }) : name;
    document.title = recording ? t("meeting.titleRecording", { title }) : title;
  }, [name, muted, recording]);
}

/** The meeting, or its door while somebody must let the person in. */
export function MeetingPage({ view }: { view: MeetingView }) {
  return view.client.phase.value.kind === "waiting" ? (
    <WaitingPage view={view} />
  ) : (
    <Inside view={view} />
  );
}

function Inside({ view }: { view: MeetingView }) {
  const [ask, setAsk] = useState<Ask>(null);
  const [blocked, setBlocked] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useMeetingTitle(view);
  useKeys(view, () => setAsk("keys"));
  const joining = view.meeting.value === null;
  return (
    <div class={`meeting${view.recordingActive.value ? " meeting-recorded" : ""}`}>
      <Top view={view} />
      <main id="main" class="stage" tabIndex={-1}>
        {joining ? (
          <p class="joining" role="status">
            <i class="spinner" aria-hidden="true" />
            {t("meeting.joining")}
          </p>
        ) : (
          <Grid view={view} />
        )}
        {view.alone.value && <Alone view={view} />}
        <CaptionLines view={view} />
      </main>
      <Banners view={view} blocked={blocked} onHear={() => setAttempt(attempt + 1)} />
      <MeetingPanel view={view} />
      <Controls view={view} onAsk={setAsk} onCopy={() => void copyLink(view)} />
      <ToastList
        toasts={view.toasts.list.value}
        label={t("toast.region")}
        dismiss={t("toast.dismiss")}
        onDismiss={(id) => view.toasts.dismiss(id)}
      />
      <Sound view={view} attempt={attempt} onBlocked={setBlocked} />
      <Asked ask={ask} view={view} onDone={() => setAsk(null)} />
    </div>
  );
}

function Top({ view }: { view: MeetingView }) {
  view.seconds.value;
  const elapsed = view.elapsed();
  return (
    <header class="top">
      <h1>{view.meeting.value?.title || t("home.untitled")}</h1>
      {elapsed !== null && (
        <span class="top-time" role="timer" aria-label={t("meeting.elapsed")}>
          {length(elapsed)}
        </span>
      )}
      <Recording view={view} />
    </header>
  );
}

/** Red, moving and in words: nobody may be recorded without knowing. */
function Recording({ view }: { view: MeetingView }) {
  // Read here: a component is drawn again only for the signals it read itself.
  view.seconds.value;
  if (!view.recordingActive.value) return null;
  const state = view.recording.value?.state;
  const name = view.starter() ?? t("recording.somebody");
  const paused = state === "paused";
  const starting = state === "starting";
  const words = paused
    ? t("recording.markPaused")
    : starting
      ? t("recording.markStarting")
      : t("recording.mark");
  const seconds = view.recordedFor();
  const films = view.recording.value?.media === "audio_video";
  return (
    <p
      class={`recording${paused ? " recording-paused" : ""}`}
      role="status"
      aria-label={
        paused
          ? t("recording.labelPaused")
          : t(films ? "recording.labelVideo" : "recording.label", { name })
      }
    >
      <i aria-hidden="true" />
      <strong aria-hidden="true">{words}</strong>
      {films && <Icon name="video" />}
      {!paused && !starting && seconds !== null && (
        <span class="recording-time" aria-hidden="true">
          {length(seconds)}
        </span>
      )}
      <span class="recording-by" aria-hidden="true">
        {t("recording.by", { name })}
      </span>
    </p>
  );
}

function Alone({ view }: { view: MeetingView }) {
  return (
    <section class="alone">
      <div>
        <h2>{t("meeting.alone")}</h2>
        <p>{t("meeting.aloneText")}</p>
      </div>
      <Button kind="primary" icon="copy" onPress={() => void copyLink(view)}>
        {t("control.copyLink")}
      </Button>
    </section>
  );
}

interface SoundProps {
  view: MeetingView;
  attempt: number;
  onBlocked: (blocked: boolean) => void;
}

function Sound({ view, attempt, onBlocked }: SoundProps) {
  const tracks = [...view.client.tracks.value.values()].filter((track) => track.kind === "audio");
  const owners = new Map(
    view.client.slots.value.flatMap(({ mid, participant }) => {
      const track = view.client.tracks.value.get(mid);
      return track && participant ? [[track.id, participant] as const] : [];
    }),
  );
  return <AudioSlots tracks={tracks} owners={owners} attempt={attempt} onBlocked={onBlocked} />;
}

function Asked({ ask, view, onDone }: { ask: Ask; view: MeetingView; onDone: () => void }) {
  switch (ask) {
    case null:
      return null;
    case "keys":
      return <Keys onClose={onDone} />;
    case "devices":
      return (
        <Dialog title={t("devices.title")} onClose={onDone}>
          <DevicePicker device={view.media.microphone} media={view.media} />
          <Meter level={view.media.microphone.level} label={t("join.level")} />
          <DevicePicker device={view.media.camera} media={view.media} />
          <div class="dialog-buttons">
            <Button kind="primary" onPress={onDone}>
              {t("shortcuts.done")}
            </Button>
          </div>
        </Dialog>
      );
    case "end":
      return (
        <Question
          title={t("meeting.endQuestion")}
          text={t("meeting.endText")}
          yes={t("control.endForAll")}
          no={t("meeting.cancel")}
          onNo={onDone}
          onYes={() => {
            onDone();
            view.endForAll();
          }}
        />
      );
    case "stop":
      return (
        <Question
          title={t("meeting.stopQuestion")}
          text={t("meeting.stopText")}
          yes={t("control.stopRecording")}
          no={t("meeting.cancel")}
          onNo={onDone}
          onYes={() => {
            onDone();
            view.record("stop");
          }}
        />
      );
  }
}
