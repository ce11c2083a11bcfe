/** Who asks to join, for those who may let them in. */
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { t } from "../lib/i18n";
import type { VisitorInfo } from "../rtc/messages";
import type { MeetingView } from "../state/meeting";

/** One person is answered at once; several are a list in the people panel. */
export function DoorBanner({ view }: { view: MeetingView }) {
  const visitors = view.visitors.value;
  const [first] = visitors;
  if (!first || view.panel.value === "people") return null;
  const several = visitors.length > 1;
  const text = several
    ? t("door.asking", { count: visitors.length })
    : t("door.asks", { name: first.name });
  return (
    <div class="banner banner-door" role="status">
      <Icon name="person" />
      <p>{text}</p>
      {several ? (
        <>
          <Button onPress={() => view.show("people")}>{t("door.show")}</Button>
          <Button kind="primary" onPress={() => view.admit()}>
            {t("door.admitAll")}
          </Button>
        </>
      ) : (
        <Answer view={view} visitor={first} />
      )}
    </div>
  );
}

export function DoorList({ view }: { view: MeetingView }) {
  const visitors = view.visitors.value;
  if (visitors.length === 0) return null;
  return (
    <section class="door" aria-label={t("door.title")}>
      <div class="door-head">
        <h3>{t("door.count", { count: visitors.length })}</h3>
        {visitors.length > 1 && <Button onPress={() => view.admit()}>{t("door.admitAll")}</Button>}
      </div>
      <ul>
        {visitors.map((visitor) => (
          <li key={visitor.id}>
            <strong>{visitor.name}</strong>
            <Answer view={view} visitor={visitor} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Answer({ view, visitor }: { view: MeetingView; visitor: VisitorInfo }) {
  const { id, name } = visitor;
  return (
    <span class="door-answer">
      <Button label={t("door.refuseName", { name })} onPress={() => view.refuse(id)}>
        {t("door.refuse")}
      </Button>
      <Button kind="primary" label={t("door.admitName", { name })} onPress={() => view.admit(id)}>
        {t("door.admit")}
      </Button>
    </span>
  );
}
