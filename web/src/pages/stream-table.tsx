/** What each stream of a connection is like now: rate, loss, jitter, picture. */
import type { ConnectionQuality, StreamPicture, StreamQuality } from "../api/types";
import { QualityBadge } from "../elements/badge";
import { TableBox } from "../elements/table-box";
import { rate } from "../lib/format";
import { maybe, t } from "../lib/i18n";

const COLUMNS = [
  "live.stream",
  "live.stream.quality",
  "live.stream.rate",
  "live.stream.loss",
  "live.stream.jitter",
  "live.stream.picture",
] as const;

export function StreamTable({ now }: { now: ConnectionQuality }) {
  if (now.streams.length === 0) return null;
  return (
    <>
      <h3>{t("live.streams")}</h3>
      <TableBox label={t("live.streams")}>
        <table>
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name} scope="col">
                  {t(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {now.streams.map((stream) => (
              <Row key={`${stream.direction}/${stream.source}`} stream={stream} />
            ))}
          </tbody>
        </table>
      </TableBox>
    </>
  );
}

function Row({ stream }: { stream: StreamQuality }) {
  const name = `${stream.direction}/${stream.source}`;
  return (
    <tr>
      <th scope="row">{maybe(`live.stream.${stream.direction}.${stream.source}`) ?? name}</th>
      <td>
        {stream.label && stream.active ? (
          <QualityBadge quality={stream.label} label={t(`quality.${stream.label}`)} />
        ) : (
          t("live.stream.resting")
        )}
      </td>
      <td>{rate(stream.bitrate)}</td>
      <td>
        {stream.packets > 0
          ? `${((100 * stream.lost) / stream.packets).toFixed(1)} %`
          : t("network.none")}
      </td>
      <td>{Math.round(stream.jitter * 1000)} ms</td>
      <td>{stream.picture ? pictureText(stream.picture) : t("network.none")}</td>
    </tr>
  );
}

function pictureText(picture: StreamPicture): string {
  if (picture.layer === 0) return t("live.moment.pictureRefused");
  const size = t("network.pictureSize", {
    width: picture.frame_width,
    height: picture.frame_height,
  });
  const named = picture.rid ? `${size} (${picture.rid})` : size;
  return picture.limit ? t("live.stream.limited", { picture: named }) : named;
}
