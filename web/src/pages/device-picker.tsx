/** Which microphone or camera, and what is wrong with it. */
import { useEffect } from "preact/hooks";
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { t } from "../lib/i18n";
import type { LocalDevice, LocalMedia } from "../state/local-media";

function emptyChoice(open: boolean, choices: number): string {
  if (open) return t("join.defaultDevice");
  return choices === 0 ? t("join.noDevice") : t("join.pickDevice");
}

export function DevicePicker({ device, media }: { device: LocalDevice; media: LocalMedia }) {
  const state = device.state.value;
  const choices = media.devices.value.filter((one) => one.kind === device.kind && one.id !== "");
  const opened = state.kind === "on" ? state.track.getSettings().deviceId : device.preferred;
  const current = choices.some((choice) => choice.id === opened) ? (opened ?? "") : "";
  // The browser tells names only once a device is open.
  useEffect(() => {
    if (state.kind === "on") void media.refresh();
  }, [state.kind, media]);
  return (
    <div>
      <label class="field">
        <span>{t(`join.${device.kind}`)}</span>
        <select
          value={current}
          disabled={choices.length === 0}
          onChange={(event) => void device.choose(event.currentTarget.value)}
        >
          {!choices.some((choice) => choice.id === current) && (
            <option value="">{emptyChoice(state.kind === "on", choices.length)}</option>
          )}
          {choices.map((choice) => (
            <option key={choice.id} value={choice.id}>
              {choice.label || t("join.defaultDevice")}
            </option>
          ))}
        </select>
      </label>
      {state.kind === "problem" && device.wanted.value && (
        <div class="note note-warn" role="status">
          <Icon name="warning" />
          <p>
            {t(`device.${device.kind}.${state.problem}`)}{" "}
            {state.detail && <code>{state.detail}</code>}
          </p>
          {state.problem !== "insecure" && (
            <Button onPress={() => void device.retry()}>{t("device.retry")}</Button>
          )}
        </div>
      )}
      {device.kind === "microphone" && device.silent.value && device.sendable.value && (
        <p class="note note-warn" role="status">
          <Icon name="micOff" />
          <span>{t("join.silent")}</span>
        </p>
      )}
    </div>
  );
}
