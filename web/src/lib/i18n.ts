/** Every text a person reads comes from one file per language, through `t`. */
import i18next from "i18next";
import en from "../i18n/en.json";

type Plural<Key> = Key extends `${infer Base}_one` | `${infer Base}_other` ? Base : Key;

/** A key of the language file; plural forms count as one key. */
export type Text = Plural<keyof typeof en>;

void i18next.init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: en } },
  keySeparator: false,
  nsSeparator: false,
  initAsync: false,
  interpolation: { escapeValue: false },
});

/** The text of `key` with its values put in; `count` chooses the plural form. */
export function t(key: Text, values: Record<string, string | number> = {}): string {
  return i18next.t(key, values);
}

/** The text of a key made at run time (an error code), or null when there is none. */
export function maybe(key: string, values: Record<string, string | number> = {}): string | null {
  return i18next.exists(key) ? i18next.t(key, values) : null;
}
