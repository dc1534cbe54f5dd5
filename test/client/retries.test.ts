import { randomBytes } from "node:crypto";
import { kmsClient } from "lanelock/client";
import { describe, expect, test } from "vitest";
import { OPERATIONS } from "../../src/kms/operations/operation-table.ts";
import { wrapMaterial } from "../kms/import/wrapped-material.ts";
import { startServer } from "../server/harness.ts";
import { answer, type Behaviour, RawServer } from "./raw-server.ts";

const credentials = { accessKeyId: "LTAItestid", accessKeySecret: "testsecret" };
const LISTED = '{"RequestId":"R-1","PageNumber":1,"PageSize":10,"TotalCount":0,"Keys":{"Key":[]}}';

const refusal = (status: number, Code: string): Behaviour => {
  const text = answer(status, JSON.stringify({ RequestId: "R-1", Code, Message: "Try again." }));
  return (socket) => socket.write(text);
};
const THROTTLED = refusal(429, "Rejected.Throttling");
const UNAVAILABLE = refusal(503, "SerivceUnavailableTemporary");
const LOST: Behaviour = (socket) => void socket.destroy();
const HALF: Behaviour = (socket) => void socket.end(answer(200, LISTED).slice(0, -5));
const BALANCER: Behaviour = (socket) =>
  void socket.write(answer(503, "<h1>No server</h1>", { "content-type": "text/html" }));
const GRANTED: Behaviour = (socket) => void socket.write(answer(200, LISTED));

/** Behaves one way after the other, and then for ever as at last. */
function inTurn(...behaviours: Behaviour[]): Behaviour {
  let turn = 0;
  return (socket, head) => (behaviours[turn++] ?? behaviours.at(-1))?.(socket, head);
}

const requestsOf = ({ received }: RawServer) => received.join("").match(/^POST /gm)?.length ?? 0;
const noncesOf = ({ received }: RawServer) =>
  [...received.join("").matchAll(/x-acs-signature-nonce: (\S+)/gi)].map(([, nonce]) => nonce);

describe("an operation that may be repeated", () => {
  test.each([
    ["429", THROTTLED],
    ["503", UNAVAILABLE],
    ["503 of a load balancer", BALANCER],
    ["a lost connection", LOST],
    ["an answer that broke off", HALF],
    // The gateway's, which a page of each operation lists with this status.
    ["Throttling with status 400", refusal(400, "Throttling")],
    ["Throttling.User with status 400", refusal(400, "Throttling.User")],
    ["Throttling.Api with status 403", refusal(403, "Throttling.Api")],
    ["Rejected.Throttling with status 400", refusal(400, "Rejected.Throttling")],
    ["ServiceUnavailableTemporary with status 500", refusal(500, "ServiceUnavailableTemporary")],
    ["ServiceUnavailable with status 400", refusal(400, "ServiceUnavailable")],
  ] as const)("is sent again after %s, signed again", async (_what, failure) => {
    await using server = await RawServer.start(inTurn(failure, failure, GRANTED));
    const kms = kmsClient({ endpoint: server.url, credentials });
    expect(await kms.listKeys()).toMatchObject({ totalCount: 0 });
    expect(requestsOf(server)).toBe(3);
    expect(new Set(noncesOf(server)).size).toBe(3);
  });

  test.each([
    [THROTTLED, { name: "KmsError", code: "Rejected.Throttling", httpStatus: 429, message: "Try again." }],
    [UNAVAILABLE, { name: "KmsError", code: "SerivceUnavailableTemporary", httpStatus: 503 }],
    [refusal(400, "Throttling.Api"), { name: "KmsError", code: "Rejected.Throttling", httpStatus: 429 }],
    [BALANCER, { name: "LanelockError", code: "ERR_PROVIDER" }],
    [LOST, { name: "LanelockError", code: "ERR_PROVIDER" }],
  ] as const)("is given up after as many retries as it may have, with the last failure", async (failure, expected) => {
    await using server = await RawServer.start(failure);
    await expect(kmsClient({ endpoint: server.url, credentials, retries: 2 }).listKeys()).rejects.toMatchObject(
      expected,
    );
    expect(requestsOf(server)).toBe(3);
  });

  test.each([0, 1, 3])("has %i retries where the options say so", async (retries) => {
    await using server = await RawServer.start(THROTTLED);
    await expect(kmsClient({ endpoint: server.url, credentials, retries }).listKeys()).rejects.toThrow("Try again.");
    expect(requestsOf(server)).toBe(retries + 1);
  });

  test("is not sent again after a refusal, another failure of the server, or a time-out", async () => {
    for (const failure of [
      refusal(404, "Forbidden.KeyNotFound"),
      refusal(500, "InternalFailure"),
      refusal(408, "RequestTimeout"),
      refusal(400, "ThrottlingIsNotThis"),
      refusal(400, "Rejected.LimitExceeded"),
    ]) {
      await using server = await RawServer.start(failure);
      await expect(kmsClient({ endpoint: server.url, credentials }).listKeys()).rejects.toThrow("Try again.");
      expect(requestsOf(server)).toBe(1);
    }
    await using silent = await RawServer.start(() => undefined);
    await expect(kmsClient({ endpoint: silent.url, credentials, timeout: 100 }).listKeys()).rejects.toThrow(
      "within 0.1 s",
    );
    expect(requestsOf(silent)).toBe(1);
  });

  test("an abort ends the wait between two attempts", async () => {
    await using server = await RawServer.start(THROTTLED);
    const controller = new AbortController();
    const reason = new Error("enough");
    const call = kmsClient({ endpoint: server.url, credentials, retries: 10 }).listKeys(
      {},
      { signal: controller.signal },
    );
    await expect.poll(() => requestsOf(server), { timeout: 60_000, interval: 5 }).toBeGreaterThan(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    const sent = requestsOf(server);
    expect(sent).toBeLessThan(11);
    const other = kmsClient({ endpoint: server.url, credentials }).listKeys({}, { signal: AbortSignal.abort(reason) });
    await expect(other).rejects.toBe(reason);
    expect(requestsOf(server)).toBe(sent);
  });
});

/** Doing these twice has another effect: a key more, or a refusal that hides the success. */
const ONCE = [
  ...["CancelKeyDeletion", "CreateAlias", "CreateKey", "CreateKeyVersion", "DeleteAlias", "RotateKey"],
  "ScheduleKeyDeletion",
];

test("the records say which operations may be repeated", () => {
  const once = Object.values(OPERATIONS).filter(({ repeatable }) => !repeatable);
  expect(once.map(({ name }) => name).sort()).toEqual(ONCE);
});

const keyId = "key-1";
const CALLS = {
  CancelKeyDeletion: (kms: ReturnType<typeof kmsClient>) => kms.cancelKeyDeletion({ keyId }),
  CreateAlias: (kms: ReturnType<typeof kmsClient>) => kms.createAlias({ keyId, aliasName: "alias/a" }),
  CreateKey: (kms: ReturnType<typeof kmsClient>) => kms.createKey({}),
  CreateKeyVersion: (kms: ReturnType<typeof kmsClient>) => kms.createKeyVersion({ keyId }),
  DeleteAlias: (kms: ReturnType<typeof kmsClient>) => kms.deleteAlias({ aliasName: "alias/a" }),
  RotateKey: (kms: ReturnType<typeof kmsClient>) => kms.rotateKey({ keyId }),
  ScheduleKeyDeletion: (kms: ReturnType<typeof kmsClient>) =>
    kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 }),
};

