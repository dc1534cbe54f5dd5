import type { Texts } from "../view.ts";

export interface RaceTexts {
  readonly soon: string;
}

export const texts: Texts<RaceTexts> = {
  en: { soon: "In preparation." },
  zh: { soon: "准备中。" },
};
