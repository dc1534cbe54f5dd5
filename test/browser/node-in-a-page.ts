import { shake256 } from "@noble/hashes/sha3.js";
import { Buffer } from "./buffer-in-a-page.ts";

// Stands in for the modules of Node that the suites import: the hash that seeds their data, and the reading of vectors, which the
// server of the page gives out.

export function createHash(algorithm: string, { outputLength }: { outputLength: number }) {
  if (algorithm !== "shake256") throw new Error(`This page has no ${algorithm}`);
  const hash = shake256.create({ dkLen: outputLength });
  const hashing = {
    update(text: string) {
      hash.update(new TextEncoder().encode(text));
      return hashing;
    },
    digest: () => hash.digest(),
  };
  return hashing;
}

/** A file of test/vectors by its address on the server, read in one go: the suites do not wait. */
export function readFileSync(address: URL, encoding?: string): Uint8Array | string {
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw new Error(`${address} gives ${request.status}`);
  const bytes = Buffer.from(Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 0xff));
  return encoding === undefined ? bytes : bytes.toString(encoding);
}

/** The server gives out what is compressed as it was before. */
export const gunzipSync = <Bytes>(bytes: Bytes): Bytes => bytes;
