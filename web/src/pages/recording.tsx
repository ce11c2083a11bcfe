/** S7: one recording to hear: a lane for each voice, what was said, files to keep, links. */
import { useState } from "preact/hooks";
import { ownRecording, type PlayerSource } from "../api/recordings";
import type { Server } from "../api/server";
import { Button } from "../elements/button";
import { Question } from "../elements/dialog";
import { t } from "../lib/i18n";
import { readMoment } from "../lib/moment";
import { browserClock } from "../platform/clock";
import { navigate } from "../platform/router";
import { openVoice } from "../platform/voice";
import { Player } from "../state/player";
import { isUnfinished } from "../state/recordings";
import { Frame } from "./frame";
import { Message } from "./message";
import { PlayerBody } from "./player-body";
import { useLifetime } from "./scope";
import { ShareButton } from "./share-dialog";

/** A player of that recording, from the moment that the address names. */
export function usePlayer(source: () => PlayerSource): Player {
  return useLifetime((signal) => {
    const from = readMoment(new URLSearchParams(location.search).get("t"));
    const made = new Player(source(), openVoice, browserClock, signal, from);
    made.start();
    return made;
  });
}

export function RecordingPage({ id, server }: { id: string; server: Server }) {
  const player = usePlayer(() => ownRecording(server, id));
  const recording = player.recording.value;
  const title = recording?.title || t("recordings.untitled");
  return (
    <Frame title={title}>
      <p>
        <a href="/recordings">{t("player.all")}</a>
      </p>
      {player.deleted.value ? (
        <Message whole title={t("player.deleted")} text={t("player.deletedText")} />
      ) : (
        <PlayerBody player={player} title={title}>
          {recording && !isUnfinished(recording) && (
            <>
              {player.lanes.value.length > 0 && (
                <ShareButton recording={recording.id} server={server} />
              )}
              <Delete player={player} />
            </>
          )}
        </PlayerBody>
      )}
    </Frame>
  );
}

function Delete({ player }: { player: Player }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        kind="quiet"
        icon="trash"
        label={t("recordings.delete")}
        onPress={() => setAsking(true)}
      />
      {asking && (
        <Question
          title={t("recordings.deleteQuestion", { count: 1 })}
          text={t("recordings.deleteText")}
          yes={t("recordings.delete")}
          no={t("meeting.cancel")}
          onNo={() => setAsking(false)}
          onYes={() => {
            setAsking(false);
            void player.remove().then(() => {
              if (player.deleted.value) navigate("/recordings");
            });
          }}
        />
      )}
    </>
  );
}
