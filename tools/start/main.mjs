// Demonstrates every part on the file named on the command line, or on random bytes. Needs dist/.

import { showEnvelope } from "./envelope.mjs";
import { inputFile, inTemporaryFolder } from "./files.mjs";
import { runCipher } from "./gcm-file.mjs";
import { showKeys, withOrdersKey } from "./keys.mjs";
import { showServer } from "./server.mjs";

/** A speed, if the file is long enough to measure one. */
const speed = (value, size) => (size < 1 << 20 ? "–" : `${Math.round(value)} MB/s`).padStart(11);

function report(results, size) {
  console.log("\n                  seal         open   node:crypto");
  for (const { label, sealSpeed, openSpeed, theirSpeed, against } of results) {
    console.log(
      `${label.padEnd(12)}${speed(sealSpeed, size)}  ${speed(openSpeed, size)}  ${speed(theirSpeed, size)}  ${against.replace("node:crypto ", "")}`,
    );
  }
  console.log("");
  for (const { label, against, matches, tagChecked, roundTrip } of results) {
    const what = tagChecked ? "ciphertext and tag" : "ciphertext";
    console.log(
      `${label}: ${what} ${matches ? "equal" : "DIFFER FROM"} ${against}; opened again ${roundTrip ? "to the same bytes" : "TO OTHER BYTES"}.`,
    );
  }
}

try {
  const ok = await inTemporaryFolder(async (folder) => {
    const input = await inputFile(process.argv[2], folder);
    console.log(`${process.argv[2] ?? "A file of random bytes"}, ${input.size} bytes`);
    const results = [];
    for (const label of ["AES-256-GCM", "SM4-GCM"]) results.push(await runCipher(label, { ...input, folder }));
    report(results, input.size);
    const kept = await withOrdersKey(folder, async (orders) => {
      const steps = [
        () => showKeys(orders),
        () => showEnvelope(orders, { ...input, folder }),
        () => showServer(orders),
      ];
      for (const step of steps) if (!(await step())) return false;
      return true;
    });
    return kept && results.every(({ matches, roundTrip }) => matches && roundTrip);
  });
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
