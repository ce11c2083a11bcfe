/** What can be kept of a recording: what was recorded, and what is made of it on request. */
import { fileUrl, type ProductKind } from "../api/recordings";
import type { RecordingFile } from "../api/types";
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { bytes, length } from "../lib/format";
import { maybe, type Text, t } from "../lib/i18n";
import type { Player } from "../state/player";

const PRODUCTS: readonly { kind: ProductKind; format: string; text: Text }[] = [
  { kind: "mix", format: "ogg", text: "player.mixOgg" },
  { kind: "mix", format: "m4a", text: "player.mixM4a" },
  { kind: "mix", format: "wav", text: "player.mixWav" },
  { kind: "mix", format: "flac", text: "player.mixFlac" },
  { kind: "stems", format: "zip", text: "player.stemsZip" },
  { kind: "stems", format: "wav", text: "player.stemsWav" },
];

export function PlayerDownloads({ player }: { player: Player }) {
  const files = player.recording.value?.files ?? [];
  const tracks = files.filter((file) => file.participant_id !== null);
  return (
    <div class="downloads">
      <ul>
        {PRODUCTS.map(({ kind, format, text }) => (
          <ProductRow key={text} player={player} kind={kind} format={format} text={text} />
        ))}
      </ul>
      <h3>{t("player.tracks")}</h3>
      <ul>
        {tracks.map((file) => (
          <li key={file.id}>
            <span>
              {trackName(file)}
              <small class="quiet">
                {" "}
                {length(file.duration_seconds)} · {bytes(file.bytes)}
                {!file.complete && ` · ${t("player.cut")}`}
              </small>
            </span>
            <Save file={file} name={trackName(file)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function trackName(file: RecordingFile): string {
  const name = file.name || t("recordings.somebody");
  const what = file.kind === "video" ? ` (${file.source})` : "";
  return file.segment > 1 ? `${name}${what}, ${file.segment}` : name + what;
}

function Save({ file, name }: { file: RecordingFile; name: string }) {
  const label = t("player.save", { name });
  return (
    <a class="button button-quiet button-icon" href={fileUrl(file, true)} download="" title={label}>
      <span class="visually-hidden">{label}</span>
      <Icon name="download" />
    </a>
  );
}

interface RowProps {
  player: Player;
  kind: ProductKind;
  format: string;
  text: Text;
}

function ProductRow({ player, kind, format, text }: RowProps) {
  const file = player.product(kind, format);
  const name = t(text);
  if (!file && !player.isOwner) return null;
  return (
    <li>
      <span>
        {name}
        {file?.state === "ready" && <small class="quiet"> {bytes(file.bytes)}</small>}
        {file?.state === "failed" && (
          <small class="problem"> {t("player.notMade", { why: reasonOf(file) })}</small>
        )}
      </span>
      {file?.state === "ready" && <Save file={file} name={name} />}
      {(file?.state === "queued" || file?.state === "running") && (
        <progress aria-label={t("player.making", { name })} value={file.progress} max="1" />
      )}
      {(!file || file.state === "failed") && player.isOwner && (
        <Button kind="quiet" onPress={() => void player.make(kind, format)}>
          <span>
            {t(file ? "player.makeAgain" : "player.make")}
            <span class="visually-hidden"> {name}</span>
          </span>
        </Button>
      )}
    </li>
  );
}

function reasonOf(file: RecordingFile): string {
  return maybe(`error.${file.reason}`) ?? file.reason ?? "";
}
