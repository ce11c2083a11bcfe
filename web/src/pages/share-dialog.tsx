/** Links to a recording: make one, see who used which, withdraw it. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RecordingsServer } from "../api/recordings";
import type { ShareLink } from "../api/types";
import { Button } from "../elements/button";
import { Dialog } from "../elements/dialog";
import { moment } from "../elements/when";
import { midnight } from "../lib/date";
import { t } from "../lib/i18n";
import { browserClock } from "../platform/clock";
import { endOf, Shares } from "../state/shares";

interface Props {
  recording: string;
  server: RecordingsServer;
}

const HOUR = 3600;
/** The choice of a day instead of a span. */
const DATE = 0;
const SPANS = [
  [HOUR, "share.hour"],
  [24 * HOUR, "share.day"],
  [7 * 24 * HOUR, "share.week"],
  [30 * 24 * HOUR, "share.month"],
] as const;

export function ShareButton(props: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="share" onPress={() => setOpen(true)}>
        {t("share.open")}
      </Button>
      {open && <ShareDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function ShareDialog({ recording, server, onClose }: Props & { onClose: () => void }) {
  const shares = useMemo(() => new Shares(server, recording), [server, recording]);
  useEffect(() => void shares.load(), [shares]);
  return (
    <Dialog title={t("share.title")} onClose={onClose}>
      <p class="quiet">{t("share.lead")}</p>
      <NewLink shares={shares} />
      {shares.problem.value && (
        <p class="problem" role="alert">
          {shares.problem.value}
        </p>
      )}
      <section aria-labelledby="share-links">
        <h3 id="share-links">{t("share.links")}</h3>
        {shares.links.value?.length === 0 && <p class="quiet">{t("share.none")}</p>}
        <ul class="share-links">
          {shares.links.value?.map((link) => (
            <LinkRow key={link.id} shares={shares} link={link} />
          ))}
        </ul>
      </section>
      <div class="dialog-buttons">
        <Button onPress={onClose}>{t("share.close")}</Button>
      </div>
    </Dialog>
  );
}

function NewLink({ shares }: { shares: Shares }) {
  const [label, setLabel] = useState("");
  const [ttl, setTtl] = useState<number>(7 * 24 * HOUR);
  const [day, setDay] = useState("");
  const [keep, setKeep] = useState(true);
  const [signedIn, setSignedIn] = useState(false);
  const made = useRef<HTMLInputElement>(null);
  const url = shares.made.value;
  const create = (event: SubmitEvent) => {
    event.preventDefault();
    void shares.create({
      ...(ttl === DATE ? { expires_at: midnight(day, 1) } : { ttl }),
      allow_download: keep,
      signed_in: signedIn,
      label: label.trim() || null,
    });
    setLabel("");
  };
  return (
    <form class="share-new" onSubmit={create}>
      <div class="line">
        <label class="field">
          <span>{t("share.label")}</span>
          <input
            maxLength={80}
            value={label}
            onInput={(event) => setLabel(event.currentTarget.value)}
          />
        </label>
        <label class="field share-span">
          <span>{t("share.expires")}</span>
          <select value={ttl} onInput={(event) => setTtl(Number(event.currentTarget.value))}>
            {SPANS.map(([seconds, text]) => (
              <option key={seconds} value={seconds}>
                {t(text)}
              </option>
            ))}
            <option value={DATE}>{t("share.date")}</option>
          </select>
        </label>
        {ttl === DATE && (
          <label class="field share-span">
            <span>{t("share.lastDay")}</span>
            <input
              type="date"
              required
              value={day}
              onInput={(event) => setDay(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      <label class="field">
        <span>{t("share.who")}</span>
        <select
          value={signedIn ? "signed-in" : "anyone"}
          onInput={(event) => setSignedIn(event.currentTarget.value === "signed-in")}
        >
          <option value="anyone">{t("share.anyone")}</option>
          <option value="signed-in">{t("share.signedIn")}</option>
        </select>
      </label>
      <div class="share-make">
        <label class="check">
          <input
            type="checkbox"
            checked={keep}
            onInput={(event) => setKeep(event.currentTarget.checked)}
          />
          {t("share.allowDownload")}
        </label>
        <Button kind="primary" submit>
          {t("share.create")}
        </Button>
      </div>
      {url && (
        <div class="note share-made" role="status">
          <label class="field">
            <span>{t("share.made")}</span>
            <input ref={made} readOnly value={url} aria-label={t("share.link")} />
          </label>
          <Button
            icon="copy"
            label={t("share.copy")}
            onPress={() => {
              made.current?.select();
              navigator.clipboard?.writeText(url).catch(() => undefined); // it stays selected
            }}
          />
        </div>
      )}
    </form>
  );
}

function LinkRow({ shares, link }: { shares: Shares; link: ShareLink }) {
  const label = link.label ?? t("share.unnamed");
  const end = endOf(link, browserClock.wall());
  const log = shares.log.value;
  return (
    <li class={end === "good" ? "" : "stale"}>
      <div>
        <strong>{label}</strong>
        <small class="quiet">{about(link, end)}</small>
      </div>
      <div class="share-buttons">
        {link.opened > 0 && (
          <Button
            kind="quiet"
            label={t("share.usesLabel", { label })}
            pressed={log?.id === link.id}
            onPress={() => void shares.show(link.id)}
          >
            {t("share.uses")}
          </Button>
        )}
        {end === "good" && (
          <Button
            kind="quiet"
            label={t("share.revokeLabel", { label })}
            onPress={() => void shares.revoke(link.id)}
          >
            {t("share.revoke")}
          </Button>
        )}
      </div>
      {log?.id === link.id && (
        <ul class="share-uses">
          {log.uses.map((use) => (
            <li key={use.at}>
              <time dateTime={use.at}>{moment(use.at)}</time> {use.address} {t(partOf(use.file_id))}{" "}
              {use.bytes_range ?? ""}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function partOf(
  file: string | null,
): "share.page" | "share.again" | "share.transcript" | "share.file" {
  if (file === null) return "share.page";
  if (file === "again") return "share.again";
  return file === "transcript" ? "share.transcript" : "share.file";
}

/** Until when it is good, and how much it was used. */
function about(link: ShareLink, end: ReturnType<typeof endOf>): string {
  const words = {
    good: t("share.until", { at: moment(link.expires_at) }),
    expired: t("share.expired", { at: moment(link.expires_at) }),
    revoked: t("share.revoked", { at: moment(link.revoked_at ?? link.expires_at) }),
  };
  const used = link.opened > 0 ? t("share.opened", { count: link.opened }) : t("share.unused");
  const last = link.last_used_at ? [t("share.lastUsed", { at: moment(link.last_used_at) })] : [];
  const who = link.signed_in ? [t("share.signedIn")] : [];
  return [words[end], ...who, used, ...last].join(" · ");
}
