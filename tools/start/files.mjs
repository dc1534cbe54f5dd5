import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MIB = 1 << 20;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Removes a folder synchronously. Other threads of this process, those of a database for instance, may still make files in it, and
 * `rmSync` does not look for them when it tries again.
 */
function removeNow(folder) {
  for (let tries = 1; ; tries++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === 100) {
        console.error(`${folder} could not be removed and holds plaintext; delete it: ${error.message}`);
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/**
 * Runs `work` with a temporary folder and removes it afterwards. A signal such as Ctrl-C removes it too, and ends the process with
 * status 128 plus the signal's number, as shells do.
 */
export async function inTemporaryFolder(work) {
  let folder;
  const onSignal = (_name, number) => {
    if (folder !== undefined) removeNow(folder);
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    process.exit(128 + number);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    // Synchronous: a signal must not arrive between the folder and its name.
    folder = mkdtempSync(join(tmpdir(), "lanelock-"));
    return await work(folder);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    for (const name of SIGNALS) process.removeListener(name, onSignal);
  }
}

/** The file that the user named and its length, or 64 MiB of random bytes made in `folder`. */
export async function inputFile(named, folder) {
  if (named !== undefined) {
    const info = await stat(named);
    if (!info.isFile()) throw new Error(`${named} is not a file`);
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
