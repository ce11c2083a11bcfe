/** The bar of buttons below the meeting. */
import { useRef } from "preact/hooks";
import { Button } from "../elements/button";
import { Icon, type IconName } from "../elements/icon";
import { t } from "../lib/i18n";
import type { MeetingView, Panel } from "../state/meeting";
import type { Ask } from "./meeting";

interface ControlProps {
  icon: IconName;
  label: string;
  shortcut?: string;
  /** On or off; none for what is not a switch. */
  pressed?: boolean;
  /** Off is the state worth noticing (microphone, camera). */
  warnOff?: boolean;
  expanded?: boolean;
  count?: number;
  onPress: () => void;
}

function Control(props: ControlProps) {
  const { icon, label, pressed, warnOff, expanded, count, shortcut } = props;
  const off = warnOff && pressed === false;
  const on = (pressed && !warnOff) || expanded;
  return (
    <button
      type="button"
      class={`control${off ? " control-off" : ""}${on ? " control-on" : ""}`}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-label={label}
      aria-keyshortcuts={shortcut}
      title={shortcut ? `${label} (${shortcut})` : label}
      onClick={props.onPress}
    >
      <Icon name={icon} />
      {count ? (
        <b class="control-count" aria-hidden="true">
          {count > 9 ? "9+" : count}
        </b>
      ) : null}
    </button>
  );
}

export interface ControlsProps {
  view: MeetingView;
  onAsk: (ask: Ask) => void;
  onCopy: () => void;
}

export function Controls({ view, onAsk, onCopy }: ControlsProps) {
  const { microphone, camera } = view.media;
  const microphoneOn = microphone.sendable.value !== null;
  const cameraOn = camera.sendable.value !== null;
  const unread = view.chat.unread.value;
  const asking = view.visitors.value.length;
  const panel = (name: Panel) => ({
    expanded: view.panel.value === name,
    onPress: () => view.show(name),
  });
  return (
    <section class="controls" aria-label={t("control.toolbar")}>
      {view.mayPublish.value && (
        <div class="controls-group">
          <Control
            icon={microphoneOn ? "mic" : "micOff"}
            label={t("control.microphone")}
            shortcut="M"
            pressed={microphoneOn}
            warnOff
            onPress={() => void view.toggleMicrophone()}
          />
          <Control
            icon={cameraOn ? "video" : "videoOff"}
            label={t("control.camera")}
            shortcut="V"
            pressed={cameraOn}
            warnOff
            onPress={() => void view.toggleCamera()}
          />
          <span class="wide-only">
            <Control
              icon="screen"
              label={t("control.screen")}
              shortcut="S"
              pressed={view.screen.value !== null}
              onPress={() => void view.toggleScreen()}
            />
          </span>
        </div>
      )}
      {view.isHost.value && (
        <span class="wide-only">
          <Control
            icon={view.recordingActive.value ? "stop" : "record"}
            label={view.recordingActive.value ? t("control.stopRecording") : t("control.record")}
            onPress={() => (view.recordingActive.value ? onAsk("stop") : view.record("start"))}
          />
        </span>
      )}
      <div class="controls-group">
        <span class="wide-only">
          <Control
            icon="captions"
            label={t("control.captions")}
            shortcut="T"
            pressed={view.captions.running.value && view.captions.on.value}
            onPress={() => view.toggleCaptions()}
          />
        </span>
        <Control
          icon="chat"
          label={unread ? t("control.chatUnread", { count: unread }) : t("control.chat")}
          shortcut="C"
          count={unread}
          {...panel("chat")}
        />
        <Control
          icon="people"
          label={asking ? t("control.peopleAsking", { count: asking }) : t("control.people")}
          shortcut="P"
          count={asking}
          {...panel("people")}
        />
        <span class="wide-only">
          <Control icon="network" label={t("control.network")} shortcut="N" {...panel("network")} />
        </span>
        <More view={view} onAsk={onAsk} onCopy={onCopy} />
      </div>
      <Button
        kind="danger"
        icon="leave"
        label={t("control.leaveLong")}
        onPress={() => view.leave()}
      >
        {t("control.leave")}
      </Button>
    </section>
  );
}

interface Item {
  icon: IconName;
  text: string;
  act: () => void;
  narrow?: boolean;
  danger?: boolean;
}

function recordingItems(view: MeetingView, onAsk: (ask: Ask) => void): Item[] {
  if (!view.isHost.value) return [];
  const state = view.recording.value?.state;
  if (!view.recordingActive.value) {
    return [
      { icon: "record", text: t("control.record"), act: () => view.record("start") },
      {
        icon: "video",
        text: t("control.recordVideo"),
        act: () => view.record("start", "audio_video"),
      },
    ];
  }
  const pause: Item =
    state === "paused"
      ? { icon: "play", text: t("control.resumeRecording"), act: () => view.record("resume") }
      : { icon: "pause", text: t("control.pauseRecording"), act: () => view.record("pause") };
  return [{ icon: "stop", text: t("control.stopRecording"), act: () => onAsk("stop") }, pause];
}

function captionItems(view: MeetingView): Item[] {
  const shown = view.captions.running.value && view.captions.on.value;
  const text = shown ? t("captions.hide") : t("captions.show");
  const items: Item[] = [
    { icon: "captions", text, act: () => view.toggleCaptions(), narrow: true },
  ];
  if (view.isHost.value && view.captions.running.value) {
    items.push({ icon: "stop", text: t("captions.stop"), act: () => view.stopCaptions() });
  }
  return items;
}

function More({ view, onAsk, onCopy }: ControlsProps) {
  const self = useRef<HTMLDivElement>(null);
  const items: Item[] = [
    ...recordingItems(view, onAsk),
    ...captionItems(view),
    { icon: "copy", text: t("control.copyLink"), act: onCopy },
    {
      icon: "screen",
      text: t("control.screen"),
      act: () => void view.toggleScreen(),
      narrow: true,
    },
    { icon: "network", text: t("control.network"), act: () => view.show("network"), narrow: true },
    ...(view.mayPublish.value
      ? [{ icon: "settings" as const, text: t("devices.title"), act: () => onAsk("devices") }]
      : []),
    { icon: "keyboard", text: t("control.shortcuts"), act: () => onAsk("keys") },
  ];
  if (view.isHost.value) {
    items.push({
      icon: "leave",
      text: t("control.endForAll"),
      act: () => onAsk("end"),
      danger: true,
    });
  }
  return (
    <>
      <button
        type="button"
        class="control"
        aria-label={t("control.more")}
        title={t("control.more")}
        popovertarget="more-menu"
      >
        <Icon name="more" />
      </button>
      <div id="more-menu" class="menu" popover="auto" ref={self}>
        {items.map((item) => (
          <button
            key={item.text}
            type="button"
            class={`menu-item${item.narrow ? " narrow-only" : ""}${item.danger ? " menu-danger" : ""}`}
            onClick={() => {
              self.current?.hidePopover();
              item.act();
            }}
          >
            <Icon name={item.icon} />
            <span>{item.text}</span>
          </button>
        ))}
      </div>
    </>
  );
}
