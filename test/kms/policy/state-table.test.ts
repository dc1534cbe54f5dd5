import type { Kms } from "lanelock/kms";
import { describe, expect, test } from "vitest";
import { OPERATIONS } from "../../../src/kms/operations/operation-table.ts";
import { requireState } from "../../../src/kms/policy/state-table.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

const D = "Rejected.Disabled";
const PD = "Rejected.PendingDeletion";
const PI = "Rejected.PendingImport";
const SM = "Rejected.StateModifiedFailed";
const ok = "ok";

/** The service's table, typed in from its documentation: Enabled, Disabled, PendingDeletion, PendingImport. */
const TABLE: Readonly<Record<string, readonly [string, string, string, string]>> = {
  Encrypt: [ok, D, PD, PI],
  Decrypt: [ok, D, PD, PI],
  ReEncrypt: [ok, D, PD, PI],
  GenerateDataKey: [ok, D, PD, PI],
  GenerateDataKeyWithoutPlaintext: [ok, D, PD, PI],
  UpdateRotationPolicy: [ok, D, PD, PI],
  RotateKey: [ok, D, PD, PI],
  UpdateKeyDescription: [ok, ok, PD, ok],
  SetDeletionProtection: [ok, ok, PD, ok],
  TagResource: [ok, ok, PD, ok],
  UntagResource: [ok, ok, PD, ok],
  EnableKey: [ok, ok, SM, SM],
  DisableKey: [ok, ok, SM, SM],
  ScheduleKeyDeletion: [ok, ok, SM, ok],
  CancelKeyDeletion: [SM, SM, ok, SM],
  CreateAlias: [ok, ok, SM, ok],
  UpdateAlias: [ok, ok, PD, ok],
  DeleteAlias: [ok, ok, ok, ok],
  DescribeKey: [ok, ok, ok, ok],
  DescribeKeyVersion: [ok, ok, ok, ok],
  ListKeyVersions: [ok, ok, ok, ok],
  ListAliasesByKeyId: [ok, ok, ok, ok],
  ListResourceTags: [ok, ok, ok, ok],
};

const STATES = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"] as const;
type State = (typeof STATES)[number];

interface Subject {
  readonly kms: Kms;
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly blob: Uint8Array;
  readonly otherKeyId: string;
}

const plaintext = new Uint8Array(8);

/** A key in a state, with a blob made while it was enabled. A key that waits for import never made one: one is forged. */
async function subjectIn(kms: Kms, state: State): Promise<Subject> {
  const { keyMetadata } = await kms.createKey(state === "PendingImport" ? { origin: "EXTERNAL" } : {});
  const other = await kms.createKey({});
  const { keyId } = keyMetadata;
  const keyVersionId = keyMetadata.primaryKeyVersion ?? "";
  await kms.createAlias({ keyId, aliasName: `alias/${keyId}` });
  const forged = Buffer.concat([Buffer.from(keyVersionId), Buffer.alloc(12 + 16)]);
  const blob =
    state === "PendingImport" ? new Uint8Array(forged) : (await kms.encrypt({ keyId, plaintext })).ciphertextBlob;
  if (state === "Disabled") await kms.disableKey({ keyId });
  if (state === "PendingDeletion") await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe(state);
  return { kms, keyId, keyVersionId, blob, otherKeyId: other.keyMetadata.keyId };
}

const RUN: Readonly<Record<string, (subject: Subject) => Promise<unknown>>> = {
  Encrypt: ({ kms, keyId }) => kms.encrypt({ keyId, plaintext }),
  Decrypt: ({ kms, blob }) => kms.decrypt({ ciphertextBlob: blob }),
  ReEncrypt: ({ kms, blob, otherKeyId }) => kms.reEncrypt({ ciphertextBlob: blob, destinationKeyId: otherKeyId }),
  GenerateDataKey: ({ kms, keyId }) => kms.generateDataKey({ keyId }),
  GenerateDataKeyWithoutPlaintext: ({ kms, keyId }) => kms.generateDataKeyWithoutPlaintext({ keyId }),
  UpdateRotationPolicy: ({ kms, keyId }) =>
    kms.updateRotationPolicy({ keyId, enableAutomaticRotation: true, rotationInterval: "30d" }),
  RotateKey: ({ kms, keyId }) => kms.rotateKey({ keyId }),
  UpdateKeyDescription: ({ kms, keyId }) => kms.updateKeyDescription({ keyId, description: "d" }),
  SetDeletionProtection: ({ kms, keyId }) => kms.setDeletionProtection({ keyId, enableDeletionProtection: true }),
  TagResource: ({ kms, keyId }) => kms.tagResource({ keyId, tags: [{ tagKey: "k", tagValue: "v" }] }),
  UntagResource: ({ kms, keyId }) => kms.untagResource({ keyId, tagKeys: ["k"] }),
  EnableKey: ({ kms, keyId }) => kms.enableKey({ keyId }),
  DisableKey: ({ kms, keyId }) => kms.disableKey({ keyId }),
  ScheduleKeyDeletion: ({ kms, keyId }) => kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 }),
  CancelKeyDeletion: ({ kms, keyId }) => kms.cancelKeyDeletion({ keyId }),
  CreateAlias: ({ kms, keyId }) => kms.createAlias({ keyId, aliasName: `alias/second-${keyId}` }),
  UpdateAlias: async ({ kms, keyId, otherKeyId }) => {
    const aliasName = `alias/moved-${keyId}`;
    await kms.createAlias({ keyId: otherKeyId, aliasName });
    await kms.updateAlias({ keyId, aliasName });
  },
  DeleteAlias: ({ kms, keyId }) => kms.deleteAlias({ aliasName: `alias/${keyId}` }),
  DescribeKey: ({ kms, keyId }) => kms.describeKey({ keyId }),
  DescribeKeyVersion: ({ kms, keyId, keyVersionId }) => kms.describeKeyVersion({ keyId, keyVersionId }),
  ListKeyVersions: ({ kms, keyId }) => kms.listKeyVersions({ keyId }),
  ListAliasesByKeyId: ({ kms, keyId }) => kms.listAliasesByKeyId({ keyId }),
  ListResourceTags: ({ kms, keyId }) => kms.listResourceTags({ keyId }),
};

