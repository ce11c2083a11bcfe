/** Icons are drawings beside words; they never speak for themselves. */

import captions from "lucide-static/icons/captions.svg?raw";
import check from "lucide-static/icons/check.svg?raw";
import chevronLeft from "lucide-static/icons/chevron-left.svg?raw";
import chevronRight from "lucide-static/icons/chevron-right.svg?raw";
import notice from "lucide-static/icons/circle-alert.svg?raw";
import record from "lucide-static/icons/circle-dot.svg?raw";
import help from "lucide-static/icons/circle-help.svg?raw";
import stop from "lucide-static/icons/circle-stop.svg?raw";
import copy from "lucide-static/icons/copy.svg?raw";
import crown from "lucide-static/icons/crown.svg?raw";
import download from "lucide-static/icons/download.svg?raw";
import more from "lucide-static/icons/ellipsis.svg?raw";
import network from "lucide-static/icons/gauge.svg?raw";
import keyboard from "lucide-static/icons/keyboard.svg?raw";
import lock from "lucide-static/icons/lock.svg?raw";
import chat from "lucide-static/icons/message-square.svg?raw";
import mic from "lucide-static/icons/mic.svg?raw";
import micOff from "lucide-static/icons/mic-off.svg?raw";
import system from "lucide-static/icons/monitor.svg?raw";
import screen from "lucide-static/icons/monitor-up.svg?raw";
import moon from "lucide-static/icons/moon.svg?raw";
import pause from "lucide-static/icons/pause.svg?raw";
import leave from "lucide-static/icons/phone-off.svg?raw";
import pin from "lucide-static/icons/pin.svg?raw";
import pinOff from "lucide-static/icons/pin-off.svg?raw";
import play from "lucide-static/icons/play.svg?raw";
import forward from "lucide-static/icons/redo-2.svg?raw";
import search from "lucide-static/icons/search.svg?raw";
import send from "lucide-static/icons/send.svg?raw";
import settings from "lucide-static/icons/settings-2.svg?raw";
import share from "lucide-static/icons/share-2.svg?raw";
import next from "lucide-static/icons/skip-forward.svg?raw";
import sun from "lucide-static/icons/sun.svg?raw";
import trash from "lucide-static/icons/trash-2.svg?raw";
import warning from "lucide-static/icons/triangle-alert.svg?raw";
import back from "lucide-static/icons/undo-2.svg?raw";
import person from "lucide-static/icons/user.svg?raw";
import remove from "lucide-static/icons/user-x.svg?raw";
import people from "lucide-static/icons/users.svg?raw";
import video from "lucide-static/icons/video.svg?raw";
import videoOff from "lucide-static/icons/video-off.svg?raw";
import speaker from "lucide-static/icons/volume-2.svg?raw";
import offline from "lucide-static/icons/wifi-off.svg?raw";
import close from "lucide-static/icons/x.svg?raw";
import zoomIn from "lucide-static/icons/zoom-in.svg?raw";
import zoomOut from "lucide-static/icons/zoom-out.svg?raw";

const ICONS = {
  notice,
  captions,
  check,
  chevronLeft,
  chevronRight,
  record,
  help,
  stop,
  copy,
  crown,
  download,
  more,
  network,
  keyboard,
  lock,
  chat,
  mic,
  micOff,
  system,
  screen,
  moon,
  pause,
  leave,
  pin,
  pinOff,
  play,
  send,
  sun,
  trash,
  warning,
  person,
  remove,
  people,
  video,
  videoOff,
  settings,
  speaker,
  offline,
  close,
  back,
  forward,
  next,
  search,
  share,
  zoomIn,
  zoomOut,
};

export type IconName = keyof typeof ICONS;

export function Icon({ name }: { name: IconName }) {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the drawings come from the lock file
  return <span class="icon" aria-hidden="true" dangerouslySetInnerHTML={{ __html: ICONS[name] }} />;
}
