import { improper } from "./answer.ts";

type Parameters = Readonly<Record<string, string>>;

/** The bytes that the requests of an operation ask for, and the field of its response that has them. */
const SECRETS: Readonly<Record<string, { readonly field: string; readonly length: (asked: Parameters) => number }>> = {
  GenerateRandom: { field: "random", length: ({ Length }) => Number(Length) },
  GenerateDataKey: {
    field: "plaintext",
    length: ({ NumberOfBytes, KeySpec }) => Number(NumberOfBytes ?? (KeySpec === "AES_128" ? 16 : 32)),
  },
};

/**
 * Refuses random bytes and data keys of another length than was asked for: an endpoint that answers fewer would make a caller encrypt
 * under a key that can be guessed.
 *
 * @throws LanelockError `ERR_PROVIDER`
 */
export function requireWhole(operation: string, asked: Parameters, response: unknown): void {
  const secret = SECRETS[operation];
  if (secret === undefined || typeof response !== "object" || response === null) return;
  const bytes: unknown = Reflect.get(response, secret.field);
  const length = secret.length(asked);
  if (bytes instanceof Uint8Array && bytes.length === length) return;
  const given = bytes instanceof Uint8Array ? bytes.length : "no";
  throw improper(operation, `${given} random bytes instead of ${length}`);
}
