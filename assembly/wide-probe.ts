// A module of its own that shows whether a host packs what the wide build pairs: the same S-boxes on two batches at once, and on one batch
// after the other. Four rows of a batch do not wait for each other, so that their number counts and not how long one takes.
import { substitute } from "./cipher/aes-substitute";
import { Paired, Single } from "./lanes";

const ROWS: usize = 4 * 128;

/** `count` times the S-boxes of four rows of two batches, paired. */
export function paired(count: u32): void {
  const end = changetype<Paired>(0).planes() + ROWS;
  for (; count > 0; --count) substitute<Paired>(end);
}

/** The same work, unpaired. */
export function single(count: u32): void {
  const end = changetype<Single>(0).planes() + 2 * ROWS;
  for (; count > 0; --count) substitute<Single>(end);
}
