import { LanelockError } from "../../errors.ts";
import type { Call } from "../call.ts";
import { invalidParameter, KmsError, keyNotFound } from "../errors.ts";
import { isVersionId, requiredString } from "../ids.ts";
import type { KnownKey } from "../key-directory.ts";
import { algorithmsOf } from "../key-matrix.ts";
import { asymmetricKey, type LoadedAsymmetricKey } from "../key-objects.ts";
import type { Algorithm, AsymmetricKey, KeyRow, KeyUsage } from "../ports/index.ts";
import { type KeyOperation, requireState } from "../state-table.ts";
import { dryRunSucceeded } from "./symmetric-seal.ts";

/** The fields every use of an asymmetric key has. */
export interface AsymmetricFields<A extends Algorithm> {
  /** Key id, alias or ARN of an asymmetric key. */
  readonly keyId: string;
  /** Asymmetric keys have no primary version: every call names one. */
  readonly keyVersionId: string;
  /** The default of the key's KeySpec when absent: `RSAES_OAEP_SHA_256`, `RSA_PSS_SHA_256`, ECIES or ECDSA. */
  readonly algorithm?: A | undefined;
}

/** What every use of an asymmetric key answers. */
export interface AsymmetricAnswer {
  readonly keyId: string;
  readonly keyVersionId: string;
}

interface AsymmetricUse<A extends Algorithm, T> {
  readonly operation: KeyOperation;
  readonly usage: KeyUsage;
  readonly fields: AsymmetricFields<A>;
  readonly dryRun?: boolean;
  readonly work: (key: AsymmetricKey, algorithm: A) => T | Promise<T>;
}

/** Finds the key version a request names, ready for use, and works it. */
export async function useAsymmetricKey<A extends Algorithm, T>(
  call: Call,
  { operation, usage, fields, dryRun = false, work }: AsymmetricUse<A, T>,
): Promise<AsymmetricAnswer & { readonly result: T }> {
  const { core, event, signal } = call;
  const versionId = requiredString(fields.keyVersionId, "KeyVersionId");
  const known = await knownKey(call, fields.keyId, versionId);
  const { row } = known;
  event.keyId = row.keyId;
  event.keyVersionId = versionId;
  requireState(operation, row.state);
  const algorithm = chooseAlgorithm(row, usage, fields.algorithm);
  if (dryRun) throw dryRunSucceeded();
  for (;;) {
    const loaded = warmKey(call, versionId) ?? (await asymmetricKey(core, { row, versionId, signal }));
    if (!loaded.live) continue;
    return { keyId: row.keyId, keyVersionId: versionId, result: await work(loaded.key, algorithm) };
  }
}

function warmKey({ core }: Call, versionId: string): LoadedAsymmetricKey | undefined {
  return core.asymmetricKeys.get(versionId, performance.now());
}

/** The key, of which the version must be one. A version of another key is as little found as one of none. */
async function knownKey({ core, event }: Call, keyId: unknown, versionId: string): Promise<KnownKey> {
  const known = core.directory.warm(keyId, event.at) ?? (await core.directory.resolve(keyId));
  event.keyId = known.row.keyId;
  if (!isVersionId(versionId)) throw keyNotFound();
  const owner = core.directory.warmVersion(versionId, event.at) ?? (await core.directory.resolveVersion(versionId));
  if (owner.row.keyId !== known.row.keyId) throw keyNotFound();
  return known;
}

/** The key's default algorithm or the one asked for; a key of another family or usage does not do it. */
function chooseAlgorithm<A extends Algorithm>(row: KeyRow, usage: KeyUsage, asked: A | undefined): A {
  if (asked !== undefined && typeof asked !== "string") throw invalidParameter("Algorithm", "It must be a string.");
  const available = row.keyUsage === usage && row.mode === "NONE" ? algorithmsOf(row) : [];
  const algorithm = asked === undefined ? available[0] : available.find((one) => one === asked);
  if (algorithm !== undefined) return algorithm as A;
  const kind = `a ${row.keySpec} key for ${row.keyUsage}`;
  throw new KmsError(
    "Rejected.UnsupportedOperation",
    `Unsupported operation. ${asked ?? usage} is not for ${kind}; it takes ${algorithmsOf(row).join(", ")}.`,
  );
}

/** Data that is too long for the key, told under the name the caller gave it by. */
export function tooLong(error: unknown, parameter: string): unknown {
  if (!(error instanceof LanelockError) || error.code !== "ERR_LENGTH") return error;
  return invalidParameter(parameter, `${error.message}.`);
}
