import { shake256 } from "@noble/hashes/sha3.js";
import { gunzipSync as inflate } from "fflate";
import { Buffer } from "./buffer.ts";

// Stands in for the modules of Node that the suites import: the hash that seeds their data, and the reading of vectors and of
// the built engine.

export function createHash(algorithm: string, { outputLength }: { outputLength: number }) {
  if (algorithm !== "shake256") throw new Error(`There is no ${algorithm} here`);
  const hash = shake256.create({ dkLen: outputLength });
  const hashing = {
    update(text: string) {
      hash.update(Buffer.from(text));
      return hashing;
    },
    digest: () => hash.digest(),
  };
  return hashing;
}

/** A function of jsc, a shell without a network: with "binary" it gives bytes. */
declare const readFile: ((path: string, kind: "binary") => Uint8Array) | undefined;

function bytesAt(address: URL): Uint8Array<ArrayBuffer> {
  if (typeof readFile === "function") return Uint8Array.from(readFile(address.pathname, "binary"));
  // In one go: the suites do not wait.
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw new Error(`${address} gives ${request.status}`);
  return Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 0xff);
}

/** A file of test/vectors or build. */
export function readFileSync(address: URL, encoding?: "latin1" | "utf8"): Uint8Array | string {
  const bytes = Buffer.from(bytesAt(address).buffer);
  return encoding === undefined ? bytes : bytes.toString(encoding);
}

export const gunzipSync = (bytes: Uint8Array) => Buffer.from(inflate(bytes));

function onlyInNode(): never {
  throw new Error("Only Node has this: suites.ts must leave the test out");
}

export const createCipheriv = onlyInNode;
export const createDecipheriv = onlyInNode;
