// The main job: a file of any size sealed in an envelope under a CMK, the CMK rotated, the file opened again and compared, a
// range of it read by seeking.
import { createHash, randomInt } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { envelope } from "lanelock/envelope";
import { ProgressBar } from "../../dist/cli/report/progress-bar.js";

const CHUNK = 1 << 20;
const RANGE = 4_096;

/** A KMS that counts what it is asked. */
function counted(kms) {
  const calls = {};
  const counting = (name) => (request, options) => {
    calls[name] = (calls[name] ?? 0) + 1;
    return kms[name](request, options);
  };
  const port = { describeKey: counting("describeKey"), generateDataKey: counting("generateDataKey") };
  return { calls, kms: { ...port, decrypt: counting("decrypt"), reEncrypt: counting("reEncrypt") } };
}

/** A hash of all that passes. */
function hashing() {
  const hash = createHash("sha256");
  const pass = async function* (source) {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  };
  return { pass, digest: () => hash.digest("hex") };
}

/** Runs streams one into the next under a bar. @returns MB/s, of which hashing takes a part */
async function timed(label, size, makeStreams) {
  const bar = new ProgressBar(label, size);
  const onProgress = ({ bytes }) => bar.show(bytes);
  const start = performance.now();
  await pipeline(...makeStreams(onProgress));
  bar.end();
  return size / (performance.now() - start) / 1_000;
}

/** A file handle that counts the bytes read from it. */
function countingReads(handle) {
  const source = {
    bytes: 0,
    stat: () => handle.stat(),
    async read(...parameters) {
      const result = await handle.read(...parameters);
      source.bytes += result.bytesRead;
      return result;
    },
  };
  return source;
}

/** Reads a range by seeking. @returns whether it is what the file has there, and how much had to be read */
async function readRange(files, { sealed, file, size }) {
  const length = Math.min(RANGE, size);
  const offset = randomInt(size - length + 1);
  const [message, original] = [await open(sealed), await open(file)];
  try {
    const source = countingReads(message);
    const part = await files.openRange(source, offset, length);
    const expected = Buffer.alloc(length);
    if (length > 0) await original.read(expected, 0, length, offset);
    return { offset, length, read: source.bytes, same: expected.equals(part) };
  } finally {
    await Promise.all([message.close(), original.close()]);
  }
}

/**
 * Seals `file` under the CMK and opens it again, printing what it does.
 *
 * @returns whether every step came out as it should
 */
export async function showEnvelope({ kms: own, keyId }, { file, size, folder }) {
  const { kms, calls } = counted(own);
  const sealed = join(folder, "envelope.sealed");
  const encryptionContext = { tenant: "42", table: "orders" };
  const files = envelope(kms, { keyId: "alias/orders", encryptionContext });
  try {
    const [before, after] = [hashing(), hashing()];
    const source = () => createReadStream(file, { highWaterMark: CHUNK });
    const sealSpeed = await timed("envelope seal", size, (onProgress) => [
      source(),
      before.pass,
      Duplex.fromWeb(files.sealStream({ onProgress })),
      createWriteStream(sealed),
    ]);
    await own.rotateKey({ keyId });
    const openSpeed = await timed("envelope open", size, (onProgress) => [
      createReadStream(sealed, { highWaterMark: CHUNK }),
      Duplex.fromWeb(files.openStream({ onProgress })),
      after.pass,
      async (opened) => {
        for await (const _ of opened);
      },
    ]);
    const same = before.digest() === after.digest();
    const range = await readRange(files, { sealed, file, size });
    const asked = Object.entries(calls).map(([name, count]) => `${count} ${name}`);
    const speeds = size < CHUNK ? "" : `, ${Math.round(sealSpeed)} and ${Math.round(openSpeed)} MB/s with hashing`;
    console.log("\nenvelope: sealed under alias/orders, the CMK rotated,");
    console.log(`opened again ${same ? "to the same bytes" : "TO OTHER BYTES"}${speeds}`);
    console.log(
      `${range.length} bytes at ${range.offset} by seeking, ${range.read} bytes read: ${range.same ? "the same" : "NOT THE SAME"}`,
    );
    console.log(`the KMS was asked: ${asked.join(", ")}`);
    return same && range.same;
  } finally {
    await Promise.all([files.close(), rm(sealed, { force: true })]);
  }
}