describe("the state table", () => {
  const cells = Object.entries(TABLE).flatMap(([operation, row]) =>
    STATES.map((state, index) => [operation, state, row[index] ?? ""] as const),
  );

  test.each(cells)("%s of a key that is %s: %s", async (operation, state, expected) => {
    await using kms = await openKms();
    const subject = await subjectIn(kms, state);
    const before = await kms.describeKey({ keyId: subject.keyId });
    const outcome = RUN[operation]?.(subject);
    if (expected === ok) {
      // A key that waits for import may be asked anything the table allows; a use of its material it cannot be.
      await expect(outcome).resolves.not.toThrow();
      return;
    }
    await expect(outcome).rejects.toMatchObject({ name: "KmsError", code: expected, httpStatus: 409 });
    expect(await kms.describeKey({ keyId: subject.keyId })).toEqual(before);
  });

  test("has no row that is run neither here nor, for asymmetric and imported keys, in asymmetric-states.test.ts", () => {
    const elsewhere = [
      ...["AsymmetricEncrypt", "AsymmetricDecrypt", "AsymmetricSign", "AsymmetricVerify", "GetPublicKey"],
      ...["GenerateAndExportDataKey", "ExportDataKey", "CreateKeyVersion"],
      ...["GetParametersForImport", "ImportKeyMaterial", "DeleteKeyMaterial"],
    ];
    const onKeys = Object.values(OPERATIONS).filter((record) => "states" in record && record.states !== undefined);
    expect(onKeys.map(({ name }) => name).sort()).toEqual([...Object.keys(TABLE), ...elsewhere].sort());
    expect(Object.keys(RUN).sort()).toEqual(Object.keys(TABLE).sort());
  });

  test("a destination key is held to the table as well", async () => {
    await using kms = await openKms();
    const enabled = await subjectIn(kms, "Enabled");
    for (const [state, code] of [
      ["Disabled", D],
      ["PendingDeletion", PD],
      ["PendingImport", PI],
    ] as const) {
      const { keyId } = await subjectIn(kms, state);
      const attempt = kms.reEncrypt({ ciphertextBlob: enabled.blob, destinationKeyId: keyId });
      await expect(attempt).rejects.toMatchObject({ code });
    }
  });

  test("a cancelled deletion enables the key, also one that was disabled before", async () => {
    await using kms = await openKms();
    const { keyId } = await subjectIn(kms, "Disabled");
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    await kms.cancelKeyDeletion({ keyId });
    expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({
      keyState: "Enabled",
      deleteDate: undefined,
    });
    const waiting = await subjectIn(kms, "PendingImport");
    await kms.scheduleKeyDeletion({ keyId: waiting.keyId, pendingWindowInDays: 7 });
    await kms.cancelKeyDeletion({ keyId: waiting.keyId });
    expect((await kms.describeKey({ keyId: waiting.keyId })).keyMetadata.keyState).toBe("PendingImport");
  });

  test("HSM keys obey the same table", async () => {
    await using kms = await openKms({ hsm: new NodeCryptoProvider() });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    await kms.disableKey({ keyId });
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({ code: D });
    await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: D });
  });
});

test("a refusal says what the state forbids, in the service's words", () => {
  const message = (code: "Rejected.Disabled" | "Rejected.StateModifiedFailed") => {
    try {
      requireState({ name: "Encrypt", states: { Disabled: code } }, "Disabled");
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  expect(message("Rejected.Disabled")).toBe("The request was rejected because the key state is Disabled.");
  expect(message("Rejected.StateModifiedFailed")).toBe(
    "Keystate modified failed. Encrypt is not possible while the key state is Disabled.",
  );
  // An operation on no key has no states.
  requireState({ name: "CreateKey" }, "Disabled");
});
