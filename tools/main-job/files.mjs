import { randomFillSync } from "node:crypto";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MIB = 1 << 20;

/** Runs `work` with a temporary folder, which is gone afterwards. */
export async function inTemporaryFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "lanelock-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The file that the user named and its length, or 64 MiB of random bytes made in `folder`. */
export async function inputFile(named, folder) {
  if (named !== undefined) {
    const info = await stat(named);
    if (!info.isFile()) throw new Error(`${named} is no file`);
    return { file: named, size: info.size };
  }
  const file = join(folder, "random");
  const handle = await open(file, "w");
  const chunk = Buffer.alloc(MIB);
  try {
    for (let i = 0; i < 64; i++) await handle.write(randomFillSync(chunk));
  } finally {
    await handle.close();
  }
  return { file, size: 64 * MIB };
}
