/** The name of the first contender everywhere. */
export const OWN = "lanelock";

/** lanelock where node:crypto may do the work. */
export const AUTO = "lanelock auto";

export const SIZES: readonly number[] = [32, 64, 1024, 16384, 1048576];

/**
 * Where a result of `bytes` bytes goes: long ones into memory that is there already, which every contender with such an option
 * gets too. A new MiB costs its allocation and 256 page faults for every contender.
 */
export function outputFor(bytes: number): Uint8Array<ArrayBuffer> | undefined {
  return bytes >= 16384 ? new Uint8Array(bytes) : undefined;
}

/** A size as people write it: `64 B`, `1 KiB`, `1 MiB`. */
export function label(bytes: number): string {
  if (bytes >= 1048576) return `${bytes / 1048576} MiB`;
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
}
