import { Kms, KmsError } from "../../src/kms/index.ts";
import { memoryStore } from "../../src/stores/memory/memory-store.ts";

// A KMS in a page, for the browser test to call. What it answers travels as JSON: bytes become arrays of numbers.

const rootKey = crypto.getRandomValues(new Uint8Array(32));
const opened = Kms.open({ store: memoryStore(), rootKey });

type Method = Exclude<
  {
    [Name in keyof Kms]: Kms[Name] extends (request: never) => Promise<unknown> ? Name : never;
  }[keyof Kms],
  "close"
>;

const asJson = (_: string, value: unknown) => (value instanceof Uint8Array ? { bytes: [...value] } : value);
const fromJson = (_: string, value: { bytes?: number[] }) =>
  Array.isArray(value?.bytes) ? Uint8Array.from(value.bytes) : value;

/** Calls an operation; a refusal is an answer too. */
async function call(method: Method, request: string): Promise<string> {
  const kms = await opened;
  const operation = kms[method] as (request: unknown) => Promise<unknown>;
  try {
    return JSON.stringify((await operation.call(kms, JSON.parse(request, fromJson))) ?? {}, asJson);
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    return JSON.stringify({ code: error.code, message: error.message });
  }
}

Object.assign(globalThis, { call });
