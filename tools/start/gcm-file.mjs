// Seals a file with one cipher and opens it again, chunk by chunk, beside an implementation that is not ours.
import { createCipheriv, createHash, createSecretKey, getCiphers, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { aesGcm, sm4Gcm } from "lanelock";
import { openStreamUnverified } from "lanelock/unauthenticated";
import { ProgressBar } from "../../dist/cli/report/progress-bar.js";

const CHUNK = 1 << 20;

/** Adds up the time spent in calls, without reading and writing files. */
class Stopwatch {
  nanoseconds = 0n;

  time(work) {
    const start = process.hrtime.bigint();
    const result = work();
    this.nanoseconds += process.hrtime.bigint() - start;
    return result;
  }

  /** MB/s over `bytes`. */
  speed(bytes) {
    return (bytes / Number(this.nanoseconds || 1n)) * 1000;
  }
}

/**
 * The implementation to compare with: all of GCM where this Node has it. Before Node 26 it has no SM4-GCM; then sm4-ctr, from
 * GCM's first counter of the text (SP 800-38D §7.1), checks the ciphertext but not the tag.
 */
function independent(algorithm, key, nonce) {
  const secret = createSecretKey(key);
  if (getCiphers().includes(algorithm)) {
    const cipher = createCipheriv(algorithm, secret, nonce);
    return { name: `node:crypto ${algorithm}`, cipher, tag: () => cipher.getAuthTag() };
  }
  const counter = Buffer.concat([nonce, Buffer.from([0, 0, 0, 2])]);
  const cipher = createCipheriv("sm4-ctr", secret, counter);
  return { name: "node:crypto sm4-ctr", cipher, tag: () => undefined };
}

async function write(stream, bytes) {
  if (bytes.length > 0 && !stream.write(bytes)) await once(stream, "drain");
}

async function close(stream) {
  stream.end();
  await once(stream, "close");
}

/** Seals `file` into `sealed`, comparing every byte; returns what opening needs and what was measured. */
async function seal({ aead, nonce, other, file, sealed, size, label }) {
  const own = new Stopwatch();
  const theirs = new Stopwatch();
  const bar = new ProgressBar(`${label} seal`, size);
  const output = createWriteStream(sealed);
  const stream = aead.sealStream(nonce);
  const digest = createHash("sha256");
  // The two return their bytes in parts of different lengths, so hashes of all ciphertext are compared.
  const ourHash = createHash("sha256");
  const theirHash = createHash("sha256");
  let length = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) {
    length += chunk.length;
    digest.update(chunk);
    const part = own.time(() => stream.update(chunk));
    theirHash.update(theirs.time(() => other.cipher.update(chunk)));
    ourHash.update(part);
    await write(output, part);
    bar.show(length);
  }
  const last = own.time(() => stream.final());
  const tag = last.subarray(last.length - aead.tagLength);
  ourHash.update(last.subarray(0, last.length - aead.tagLength));
  await write(output, last);
  await close(output);
  other.cipher.final();
  bar.end();
  const otherTag = other.tag();
  const sameText = ourHash.digest().equals(theirHash.digest());
  const sameTag = otherTag === undefined || otherTag.equals(tag);
  return {
    length,
    digest: digest.digest(),
    own,
    theirs,
    matches: sameText && sameTag,
    tagChecked: otherTag !== undefined,
  };
}

/** Opens `sealed` into a temporary file that gets its name only after the tag holds; returns its digest. */
async function openAgain({ aead, nonce, sealed, opened, length, label }) {
  const own = new Stopwatch();
  const bar = new ProgressBar(`${label} open`, length);
  let done = 0;
  const partial = `${opened}.partial`;
  const output = createWriteStream(partial);
  const stream = openStreamUnverified(aead, nonce);
  const digest = createHash("sha256");
  const take = async (part) => {
    digest.update(part);
    await write(output, part);
  };
  try {
    if (length > 0) {
      for await (const chunk of createReadStream(sealed, { highWaterMark: CHUNK, end: length - 1 })) {
        await take(own.time(() => stream.update(chunk)));
        done += chunk.length;
        bar.show(done);
      }
    }
    const tag = new Uint8Array(aead.tagLength);
    const handle = await open(sealed);
    await handle.read(tag, 0, tag.length, length).finally(() => handle.close());
    await take(own.time(() => stream.final(tag)));
    await close(output);
    await rename(partial, opened);
  } catch (error) {
    output.destroy();
    await rm(partial, { force: true });
    throw error;
  } finally {
    stream.dispose();
    bar.end();
  }
  return { digest: digest.digest(), own };
}

const CIPHERS = {
  "AES-256-GCM": { algorithm: "aes-256-gcm", keyLength: 32, make: aesGcm },
  "SM4-GCM": { algorithm: "sm4-gcm", keyLength: 16, make: sm4Gcm },
};

/**
 * Seals and opens `file` in `folder` with the cipher of that label.
 *
 * @returns what was compared, and speeds in MB/s
 */
export async function runCipher(label, { file, size, folder }) {
  const { algorithm, keyLength, make } = CIPHERS[label];
  const key = randomBytes(keyLength);
  const nonce = randomBytes(12);
  const other = independent(algorithm, key, nonce);
  const aead = make(key);
  const sealed = join(folder, `${algorithm}.sealed`);
  const opened = join(folder, `${algorithm}.opened`);
  try {
    const sealing = await seal({ aead, nonce, other, file, sealed, size, label });
    const opening = await openAgain({ aead, nonce, sealed, opened, length: sealing.length, label });
    return {
      label,
      against: other.name,
      tagChecked: sealing.tagChecked,
      matches: sealing.matches,
      roundTrip: opening.digest.equals(sealing.digest),
      sealSpeed: sealing.own.speed(sealing.length),
      openSpeed: opening.own.speed(sealing.length),
      theirSpeed: sealing.theirs.speed(sealing.length),
    };
  } finally {
    aead.dispose();
    key.fill(0);
    await Promise.all([rm(sealed, { force: true }), rm(opened, { force: true })]);
  }
}
