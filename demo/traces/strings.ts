import type { Texts } from "../view.ts";

export interface TracesTexts {
  readonly soon: string;
}

export const texts: Texts<TracesTexts> = {
  en: { soon: "In preparation." },
  zh: { soon: "准备中。" },
};
