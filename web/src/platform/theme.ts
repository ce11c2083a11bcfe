/** Light, dark or as the system: kept on this device, applied to the document. */
import { signal } from "@preact/signals-core";
import { deviceStore } from "./store";

export type Theme = "system" | "light" | "dark";

const ORDER: readonly Theme[] = ["system", "light", "dark"];

function stored(): Theme {
  const value = deviceStore.read("theme");
  return ORDER.find((theme) => theme === value) ?? "system";
}

/** The theme this person chose. */
export const theme = signal<Theme>(stored());

/** Applies the choice; the stylesheet does the rest. */
export function applyTheme(): void {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
}

/** Chooses the next of system, light, dark. */
export function cycleTheme(): void {
  theme.value = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] ?? "system";
  deviceStore.write("theme", theme.value);
  applyTheme();
}
