import type { AuditEvent } from "lanelock/kms";
import { expect, test } from "vitest";
import { createExternal } from "../import/wrapped-material.ts";
import { openKms } from "../open-kms.ts";

test("every call leaves one event, whether it changes a key, is refused, or only reads", async () => {
  const events: AuditEvent[] = [];
  await using kms = await openKms({ audit: (event) => void events.push(event) });
  const keyId = await createExternal(kms);
  await kms.setDeletionProtection({ keyId, enableDeletionProtection: true });
  await kms.deleteKeyMaterial({ keyId });
  await kms.enableKey({ keyId }).catch(() => undefined);
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 }).catch(() => undefined);
  await kms.describeKey({ keyId });
  const six = [
    "CreateKey OK",
    "SetDeletionProtection OK",
    "DeleteKeyMaterial OK",
    "EnableKey Rejected.StateModifiedFailed",
    "ScheduleKeyDeletion Rejected.StateModifiedFailed",
    "DescribeKey OK",
  ];
  await expect.poll(() => events.length).toBe(six.length);
  expect(events.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual(six);
  expect(events.map((event) => event.keyId)).toEqual(six.map(() => keyId));
});
