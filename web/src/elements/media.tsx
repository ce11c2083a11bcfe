/** Pictures and sound of tracks. */
import { useEffect, useRef } from "preact/hooks";

export interface VideoProps {
  track: MediaStreamTrack;
  mirrored?: boolean;
  label: string;
  contain?: boolean;
}

/** The picture of one track; its sound is played elsewhere. */
export function Video({ track, mirrored, label, contain }: VideoProps) {
  const self = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = self.current;
    if (!video) return;
    video.srcObject = new MediaStream([track]);
    // A picture without sound may always play; a tab in the background may still refuse.
    void video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  const classes = ["picture", mirrored && "picture-mirrored", contain && "picture-contain"];
  return (
    <video
      ref={self}
      class={classes.filter(Boolean).join(" ")}
      aria-label={label}
      muted
      playsInline
    />
  );
}

export interface AudioSlotsProps {
  tracks: readonly MediaStreamTrack[];
  /** Whose sound each plays, by the id of its track: for programs that look at the page. */
  owners: ReadonlyMap<string, string>;
  /** Grows when the person asked for sound by a gesture. */
  attempt: number;
  onBlocked: (blocked: boolean) => void;
}

/** One element per audio slot. They are never muted here: the server decides who is heard. */
export function AudioSlots({ tracks, owners, attempt, onBlocked }: AudioSlotsProps) {
  return (
    <div hidden>
      {tracks.map((track) => (
        <AudioSlot
          key={track.id}
          track={track}
          owner={owners.get(track.id)}
          attempt={attempt}
          onBlocked={onBlocked}
        />
      ))}
    </div>
  );
}

interface AudioSlotProps extends Omit<AudioSlotsProps, "tracks" | "owners"> {
  track: MediaStreamTrack;
  owner: string | undefined;
}

function AudioSlot(props: AudioSlotProps) {
  const { track, owner, attempt, onBlocked } = props;
  const self = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    if (self.current) self.current.srcObject = new MediaStream([track]);
  }, [track]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt plays again
  useEffect(() => {
    self.current
      ?.play()
      .then(() => onBlocked(false))
      .catch((error: unknown) => {
        if (error instanceof DOMException && error.name === "NotAllowedError") onBlocked(true);
      });
  }, [track, attempt]);
  // biome-ignore lint/a11y/useMediaCaption: live voices; captions are their own feature
  return <audio ref={self} data-person={owner} autoPlay />;
}