test.each(Object.entries(CALLS))("%s is sent once, whatever happens", async (_name, call) => {
  for (const failure of [THROTTLED, refusal(400, "Throttling"), UNAVAILABLE, LOST]) {
    await using server = await RawServer.start(failure);
    await expect(call(kmsClient({ endpoint: server.url, credentials }))).rejects.toThrow();
    expect(requestsOf(server)).toBe(1);
  }
});

test("every operation that may be repeated may be: a second time succeeds, and changes nothing more", async () => {
  await using running = await startServer();
  const { kms } = running;
  const { keyId: id } = (await kms.createKey({})).keyMetadata;
  await kms.createAlias({ keyId: id, aliasName: "alias/a" });
  const imported = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
  const wanted = { keyId: imported, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  const { publicKey, importToken } = await kms.getParametersForImport(wanted);
  const wrapping = { publicKey, wrappingAlgorithm: wanted.wrappingAlgorithm };
  const encryptedKeyMaterial = wrapMaterial(wrapping, randomBytes(32));
  const changes = [
    () => kms.importKeyMaterial({ keyId: imported, importToken, encryptedKeyMaterial }),
    () => kms.deleteKeyMaterial({ keyId: imported }),
    () => kms.disableKey({ keyId: id }),
    () => kms.enableKey({ keyId: id }),
    () => kms.updateAlias({ keyId: id, aliasName: "alias/a" }),
    () => kms.updateKeyDescription({ keyId: id, description: "d" }),
    () => kms.updateRotationPolicy({ keyId: id, enableAutomaticRotation: true, rotationInterval: "30d" }),
    () => kms.setDeletionProtection({ keyId: id, enableDeletionProtection: true }),
    () => kms.tagResource({ keyId: id, tags: [{ tagKey: "a", tagValue: "1" }] }),
    () => kms.untagResource({ keyId: id, tagKeys: ["a"] }),
  ];
  const state = async () => [
    await kms.describeKey({ keyId: id }),
    await kms.listResourceTags({ keyId: id }),
    await kms.describeKey({ keyId: imported }),
    await kms.listKeyVersions({ keyId: imported }),
  ];
  for (const change of changes) {
    await change();
    const once = await state();
    await change();
    expect(await state()).toEqual(once);
  }
});

test("a connection is used again for the next requests", async () => {
  await using server = await RawServer.start(GRANTED);
  const kms = kmsClient({ endpoint: server.url, credentials });
  for (let i = 0; i < 20; i++) await kms.listKeys();
  expect(requestsOf(server)).toBe(20);
  expect(server.received.filter((text) => text !== "").length).toBeLessThanOrEqual(2);
});

test("a server that is throttling gets the client through, in the end", async () => {
  await using running = await startServer({ rateLimit: { perSecond: 20, burst: 1 } });
  const kms = kmsClient({ endpoint: running.server.url, credentials: running.owner, retries: 10 });
  const listed = await Promise.all(Array.from({ length: 5 }, () => kms.listKeys()));
  expect(listed).toHaveLength(5);
});
