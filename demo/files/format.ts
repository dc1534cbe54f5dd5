import type { Page, Texts } from "../view.ts";

interface Units {
  readonly seconds: (count: string) => string;
  readonly minutes: (minutes: string, seconds: string) => string;
}

const units: Texts<Units> = {
  en: { seconds: (count) => `${count} s`, minutes: (minutes, seconds) => `${minutes} min ${seconds} s` },
  zh: { seconds: (count) => `${count} 秒`, minutes: (minutes, seconds) => `${minutes} 分 ${seconds} 秒` },
};

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `1.5 GiB`; whole bytes below 1 KiB. */
export function size(page: Page, bytes: number): string {
  const power = Math.min(SIZES.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const digits = power === 0 ? {} : { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
  const value = bytes / 1_024 ** power;
  return `${page.number(value, value >= 1_000 ? { maximumFractionDigits: 0 } : digits)} ${SIZES[power]}`;
}

/** `412 MB/s`, where a MB is 10^6 bytes. */
export function speed(page: Page, bytesPerSecond: number): string {
  const value = bytesPerSecond / 1e6;
  return `${page.number(value, { maximumSignificantDigits: value < 1_000 ? 3 : 4 })} MB/s`;
}

/** `0.42 s`, `12 s`, `3 min 20 s` */
export function duration(page: Page, seconds: number): string {
  const { seconds: short, minutes } = page.t(units);
  if (seconds < 10) return short(page.number(seconds, { maximumSignificantDigits: 2 }));
  const whole = Math.round(seconds);
  if (whole < 60) return short(page.number(whole));
  return minutes(page.number(Math.floor(whole / 60)), page.number(whole % 60));
}
