import type { AuditEvent } from "lanelock/kms";
import { expect, test } from "vitest";
import { createExternal } from "../import/wrapped-material.ts";
import { createKeyId, openKms } from "../open-kms.ts";

test("every call leaves one event, whether it changes a key, is refused, or only reads", async () => {
  const events: AuditEvent[] = [];
  await using kms = await openKms({ audit: (event) => void events.push(event) });
  const outcomes = async (count: number) => {
    await expect.poll(() => events.length).toBe(count);
    return events.splice(0).map(({ operation, keyId, outcome }) => ({ operation, keyId, outcome }));
  };
  const changed = "Rejected.StateModifiedFailed";
  const keyId = await createExternal(kms);
  await kms.setDeletionProtection({ keyId, enableDeletionProtection: true });
  await kms.deleteKeyMaterial({ keyId });
  await kms.enableKey({ keyId }).catch(() => undefined);
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 }).catch(() => undefined);
  await kms.describeKey({ keyId });
  expect(await outcomes(6)).toEqual([
    { operation: "CreateKey", keyId, outcome: "OK" },
    { operation: "SetDeletionProtection", keyId, outcome: "OK" },
    { operation: "DeleteKeyMaterial", keyId, outcome: "OK" },
    { operation: "EnableKey", keyId, outcome: changed },
    { operation: "ScheduleKeyDeletion", keyId, outcome: changed },
    { operation: "DescribeKey", keyId, outcome: "OK" },
  ]);
  const own = await createKeyId(kms);
  await kms.rotateKey({ keyId: own });
  await kms.rotateKey({ keyId }).catch(() => undefined);
  expect(await outcomes(3)).toEqual([
    { operation: "CreateKey", keyId: own, outcome: "OK" },
    { operation: "RotateKey", keyId: own, outcome: "OK" },
    { operation: "RotateKey", keyId, outcome: "Rejected.PendingImport" },
  ]);
});
