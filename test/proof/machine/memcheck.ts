import { createRequire } from "node:module";

/** What the addon (memcheck.c) asks of valgrind. */
export interface Memcheck {
  /** Marks bytes secret: memcheck reports every jump and every address that depends on them. */
  secret(bytes: Uint8Array): void;
  /** Marks bytes public. */
  declassify(bytes: Uint8Array): void;
  /** The same number, public. */
  declassifyNumber(number: number): number;
  /** Writes a line to valgrind's log. */
  note(text: string): void;
  /** How many reports there were so far, each as often as it happened. */
  errors(): number;
  running(): boolean;
}

export function loadMemcheck(path: string): Memcheck {
  const memcheck = createRequire(import.meta.url)(path) as Memcheck;
  if (!memcheck.running()) throw new Error("This process does not run under valgrind");
  return memcheck;
}
