/** What a person must know while it lasts: a lost connection, blocked sound, a forgotten microphone. */
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { t } from "../lib/i18n";
import type { MeetingView } from "../state/meeting";
import { speakerWarning } from "../state/network";
import { DoorBanner } from "./meeting-door";

export interface BannersProps {
  view: MeetingView;
  /** The browser refused to play sound until the person touches the page. */
  blocked: boolean;
  onHear: () => void;
}

export function Banners({ view, blocked, onHear }: BannersProps) {
  return (
    <div class="banners">
      <Away view={view} />
      <DoorBanner view={view} />
      {blocked && (
        <button type="button" class="banner banner-hear" onClick={onHear}>
          <Icon name="speaker" />
          {t("meeting.tapToHear")}
        </button>
      )}
      {view.screen.value && (
        <div class="banner">
          <Icon name="screen" />
          <p>{t("meeting.sharing")}</p>
          <Button onPress={() => void view.toggleScreen()}>{t("meeting.stopSharing")}</Button>
        </div>
      )}
      <Breaking view={view} />
      {view.talkingMuted.value && (
        <div class="banner" role="status">
          <Icon name="micOff" />
          <p>{t("meeting.talkingMuted")}</p>
          <Button onPress={() => void view.toggleMicrophone()}>{t("meeting.turnOn")}</Button>
        </div>
      )}
    </div>
  );
}

/** Nobody else tells a speaker that he breaks up. */
function Breaking({ view }: { view: MeetingView }) {
  const warning = speakerWarning(view.network.quality.value);
  if (!warning || view.stage.value.kind !== "none") return null;
  return (
    <div class="banner banner-warn" role="status">
      <Icon name="offline" />
      <p>{t(`network.${warning.kind}`, { loss: warning.loss })}</p>
    </div>
  );
}

function Away({ view }: { view: MeetingView }) {
  const stage = view.stage.value;
  if (stage.kind === "none") return <div role="status" />;
  if (stage.kind === "quiet") {
    return (
      <div class="banner banner-quiet" role="status">
        <i class="spinner" aria-hidden="true" />
        <p>{t("reconnect.quiet")}</p>
      </div>
    );
  }
  return (
    <div class="banner banner-warn" role="status">
      <Icon name="offline" />
      <p>{t(`reconnect.${stage.kind}`)}</p>
      <span class="countdown" aria-hidden="true">
        {stage.seconds > 0 ? t("reconnect.next", { seconds: stage.seconds }) : t("reconnect.now")}
      </span>
      {stage.kind === "long" && (
        <Button onPress={() => view.client.hurry()}>{t("reconnect.rejoin")}</Button>
      )}
    </div>
  );
}
