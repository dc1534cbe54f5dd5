import type { Browser, Machine } from "./results.ts";

/** How browsers name themselves in `navigator.userAgent`, the more special first: most claim to be others too. */
const PATTERNS: readonly (readonly [Browser, RegExp])[] = [
  ["edge", /\bEdg(?:A|iOS)?\/(\d+)/],
  ["firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
  ["chromium", /\b(?:(?:Headless)?Chrom(?:e|ium)|CriOS)\/(\d+)/],
  ["safari", /\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//],
];

/** What the browser says of itself and of the machine: enough to read figures by, too little to recognise anybody. */
export function machineOf({ userAgent, hardwareConcurrency }: Navigator): Machine {
  const processors = Number.isInteger(hardwareConcurrency) ? Math.min(hardwareConcurrency, 999) : 0;
  for (const [browser, pattern] of PATTERNS) {
    const version = Number(pattern.exec(userAgent)?.[1]);
    if (version > 0 && version < 1_000) return { browser, version, processors };
  }
  return { browser: "other", version: 0, processors };
}
