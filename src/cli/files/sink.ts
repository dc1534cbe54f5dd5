/** Where a command writes its result, in order. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** All was written: the result is there from now on. */
  commit(): Promise<void>;
  /** Nothing of the result is kept, where that can be. */
  discard(): Promise<void>;
}

/** Whether what `--in` or `--out` says is standard input or output: `-`, or nothing. */
export function isStandard(file: string | undefined): file is undefined | "-" {
  return file === undefined || file === "-";
}
