/** An operation whose time is compared between one secret, the same every time, and random ones. */
export interface TimingCase {
  readonly name: string;
  /** Whether it is known to leak: one of the controls. */
  readonly control: boolean;
  /** The secret of the first class. */
  readonly fixed: Uint8Array;
  /** Fills in one of the second class. */
  random(secret: Uint8Array): void;
  /** Puts a secret in place; not timed. */
  place(secret: Uint8Array): void;
  /** What is timed. */
  work(): void;
}
