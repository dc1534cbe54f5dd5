export type Language = "en" | "zh";

/** The texts of one view in both languages, of one type: a missing one does not compile. */
export type Texts<T> = Readonly<Record<Language, T>>;

/** The `lang` attribute, and the locale of numbers. */
export const LOCALES: Texts<string> = { en: "en", zh: "zh-CN" };

const KEPT = "lanelock-demo-language";

/** What the visitor chose here before, or else what the browser asks for. */
export function firstLanguage(): Language {
  const kept = readKept();
  if (kept === "en" || kept === "zh") return kept;
  return navigator.languages
    .find((tag) => /^(en|zh)\b/i.test(tag))
    ?.slice(0, 2)
    .toLowerCase() === "zh"
    ? "zh"
    : "en";
}

/** A browser that keeps nothing for pages throws on access. */
function readKept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // The choice then lasts as long as the page.
  }
}
