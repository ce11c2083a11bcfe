/** Recorded files by the browser's media elements, which ask for byte ranges by themselves. */
import type { Voice } from "../lib/voice";

/** Opens the file at an address; nothing of it is heard before `play`. */
export function openVoice(url: string, kind: "audio" | "video"): Voice {
  const audio = kind === "video" ? silentFilm() : new Audio();
  audio.preload = "auto";
  audio.src = url;
  return {
    picture: kind === "video" ? audio : null,
    get position() {
      return audio.currentTime;
    },
    get ready() {
      return audio.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA || audio.ended;
    },
    get broken() {
      return audio.error !== null;
    },
    seek(seconds) {
      audio.currentTime = seconds;
    },
    play() {
      // Refused without a gesture, or broken off by a pause: the clock notices the standstill.
      if (audio.paused && !audio.ended) audio.play().catch(() => undefined);
    },
    pause: () => audio.pause(),
    setRate(rate) {
      audio.playbackRate = rate;
    },
    setVolume(volume) {
      audio.volume = volume;
    },
    close() {
      audio.pause();
      audio.removeAttribute("src");
      audio.load();
    },
  };
}

function silentFilm(): HTMLVideoElement {
  const film = document.createElement("video");
  film.muted = true;
  film.playsInline = true;
  film.disablePictureInPicture = true;
  return film;
}

/** Whether this browser plays what is recorded. */
export function playsOpus(): boolean {
  return new Audio().canPlayType("audio/ogg; codecs=opus") !== "";
}
