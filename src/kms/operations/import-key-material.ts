import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { bindMaterial } from "../import/bind-material.ts";
import { CountedAttempt, destroyExpiredTokens, liveToken, tokenBinding } from "../import/import-tokens.ts";
import { requireState, UNTIL_DELETION_STATE } from "../policy/state-table.ts";
import { invalidParameter, KmsError } from "../ports/errors.ts";
import type { CheckedMaterial, ImportTokenRow, KeyRow, WrappingAlgorithm } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { withDefault } from "../schema/field.ts";
import { integer } from "../schema/scalars.ts";
import { fields, nothing } from "../schema/schema.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { requireImported } from "./parts/imported.ts";
import { keyIdField } from "./parts/key-id.ts";

export interface ImportKeyMaterialRequest {
  /** Key id or ARN of a key of origin EXTERNAL; no alias. */
  readonly keyId: string;
  /** The material under the token's public key and algorithm. */
  readonly encryptedKeyMaterial: Uint8Array;
  /** From GetParametersForImport for this key. */
  readonly importToken: Uint8Array;
  /** Whole seconds since 1970, in the future; 0 or absent: never. */
  readonly keyMaterialExpireUnix?: number | undefined;
}

/** Longer than any wrapped key, the PKCS#8 of RSA_4096 included. Anything longer is refused before it is unwrapped. */
const MAX_WRAPPED = 8_192;
/** The last second a Date can name. */
const LAST_SECOND = 8_640_000_000_000;

export const importKeyMaterial = operation({
  name: "ImportKeyMaterial",
  plane: "life-cycle",
  repeatable: true,
  states: UNTIL_DELETION_STATE,
  doc: "Gives a key of origin EXTERNAL its material, or the same again with another expiry.",
  errors: ["Unsupported.Origin", "InvalidKeyMaterial", "InvalidImportToken", "ExpiredImportToken"],
  request: fields<ImportKeyMaterialRequest>()({
    ...keyIdField,
    encryptedKeyMaterial: bytes({ doc: "The material under the token's public key and algorithm." }),
    importToken: bytes({ doc: "From GetParametersForImport for this key." }),
    keyMaterialExpireUnix: withDefault(
      integer([0, LAST_SECOND], { limits: "seconds since 1970, in the future", doc: "0: never." }),
      0,
    ),
  }),
  response: nothing,
});

export async function runImportKeyMaterial(call: Call, request: ReadOf<typeof importKeyMaterial>) {
  const { core, event } = call;
  const keyId = keyIdOnly(request.keyId, core.realm);
  const importToken = copyOf(request.importToken.subarray(0, 64));
  const encryptedKeyMaterial = copyOf(request.encryptedKeyMaterial.subarray(0, MAX_WRAPPED));
  const { row } = await core.directory.resolve(keyId);
  event.keyId = keyId;
  requireImported(row);
  requireState(call.operation, row.state);
  const expiresAt = expiryOf(request.keyMaterialExpireUnix, core.now());
  const token = await core.read((rows) => liveToken(rows, { importToken, key: row, now: core.now() }));
  const { versionId } = (await core.read((rows) => rows.versions(keyId, { offset: 0, limit: 1 }))).rows[0] ?? {};
  if (versionId === undefined) throw new KmsError("InternalFailure", "The key has no version.");
  event.keyVersionId = versionId;
  await attempt(call, token, async () => {
    const checked = await unwrap(call, { row, token, encryptedKeyMaterial });
    try {
      await bind(call, { row, versionId, checked, expiresAt });
    } finally {
      checked.material.fill(0);
    }
  });
  core.inBackground(destroyExpiredTokens(core));
}

function expiryOf(seconds: number, now: number): number | null {
  if (seconds === 0) return null;
  if (seconds * 1_000 > now) return seconds * 1_000;
  throw invalidParameter("KeyMaterialExpireUnix", "It must be 0 or whole seconds since 1970, in the future.");
}

/** Counts an attempt that could be an attacker's question. */
async function attempt(call: Call, token: ImportTokenRow, work: () => Promise<void>): Promise<void> {
  if (!CountedAttempt.isDue(token.wrappingAlgorithm)) return work();
  const { core } = call;
  await core.importTurn.run(async () => {
    const counted = new CountedAttempt(core, token);
    await counted.begin();
    try {
      await work();
    } catch (error) {
      if (error instanceof KmsError && error.code === "InvalidKeyMaterial") await counted.fail();
      else await counted.takeBack();
      throw error;
    }
    await counted.takeBack();
  });
}

interface Wrapped {
  readonly row: KeyRow;
  readonly token: ImportTokenRow;
  readonly encryptedKeyMaterial: Uint8Array;
}

function unwrap({ core }: Call, { row, token, encryptedKeyMaterial }: Wrapped): Promise<CheckedMaterial> {
  return core.transport.unwrap(core.keys, {
    binding: tokenBinding(row.keyId, token.tokenId),
    handle: token.handle,
    wrappingAlgorithm: token.wrappingAlgorithm as WrappingAlgorithm,
    encryptedKeyMaterial,
    keySpec: row.keySpec,
  });
}

interface Imported {
  readonly row: KeyRow;
  readonly versionId: string;
  readonly checked: CheckedMaterial;
  readonly expiresAt: number | null;
}

function bind(call: Call, { row, versionId, checked, expiresAt }: Imported): Promise<void> {
  return bindMaterial(call, {
    row,
    versionId,
    checked,
    update: async (rows, materialFingerprint) => {
      const current = await keyForChange(call, rows, row.keyId);
      const state = current.state === "PendingImport" ? "Enabled" : current.state;
      await rows.putKey({ ...current, state, materialExpiresAt: expiresAt, materialFingerprint });
    },
  });
}
