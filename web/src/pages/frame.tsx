/** What all pages share: skip link, header, one main region, the title of the window. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Header } from "../elements/header";
import type { IconName } from "../elements/icon";
import { t } from "../lib/i18n";
import { path } from "../platform/router";
import { cycleTheme, type Theme, theme } from "../platform/theme";

const THEME_ICONS: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

/** Shows `title` in the window while the page is shown. */
function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === t("app.name") ? title : `${title} · ${t("app.name")}`;
  }, [title]);
}

interface Props {
  title: string;
  /** Without the pages of those who have an account. */
  bare?: boolean;
  children: ComponentChildren;
}

export function Frame({ title, bare = false, children }: Props) {
  useTitle(title);
  const links = [
    { path: "/", text: t("nav.meetings"), current: path.value === "/" },
    {
      path: "/recordings",
      text: t("nav.recordings"),
      current: path.value.startsWith("/recordings"),
    },
    { path: "/live", text: t("nav.live"), current: path.value.startsWith("/live") },
    { path: "/docs", text: t("nav.docs"), current: false, plain: true },
  ];
  return (
    <>
      <a class="skip" href="#main">
        {t("app.skip")}
      </a>
      <Header
        name={t("app.name")}
        navigation={t("app.navigation")}
        links={bare ? [] : links}
        theme={{
          icon: THEME_ICONS[theme.value],
          label: t(`theme.${theme.value}`),
          onPress: cycleTheme,
        }}
      />
      <main id="main" class="page" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
