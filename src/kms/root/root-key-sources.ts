import { LanelockError } from "../../errors.ts";
import { callersBytes, copyOf } from "../../shared/byte-input.ts";
import { readPrivateFile } from "../../shared/private-file.ts";
import { textOf, utf8 } from "../../shared/utf8.ts";
import type { RootKeySource } from "../ports/index.ts";

/** 32 bytes; a file with them, raw or in base64 or hex; an environment variable with them in base64 or hex; or any source. */
export type RootKey = Uint8Array | { readonly file: string } | { readonly env: string } | RootKeySource;

export const ROOT_KEY_LENGTH = 32;

/** @param option the name of the option that holds it */
export function rootKeySource(rootKey: unknown, option: "rootKey" | "newRootKey"): RootKeySource {
  if (ArrayBuffer.isView(rootKey)) return constantSource(`the ${option} given`, copyOf(callersBytes(rootKey, option)));
  if (typeof rootKey === "object" && rootKey !== null) {
    if (isSource(rootKey)) return rootKey;
    if ("file" in rootKey && typeof rootKey.file === "string") return fileSource(rootKey.file);
    if ("env" in rootKey && typeof rootKey.env === "string") return environmentSource(rootKey.env);
  }
  throw new LanelockError(
    "ERR_ARGUMENT",
    `${option} must be a Uint8Array of 32 bytes, { file }, { env } or a root key source: pkcs11Root(…), or browserRoot(…) in a page.`,
  );
}

function isSource(value: object): value is RootKeySource {
  return "unlock" in value && typeof value.unlock === "function";
}

function constantSource(name: string, copy: Uint8Array): RootKeySource {
  if (copy.length !== ROOT_KEY_LENGTH) throw wrongLength(name, copy.length);
  return {
    name,
    async unlock() {
      return { secret: new Uint8Array(copy) };
    },
    async close() {
      copy.fill(0);
    },
  };
}

function environmentSource(variable: string): RootKeySource {
  const name = `environment variable ${variable}`;
  return {
    name,
    async unlock() {
      const text = globalThis.process?.env[variable];
      if (text === undefined || text === "") {
        throw new LanelockError("ERR_KEY", `The root key is not there: ${name} is not set.`);
      }
      return { secret: decodeKey(name, utf8(text)) };
    },
  };
}

function fileSource(path: string): RootKeySource {
  const name = `file ${path}`;
  return {
    name,
    async unlock() {
      const hint = 'Make one with "lanelock init", or give the path of yours.';
      const content = readPrivateFile({ path, what: "root key file", unreadable: "ERR_KEY", exposed: "ERR_KEY", hint });
      try {
        return { secret: rawKey(name, content) ?? decodeKey(name, content) };
      } finally {
        content.fill(0);
      }
    },
  };
}

/** 32 random bytes are all printable once in 10^13 times; those of a password or half a hex key always are. */
function isText(content: Uint8Array): boolean {
  return content.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** The 32 bytes of a file, unless they are text. */
function rawKey(name: string, content: Uint8Array): Uint8Array | undefined {
  if (content.length !== ROOT_KEY_LENGTH) return undefined;
  if (!isText(content)) return new Uint8Array(content);
  throw new LanelockError(
    "ERR_KEY",
    `The root key (${name}) is 32 characters of text, such as a password or half a hex key, and not 32 random bytes. Make one ` +
      "with: lanelock init",
  );
}

/** A key as text. Its length shows whether it is Base64 or hex. */
function decodeKey(name: string, content: Uint8Array): Uint8Array {
  const text = textOf(content).trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) {
    return Uint8Array.from({ length: ROOT_KEY_LENGTH }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
  }
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  throw wrongLength(name, content.length);
}

function wrongLength(name: string, length: number): LanelockError {
  const forms = "32 bytes (not in an environment variable), or 44 characters of base64 or 64 of hex that encode them";
  return new LanelockError("ERR_KEY", `The root key (${name}) must be ${forms}; it has ${length} bytes.`);
}
