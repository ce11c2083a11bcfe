/** One person's place in the meeting. */
import { bucket, initials } from "../lib/format";
import { type Quality, QualityBadge } from "./badge";
import { Button } from "./button";
import { Icon } from "./icon";
import { Video } from "./media";

export interface TileProps {
  id: string;
  bot: boolean;
  name: string;
  label: string;
  track: MediaStreamTrack | null;
  mirrored: boolean;
  screen: boolean;
  muted: boolean;
  mutedLabel: string;
  speaking: boolean;
  speakingLabel: string;
  /** What to say instead of a picture, such as "Reconnecting". */
  notice: string | null;
  quality: { level: Quality; label: string } | null;
  pin: { label: string; active: boolean; onPress: () => void } | null;
  box: { x: number; y: number; width: number; height: number };
}

/** Colours of people without a picture; the stylesheet knows as many. */
const COLOURS = 6;

export function Tile(props: TileProps) {
  const { box, track } = props;
  const classes = [
    "tile",
    `tile-colour-${bucket(props.id, COLOURS)}`,
    props.speaking && "tile-speaking",
    props.notice && "tile-waiting",
  ];
  return (
    <li
      class={classes.filter(Boolean).join(" ")}
      data-person={props.screen ? undefined : props.id}
      data-kind={props.bot ? "bot" : "person"}
      data-me={props.mirrored || undefined}
      style={{
        transform: `translate(${box.x}px, ${box.y}px)`,
        width: `${box.width}px`,
        height: `${box.height}px`,
      }}
    >
      {track ? (
        <Video track={track} mirrored={props.mirrored} contain={props.screen} label={props.label} />
      ) : (
        <div class="tile-initials" aria-hidden="true">
          <span>{initials(props.name)}</span>
        </div>
      )}
      {props.notice && <div class="tile-notice">{props.notice}</div>}
      <div class="tile-name">
        {props.muted && !props.screen && (
          <span class="tile-mark tile-muted" role="img" aria-label={props.mutedLabel}>
            <Icon name="micOff" />
          </span>
        )}
        {props.speaking && (
          <span class="tile-mark tile-voice" role="img" aria-label={props.speakingLabel}>
            <i />
            <i />
            <i />
          </span>
        )}
        <span class="tile-label">{props.label}</span>
        {props.quality && (
          <QualityBadge quality={props.quality.level} label={props.quality.label} />
        )}
      </div>
      {props.pin && (
        <div class="tile-tools">
          <Button
            kind="quiet"
            icon={props.pin.active ? "pinOff" : "pin"}
            label={props.pin.label}
            onPress={props.pin.onPress}
          />
        </div>
      )}
    </li>
  );
}
