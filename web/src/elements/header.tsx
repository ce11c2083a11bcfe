/** The bar on top of every page but the meeting. */
import { Button } from "./button";
import type { IconName } from "./icon";

export interface HeaderProps {
  name: string;
  navigation: string;
  links: readonly { path: string; text: string; current: boolean; plain?: boolean }[];
  theme: { icon: IconName; label: string; onPress: () => void };
}

export function Header({ name, navigation, links, theme }: HeaderProps) {
  return (
    <header class="header">
      <a class="brand" href="/">
        <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <rect width="32" height="32" rx="9" />
          <path d="M8 14v4M13.3 10v12M18.7 7.5v17M24 12.5v7" />
        </svg>
        <span>{name}</span>
      </a>
      <nav aria-label={navigation} hidden={links.length === 0}>
        {links.map((link) => (
          <a
            key={link.path}
            href={link.path}
            aria-current={link.current ? "page" : undefined}
            target={link.plain ? "_self" : undefined}
          >
            {link.text}
          </a>
        ))}
      </nav>
      <Button kind="quiet" icon={theme.icon} label={theme.label} onPress={theme.onPress} />
    </header>
  );
}
