/** Keys of the meeting, and the sheet that lists them. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button } from "../elements/button";
import { Dialog } from "../elements/dialog";
import { t } from "../lib/i18n";
import { deviceStore } from "../platform/store";
import type { MeetingView } from "../state/meeting";
import { type KeyPress, type Shortcut, shortcutOf } from "../state/shortcuts";

const single = signal(deviceStore.read("keys.single") !== "no");

function pressOf(event: KeyboardEvent): KeyPress {
  const target = event.target instanceof Element ? event.target : null;
  return {
    key: event.key,
    modified: event.ctrlKey || event.metaKey || event.altKey,
    typing: target?.closest("input, textarea, select, [contenteditable]") !== null,
    pressable: target?.closest("button, a, summary, audio") !== null,
  };
}

function act(view: MeetingView, shortcut: Shortcut, onHelp: () => void): void {
  switch (shortcut) {
    case "microphone":
      return void view.toggleMicrophone();
    case "camera":
      return void view.toggleCamera();
    case "screen":
      return void view.toggleScreen();
    case "chat":
    case "people":
    case "network":
      return view.show(shortcut);
    case "captions":
      return view.toggleCaptions();
    case "help":
      return onHelp();
    case "talk":
      return void view.talk(true);
    case "close":
      return view.show(null);
    default:
      shortcut satisfies never;
  }
}

/** Listens for the meeting's keys while it is shown. */
export function useKeys(view: MeetingView, onHelp: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the callback only opens a dialog
  useEffect(() => {
    const end = new AbortController();
    let talking = false;
    addEventListener(
      "keydown",
      (event) => {
        if (event.repeat || document.querySelector("dialog[open]")) return;
        const shortcut = shortcutOf(pressOf(event), single.value);
        // Push to talk is for a closed microphone only.
        if (!shortcut || (shortcut === "talk" && view.media.microphone.sendable.value)) return;
        if (shortcut !== "close") event.preventDefault();
        talking ||= shortcut === "talk";
        act(view, shortcut, onHelp);
      },
      { signal: end.signal },
    );
    addEventListener(
      "keyup",
      (event) => {
        if (event.key !== " " || !talking) return;
        talking = false;
        void view.talk(false);
      },
      { signal: end.signal },
    );
    return () => end.abort();
  }, [view]);
}

export function Keys({ onClose }: { onClose: () => void }) {
  const rows: [string, string][] = [
    ["M", t("control.microphone")],
    ["V", t("control.camera")],
    ["S", t("control.screen")],
    ["C", t("control.chat")],
    ["P", t("control.people")],
    ["N", t("control.network")],
    ["T", t("control.captions")],
    [t("shortcuts.talkKey"), t("shortcuts.talk")],
    ["?", t("shortcuts.help")],
    ["Esc", t("shortcuts.close")],
  ];
  return (
    <Dialog title={t("shortcuts.title")} onClose={onClose}>
      <dl class="keys">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={single.value}
          onChange={(event) => {
            single.value = event.currentTarget.checked;
            deviceStore.write("keys.single", single.value ? "yes" : "no");
          }}
        />
        <span>{t("shortcuts.single")}</span>
      </label>
      <div class="dialog-buttons">
        <Button kind="primary" onPress={onClose}>
          {t("shortcuts.done")}
        </Button>
      </div>
    </Dialog>
  );
}
