/** Cameras and screens above the voices, each where the one clock is. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "../lib/i18n";
import type { Film } from "../lib/lanes";
import type { Player } from "../state/player";

export function PlayerFilms({ player }: { player: Player }) {
  const films = player.films.value;
  if (films.length === 0) return null;
  return (
    <section class="films" aria-label={t("player.films")}>
      {films.map((film) => (
        <FilmTile key={film.id} player={player} film={film} />
      ))}
    </section>
  );
}

function FilmTile({ player, film }: { player: Player; film: Film }) {
  const frame = useRef<HTMLDivElement>(null);
  const shown = player.playback.shown.value.find(({ lane }) => lane === film.id);
  const broken = player.playback.broken.value.has(film.id);
  const picture = shown?.picture ?? null;
  useEffect(() => {
    if (picture) frame.current?.replaceChildren(picture);
    else frame.current?.replaceChildren();
  }, [picture]);
  const name = film.name || t("recordings.somebody");
  const title = t(film.source === "screen" ? "player.filmScreen" : "player.film", { name });
  return (
    <figure class="film">
      <div class="film-frame" ref={frame} />
      {!picture && <p class="film-off">{t(broken ? "player.filmBroken" : "player.filmOff")}</p>}
      <figcaption>{title}</figcaption>
    </figure>
  );
}
