// A piece of JavaScript that touches secrets, and what memcheck may say of it.

export interface JavaScriptCase {
  readonly name: string;
  /** How many jumps and addresses may depend on a secret, and why any may. */
  readonly allowed: number;
  readonly reason?: string;
  /** How many where V8 has compiled it, if that is more: its code may ask twice for one verdict. */
  readonly compiled?: number;
  /** It must be found: a control, or what is known. */
  readonly control?: true;
  /** `openly` makes bytes public that came of secrets. */
  readonly run: (secretly: Secretly, openly: Secretly) => unknown;
}

export type Secretly = <Bytes extends Uint8Array>(bytes: Bytes) => Bytes;

export const VERDICT = "one verdict: it is the answer";

export const bytes = (length: number, first = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => (first + 7 * index) & 255);

/** Runs what throws for a wrong input. */
export function refused(work: () => unknown): void {
  try {
    work();
  } catch {
    return;
  }
  throw new Error("It was not refused");
}
