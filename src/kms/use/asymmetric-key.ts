import { LanelockError } from "../../errors.ts";
import { whenReady } from "../../shared/maybe-promise.ts";
import { performance } from "../../shared/timers.ts";
import type { Call } from "../core/call.ts";
import type { CachedAsymmetricKey } from "../keys/cached-key.ts";
import { asymmetricKey } from "../life-cycle/key-loader.ts";
import { algorithmsOf } from "../policy/key-matrix.ts";
import { requireState } from "../policy/state-table.ts";
import { invalidParameter, KmsError, keyNotFound } from "../ports/errors.ts";
import type { Algorithm, AsymmetricKey, KeyRow, KeyUsage, MaybePromise } from "../ports/index.ts";
import { type Field, optional } from "../schema/field.ts";
import { choice } from "../schema/text.ts";
import { isVersionId, requiredString } from "../wire/ids.ts";
import { dryRunSucceeded } from "./symmetric-encrypt.ts";

/** The fields every use of an asymmetric key has. */
export interface AsymmetricFields<A extends Algorithm> {
  /** Key id, alias or ARN of an asymmetric key. */
  readonly keyId: string;
  /** Asymmetric keys have no primary version: every call names one. */
  readonly keyVersionId: string;
  /** The default of the key's KeySpec when absent: `RSAES_OAEP_SHA_256`, `RSA_PSS_SHA_256`, ECIES or ECDSA. */
  readonly algorithm?: A | undefined;
}

/** The response fields that every use of an asymmetric key has. */
export interface AsymmetricAnswer {
  readonly keyId: string;
  readonly keyVersionId: string;
}

interface AsymmetricUse<A extends Algorithm, T> {
  readonly usage: KeyUsage;
  readonly fields: AsymmetricFields<A>;
  /** Performs the operation, but returns nothing. */
  readonly dryRun?: boolean;
  readonly work: (key: AsymmetricKey, algorithm: A) => MaybePromise<T>;
}

type Used<T> = AsymmetricAnswer & { readonly result: T };

/** Uses the key version a request names. Synchronous if the version is known and loaded, and its provider is synchronous. */
export function useAsymmetricKey<A extends Algorithm, T>(call: Call, use: AsymmetricUse<A, T>): MaybePromise<Used<T>> {
  const { core, event } = call;
  const { keyId, keyVersionId } = use.fields;
  const known = core.directory.warm(keyId, event.at);
  if (known === undefined || known.row.state !== "Enabled" || use.dryRun) return useCold(call, use);
  const owner = core.directory.warmVersion(keyVersionId, event.at);
  const loaded = core.asymmetricKeys.get(keyVersionId, performance.now());
  if (owner?.row.keyId !== known.row.keyId || loaded === undefined) return useCold(call, use);
  return useWith(call, use, { row: known.row, loaded });
}

async function useCold<A extends Algorithm, T>(call: Call, use: AsymmetricUse<A, T>): Promise<Used<T>> {
  const { core, event, signal } = call;
  const versionId = use.fields.keyVersionId;
  const { row } = await core.directory.resolve(use.fields.keyId);
  event.keyId = row.keyId;
  if (!isVersionId(versionId)) throw keyNotFound();
  // A version of another key gets the same error as an unknown one.
  const owner = await core.directory.resolveVersion(versionId);
  if (owner.row.keyId !== row.keyId) throw keyNotFound();
  event.keyVersionId = versionId;
  requireState(call.operation, row.state);
  chooseAlgorithm(row, use.usage, use.fields.algorithm);
  const loaded = await asymmetricKey(core, { row, versionId, signal });
  try {
    const used = await useWith(call, use, { row, loaded });
    if (!use.dryRun) return used;
    if (used.result instanceof Uint8Array) used.result.fill(0);
    throw dryRunSucceeded();
  } finally {
    loaded.release();
  }
}

function useWith<A extends Algorithm, T>(
  { event }: Call,
  { usage, fields, work }: AsymmetricUse<A, T>,
  { row, loaded }: { row: KeyRow; loaded: CachedAsymmetricKey },
): MaybePromise<Used<T>> {
  const { keyId } = row;
  const { versionId: keyVersionId, key } = loaded;
  event.keyId = keyId;
  event.keyVersionId = keyVersionId;
  return whenReady(work(key, chooseAlgorithm(row, usage, fields.algorithm)), (result) => ({
    keyId,
    keyVersionId,
    result,
  }));
}

/** The algorithm asked for, or the key's default. Refuses a key of another family or usage. */
function chooseAlgorithm<A extends Algorithm>(row: KeyRow, usage: KeyUsage, asked: A | undefined): A {
  const available = row.keyUsage === usage && row.mode === "NONE" ? algorithmsOf(row) : [];
  const algorithm = asked === undefined ? available[0] : available.find((one) => one === asked);
  if (algorithm !== undefined) return algorithm as A;
  const ofUsage = algorithmsOf(row).join(" or ");
  throw new KmsError(
    "Rejected.UnsupportedOperation",
    `Unsupported operation. Key usage is ${row.keyUsage}: the algorithm must be ${ofUsage}.`,
  );
}

/** Accepts any string: the error for an algorithm that the key does not have then names those it has. */
export function algorithmField<A extends Algorithm>(of: readonly A[]): Field<A, A | undefined, false> {
  const field = choice(of, { doc: "The default of the key's KeySpec where absent." });
  const read = (value: unknown, parameter: string) => requiredString(value, parameter) as A;
  return optional({ ...field, read, fromText: read });
}

/** Reports data that is too long for the key under the name of its parameter. */
export function tooLong(error: unknown, parameter: string): unknown {
  if (!(error instanceof LanelockError) || error.code !== "ERR_LENGTH") return error;
  return invalidParameter(parameter, `${error.message}.`);
}
