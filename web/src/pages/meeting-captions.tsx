/** What is being said, in words, above the controls. */
import { t } from "../lib/i18n";
import type { MeetingView } from "../state/meeting";

export function CaptionLines({ view }: { view: MeetingView }) {
  const { captions } = view;
  if (!captions.running.value || !captions.on.value) return null;
  const lines = captions.lines.value;
  return (
    <section class="captions" aria-label={t("captions.region")} aria-live="polite">
      {lines.length === 0 ? (
        <p class="captions-waiting">{t("captions.waiting")}</p>
      ) : (
        lines.map((line) => (
          <p key={line.id} class={line.final ? undefined : "captions-partial"}>
            <b>{line.name}</b> {line.text}
          </p>
        ))
      )}
    </section>
  );
}
