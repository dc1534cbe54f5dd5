/** The output of a command, written in order. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** Everything was written: publishes the result. */
  commit(): Promise<void>;
  /** Discards the result, if possible. */
  discard(): Promise<void>;
}

/** Whether the value of `--in` or `--out` means standard input or output: `-`, or absent. */
export function isStandard(file: string | undefined): file is undefined | "-" {
  return file === undefined || file === "-";
}
