/** What a link leads to, for people without an account. */
import { sharedRecording } from "../api/recordings";
import { t } from "../lib/i18n";
import { Frame } from "./frame";
import { PlayerBody } from "./player-body";
import { usePlayer } from "./recording";

export function SharedPage({ token }: { token: string }) {
  const player = usePlayer(() => sharedRecording(token));
  const title = player.recording.value?.title || t("share.headless");
  return (
    <Frame title={title} bare>
      <PlayerBody player={player} title={title} />
    </Frame>
  );
}
