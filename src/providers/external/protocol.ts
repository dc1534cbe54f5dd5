import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { CipherMode, PaddingMode } from "../../kms/ports/index.ts";

// The protocol between a KMS and a key manager. docs/external-keys.md describes it for implementers.

export const paths = {
  info: "/v1/info",
  create: "/v1/keys",
  encrypt: (key: string) => `/v1/keys/${key}/encrypt`,
  decrypt: (key: string) => `/v1/keys/${key}/decrypt`,
  destroy: (key: string) => `/v1/keys/${key}/destroy`,
} as const;

/** The form of key names, which are part of paths. */
export const keyNamePattern = /^[A-Za-z0-9_-]{1,128}$/;

/** Bytes of the longest request or answer that either side reads. A plaintext of 65,536 bytes fits, in base64. */
export const maxMessageLength = 100_000;

/** Seconds that a client's clock may differ from the key manager's. */
export const clockTolerance = 120;

export interface InfoAnswer {
  readonly protocol: 1;
  /** The key manager's name, for messages. */
  readonly name: string;
  readonly modes: readonly CipherMode[];
}

export interface CreateRequest {
  readonly keySpec: "Aliyun_AES_256";
  readonly mode: CipherMode;
}

export interface CreateAnswer {
  readonly key: string;
}

/** Bytes are base64 (RFC 4648 §4), and absent where the mode has none. */
export interface CipherMessage {
  readonly mode: CipherMode;
  readonly iv?: string;
  readonly aad?: string;
  readonly padding?: PaddingMode;
  /** The plaintext of `encrypt`, the ciphertext of `decrypt`; in GCM that ends in the tag of 16 bytes. */
  readonly data: string;
}

export interface CipherAnswer {
  readonly data: string;
}

/** The codes of refusals, with their HTTP status. */
export const refusals = {
  bad_request: 400,
  unauthenticated: 401,
  key_not_found: 404,
  too_large: 413,
  authentication: 422,
  padding: 422,
  length: 422,
  unsupported: 501,
  unavailable: 503,
} as const;
export type Refusal = keyof typeof refusals;

export interface RefusalAnswer {
  readonly error: { readonly code: Refusal; readonly message: string };
}

/** Headers of a request that is authenticated by HMAC, and of its answer. */
export const headers = {
  client: "x-lanelock-client",
  time: "x-lanelock-time",
  nonce: "x-lanelock-nonce",
  mac: "x-lanelock-mac",
} as const;

export interface RequestToAuthenticate {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
  /** Seconds since 1970. */
  readonly time: string;
  /** 32 hexadecimal digits, fresh for each request. */
  readonly nonce: string;
}

const digest = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");
const hmac = (secret: Uint8Array, lines: readonly string[]) =>
  createHmac("sha256", secret).update(lines.join("\n")).digest("hex");

/** HMAC-SHA-256, in hexadecimal, over the lines `lanelock-request-1`, method, path, SHA-256 of the body, time, nonce. */
export function requestMac(secret: Uint8Array, { method, path, body, time, nonce }: RequestToAuthenticate): string {
  return hmac(secret, ["lanelock-request-1", method, path, digest(body), time, nonce]);
}

/** HMAC-SHA-256, in hexadecimal, over the lines `lanelock-answer-1`, nonce of the request, status, SHA-256 of the body. */
export function answerMac(
  secret: Uint8Array,
  { nonce, status, body }: { nonce: string; status: number; body: Uint8Array },
): string {
  return hmac(secret, ["lanelock-answer-1", nonce, String(status), digest(body)]);
}

/** Compares in constant time. */
export function sameMac(given: unknown, expected: string): boolean {
  if (typeof given !== "string" || given.length !== expected.length) return false;
  const bytes = Buffer.from(given, "latin1");
  return bytes.length === expected.length && timingSafeEqual(bytes, Buffer.from(expected, "latin1"));
}

/** Decodes base64 in the one form that `Buffer` writes. @returns undefined for anything else */
export function fromBase64(text: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof text !== "string") return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
