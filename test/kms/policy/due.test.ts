import { describe, expect, test } from "vitest";
import { dueTransition, keyAsOf, nextRotationAt, validUntil } from "../../../src/kms/policy/due.ts";
import type { KeyRow } from "../../../src/kms/ports/index.ts";

/** A key without anything that comes due. */
const KEY: KeyRow = {
  ...{ keyId: "key-a", creator: "me", createdAt: 0, description: "", keySpec: "Aliyun_AES_256" },
  ...{ keyUsage: "ENCRYPT/DECRYPT", origin: "Aliyun_KMS", protectionLevel: "SOFTWARE", mode: "GCM", state: "Enabled" },
  ...{ primaryVersionId: "key-a-1", deleteAt: null, materialExpiresAt: null, lastRotatedAt: 1_000 },
  ...{ rotationEnabled: false, rotationSeconds: null, deletionProtected: false, deletionProtectionDescription: "" },
  ...{ materialFingerprint: null, seeded: false, mac: new Uint8Array(32) },
};
const NEVER = Number.POSITIVE_INFINITY;
const LATE = 1e15;
const rotating = { rotationEnabled: true, rotationSeconds: 60 };
const key = (changes: Partial<KeyRow>): KeyRow => ({ ...KEY, ...changes });

describe("a rotation", () => {
  test("is due a whole interval after the last, while rotation is on", () => {
    expect(nextRotationAt(key(rotating))).toBe(61_000);
    expect(nextRotationAt(key({ ...rotating, rotationEnabled: false }))).toBeUndefined();
    expect(nextRotationAt(key({ ...rotating, rotationSeconds: null }))).toBeUndefined();
    expect(dueTransition(key(rotating), 60_999)).toBeUndefined();
    expect(dueTransition(key(rotating), 61_000)).toBe("rotate");
  });

  test("waits while the key is not enabled", () => {
    for (const state of ["Disabled", "PendingDeletion", "PendingImport"] as const) {
      expect(dueTransition(key({ ...rotating, state }), LATE)).toBeUndefined();
      expect(validUntil(key({ ...rotating, state }))).toBe(NEVER);
    }
  });

  test("changes nothing about the key until it is carried out", () => {
    const row = key(rotating);
    expect(keyAsOf(row, 61_000)).toBe(row);
  });
});

describe("a deletion", () => {
  const pending = key({ state: "PendingDeletion", deleteAt: 5_000 });

  test("is due at its time; from then on there is no such key", () => {
    expect(dueTransition(pending, 4_999)).toBeUndefined();
    expect(keyAsOf(pending, 4_999)).toBe(pending);
    expect(dueTransition(pending, 5_000)).toBe("delete");
    expect(keyAsOf(pending, 5_000)).toBeUndefined();
  });

  test("is due only for a key that waits for it", () => {
    for (const state of ["Enabled", "Disabled", "PendingImport"] as const) {
      const row = key({ state, deleteAt: 5_000 });
      expect(dueTransition(row, LATE)).toBeUndefined();
      expect(keyAsOf(row, LATE)).toBe(row);
    }
    expect(dueTransition(key({ state: "PendingDeletion" }), LATE)).toBeUndefined();
  });

  test("comes before an expiry that is due as well", () => {
    expect(dueTransition({ ...pending, materialExpiresAt: 1 }, 5_000)).toBe("delete");
    expect(dueTransition({ ...pending, materialExpiresAt: 1 }, 4_999)).toBe("expire");
  });
});

describe("an expiry of imported material", () => {
  const imported = key({ origin: "EXTERNAL", materialExpiresAt: 5_000 });

  test("is due at its time; from then on the key waits for an import", () => {
    expect(dueTransition(imported, 4_999)).toBeUndefined();
    expect(keyAsOf(imported, 4_999)).toBe(imported);
    expect(dueTransition(imported, 5_000)).toBe("expire");
    expect(keyAsOf(imported, 5_000)).toEqual({ ...imported, state: "PendingImport" });
    expect(keyAsOf({ ...imported, state: "Disabled" }, 5_000)?.state).toBe("PendingImport");
  });

  test("leaves a key that waits for its deletion in that state", () => {
    expect(keyAsOf({ ...imported, state: "PendingDeletion", deleteAt: 9_000 }, 5_000)?.state).toBe("PendingDeletion");
  });
});

test("no key as of any time is none", () => {
  expect(keyAsOf(undefined, 0)).toBeUndefined();
});

test("a key may be used as it was read until the first of what comes due", () => {
  expect(validUntil(KEY)).toBe(NEVER);
  expect(validUntil(key(rotating))).toBe(61_000);
  expect(validUntil(key({ ...rotating, materialExpiresAt: 60_000 }))).toBe(60_000);
  expect(validUntil(key({ ...rotating, materialExpiresAt: 62_000 }))).toBe(61_000);
  expect(validUntil(key({ state: "PendingDeletion", deleteAt: 2_000, materialExpiresAt: 3_000 }))).toBe(2_000);
});
