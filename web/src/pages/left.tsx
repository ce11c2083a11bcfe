/** S4: why the meeting is over for this person, and the way back. */
import { Button } from "../elements/button";
import { length } from "../lib/format";
import { maybe, t } from "../lib/i18n";
import { Frame } from "./frame";

export interface Departure {
  reason: string;
  message: string;
  rejoin: boolean;
  title: string | null;
  seconds: number | null;
  recorded: boolean;
}

export function LeftPage({ departure, onRejoin }: { departure: Departure; onRejoin: () => void }) {
  const { reason, message } = departure;
  const refusal = maybe(`error.${reason}`);
  const title = maybe(`left.${reason}`) ?? (refusal ? t("join.refused") : t("left.other"));
  const text = maybe(`left.text.${reason}`) ?? refusal ?? message;
  return (
    <Frame title={title}>
      <section class="message" data-reason={reason}>
        <h1>{title}</h1>
        <p>{text}</p>
        {departure.title !== null && departure.seconds !== null && (
          <p class="quiet">
            {t("left.length", {
              title: departure.title || t("home.untitled"),
              length: length(departure.seconds),
            })}
          </p>
        )}
        <div class="message-buttons">
          {departure.rejoin && (
            <Button kind="primary" onPress={onRejoin}>
              {t("left.rejoin")}
            </Button>
          )}
          <a class="button button-plain" href="/">
            {t("left.home")}
          </a>
        </div>
        {departure.recorded && (
          <p>
            {t("left.recorded")} <a href="/recordings">{t("left.recordings")}</a>
          </p>
        )}
        {maybe(`left.${reason}`) === null && (
          <p class="quiet">
            <code>{reason}</code>
          </p>
        )}
      </section>
    </Frame>
  );
}
