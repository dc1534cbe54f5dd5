/** Writes a number in the language of its reader. */
export type WriteNumber = (value: number, options?: Intl.NumberFormatOptions) => string;

/** `64 B`, `16 KiB`, `1 MiB`: for lengths that are powers of two. */
export function size(bytes: number): string {
  if (bytes >= 1_048_576) return `${bytes / 1_048_576} MiB`;
  return bytes >= 1_024 ? `${bytes / 1_024} KiB` : `${bytes} B`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
];

/** `412 ns`, `3.41 µs`, `1.21 s`, with three digits. */
export function duration(nanoseconds: number, write: WriteNumber): string {
  const [unit, length] = UNITS.find(([, one]) => nanoseconds >= one) ?? ["ns", 1];
  return `${write(nanoseconds / length, { maximumSignificantDigits: 3 })} ${unit}`;
}

/** A speed or a ratio, with three digits; two where the third would only be noise. */
export const short = (value: number, write: WriteNumber): string =>
  write(value, { maximumSignificantDigits: value >= 10 ? 3 : 2 });
