/** S2, after Join, where a host lets people in: the wait, with a way out of it. */
import { Button } from "../elements/button";
import { t } from "../lib/i18n";
import type { MeetingView } from "../state/meeting";
import { Frame } from "./frame";
import { Preview } from "./join";

export function WaitingPage({ view }: { view: MeetingView }) {
  const phase = view.client.phase.value;
  const title = (phase.kind === "waiting" && phase.title) || t("home.untitled");
  return (
    <Frame title={t("waiting.title")}>
      <div class="join">
        <Preview media={view.media} name="" />
        <section class="join-side waiting" aria-labelledby="waiting-title">
          <h1 id="waiting-title">{t("waiting.title")}</h1>
          <p class="waiting-now" role="status">
            <i class="spinner" aria-hidden="true" />
            <span>{t("waiting.text", { title })}</span>
          </p>
          <p class="quiet">{t("waiting.quiet")}</p>
          <div class="join-buttons">
            <Button onPress={() => view.leave()}>{t("waiting.cancel")}</Button>
          </div>
        </section>
      </div>
    </Frame>
  );
}
