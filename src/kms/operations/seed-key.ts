import { copyOf } from "../../shared/byte-input.ts";
import { equalInConstantTime } from "../../shared/encoding.ts";
import type { Call } from "../core/call.ts";
import { bindMaterial, fingerprintOf } from "../import/bind-material.ts";
import { firstMode, isSymmetric } from "../policy/key-matrix.ts";
import { invalidKeyMaterial, invalidParameter, KmsError } from "../ports/errors.ts";
import type { CheckedMaterial, KeyRow, KeySpec } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { record } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { string } from "../schema/text.ts";
import { isKeyId, isVersionId } from "../wire/ids.ts";
import type { CreateKeyRequest } from "./create-key.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type DraftRequest, draftOf, kindFields } from "./parts/key-draft.ts";
import { type KeyMetadata, keyMetadata, keyMetadataSchema } from "./parts/key-metadata.ts";

export interface SeedKeyRequest
  extends Pick<CreateKeyRequest, "description" | "keySpec" | "keyUsage" | "protectionLevel" | "importMode"> {
  /** 1 to 64 of `[0-9a-z-]`, not beginning with `-`: a UUID, or the service's form. */
  readonly keyId: string;
  /** 36 of `[0-9a-z-]`, not beginning with `-`: a UUID, or the service's form. */
  readonly keyVersionId: string;
  /** Raw bytes of a symmetric key; PKCS#8 DER of a private key. */
  readonly material: Uint8Array;
}

export interface SeedKeyResponse {
  readonly keyMetadata: KeyMetadata;
}

/** Longer than the PKCS#8 of RSA_4096. */
const MAX_MATERIAL = 8_192;

const ID_FORM = "lower-case letters, digits and hyphens, as the service forms ids";

/** Seeding the same key again changes nothing. */
export const seedKey = operation({
  name: "SeedKey",
  plane: "life-cycle",
  repeatable: true,
  doc: "Ours, with `allowSeeding`: makes a key of given material under given ids, so that what it encrypts and signs is the same everywhere.",
  errors: ["UnsupportedOperation", "InvalidKeyMaterial"],
  request: fields<SeedKeyRequest>()({
    keyId: string({ form: `1 to 64 ${ID_FORM}` }),
    keyVersionId: string({ form: `36 ${ID_FORM}` }),
    material: bytes({ doc: "Raw bytes of a symmetric key; PKCS#8 DER of a private key." }),
    ...kindFields,
  }),
  response: fields<SeedKeyResponse>()({ keyMetadata: record(keyMetadataSchema, { name: "KeyMetadata" }) }),
});

export async function runSeedKey(call: Call, request: ReadOf<typeof seedKey>) {
  const { core, event } = call;
  if (!core.allowSeeding) {
    throw new KmsError(
      "UnsupportedOperation",
      "This action is not supported. Keys of given material need a KMS opened with allowSeeding: true.",
    );
  }
  const { keyId, keyVersionId: versionId } = request;
  requireId(isKeyId(keyId), "KeyId");
  requireId(isVersionId(versionId), "KeyVersionId");
  event.keyId = keyId;
  event.keyVersionId = versionId;
  const row = seededRow(call, request, { keyId, versionId });
  const material = copyOf(request.material.subarray(0, MAX_MATERIAL));
  const checked = await check(call, row.keySpec, material);
  try {
    const known = await seedOnce(call, { row, versionId, checked });
    const custody = await custodyOf(call, row, versionId);
    return { keyMetadata: keyMetadata(known, { realm: core.realm, custody }) };
  } finally {
    checked.material.fill(0);
  }
}

function requireId(isId: boolean, parameter: string): void {
  if (!isId) throw invalidParameter(parameter, `It must be ${ID_FORM}.`);
}

/** Wipes `material`, a copy of the caller's. */
async function check({ core }: Call, keySpec: KeySpec, material: Uint8Array): Promise<CheckedMaterial> {
  try {
    return await core.transport.check(keySpec, material);
  } finally {
    material.fill(0);
  }
}

function seededRow(
  call: Call,
  request: Pick<DraftRequest, keyof typeof kindFields>,
  { keyId, versionId }: { keyId: string; versionId: string },
): KeyRow {
  const unrotated = { enableAutomaticRotation: false, rotationInterval: undefined };
  const draft = draftOf(call, { ...request, ...unrotated, origin: "EXTERNAL" });
  const primaryVersionId = isSymmetric(draft.keySpec) ? versionId : null;
  return { ...draft, keyId, primaryVersionId, state: "Enabled", seeded: true, mac: new Uint8Array() };
}

interface Seed {
  readonly row: KeyRow;
  readonly versionId: string;
  readonly checked: CheckedMaterial;
}

/** The key as it is now: made here, or found to be the very one. Another process may seed it at the same moment. */
async function seedOnce(call: Call, seed: Seed): Promise<KeyRow> {
  const find = () => call.core.read((rows) => rows.key(seed.row.keyId));
  let existing = await find();
  if (existing === undefined) {
    try {
      await create(call, seed);
      return seed.row;
    } catch (error) {
      existing = await find();
      if (existing === undefined) throw error;
    }
  }
  await requireSame(call, seed, existing);
  return existing;
}

function create(call: Call, { row, versionId, checked }: Seed): Promise<void> {
  const { keyId, createdAt } = row;
  return bindMaterial(call, {
    row,
    versionId,
    checked,
    update: async (rows, materialFingerprint) => {
      if (!(await rows.addKey({ ...row, materialFingerprint }))) throw taken("KeyId");
      if (!(await rows.addVersion({ versionId, keyId, createdAt, ordinal: 1 }))) throw taken("KeyVersionId");
    },
  });
}

/** The key that is there must be the very one. */
async function requireSame(call: Call, { row, versionId, checked }: Seed, existing: KeyRow): Promise<void> {
  const { core } = call;
  const version = await core.read((rows) => rows.version(versionId));
  const kind = ({ keySpec, keyUsage, protectionLevel, mode, seeded }: KeyRow) =>
    [keySpec, keyUsage, protectionLevel, mode, seeded].join();
  if (kind(existing) !== kind(row) || version?.keyId !== row.keyId) throw taken("KeyId");
  const known = existing.materialFingerprint;
  if (known === null || !equalInConstantTime(known, fingerprintOf(core, checked))) throw invalidKeyMaterial();
}

function taken(parameter: string): KmsError {
  return invalidParameter(parameter, "There is another key of this id.");
}

async function custodyOf({ core }: Call, row: KeyRow, versionId: string) {
  return (await core.read((rows) => rows.keyObject({ versionId, mode: firstMode(row) })))?.custody;
}
