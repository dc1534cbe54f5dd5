const MIB = 2 ** 20;
/** As much as `getRandomValues` gives in one call. */
const QUOTA = 2 ** 16;

/** A file of the length of many: one random MiB, over and over. */
export function sampleFile(mebibytes: number): File {
  const block = new Uint8Array(MIB);
  for (let at = 0; at < MIB; at += QUOTA) crypto.getRandomValues(block.subarray(at, at + QUOTA));
  const part = new Blob([block]);
  return new File(Array<Blob>(mebibytes).fill(part), `sample-${mebibytes}-MiB.bin`);
}
