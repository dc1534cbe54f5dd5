import { randomBytes } from "node:crypto";
import { pkcs11 } from "lanelock/pkcs11";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { binding, host, iv, outcome } from "./key-objects.ts";
import { lookAt } from "./token-objects.ts";

// Somebody else has the same token and its PIN, and puts objects there that look like ours.

const tokens = { SoftHSM: createSoftHsmToken("foreign"), NSS: createNssToken() };
const providers = { SoftHSM: pkcs11(tokens.SoftHSM), NSS: pkcs11(tokens.NSS) };
beforeAll(() => Promise.all(Object.values(providers).map((provider) => provider.open(host))));
afterAll(() => Promise.all(Object.values(providers).map((provider) => provider.close())));

const CKA = { CLASS: 0, TOKEN: 1, PRIVATE: 2, LABEL: 3, VALUE: 0x11, KEY_TYPE: 0x100, ID: 0x102 };
const AES = 0x1f;
const GENERIC_SECRET = 0x10;
const kept = { sensitive: true, extractable: false };

describe.each(["SoftHSM", "NSS"] as const)("%s", (name) => {
  const provider = providers[name];
  const token = tokens[name];
  const idOf = (handle: Uint8Array) => Buffer.from(handle.subarray(1));

  async function ownKey() {
    const bound = binding("Aliyun_AES_256");
    const { handle } = await provider.createKey({ binding: bound });
    return { bound, handle, label: `lanelock:${host.storeId}:${bound.versionId}:GCM` };
  }

  function put(object: { label: string; id: Buffer; keyType: number; sensitive: boolean; extractable: boolean }) {
    const { api, inSession } = lookAt(token);
    return inSession((session) =>
      api.C_CreateObject(session, [
        { type: CKA.CLASS, value: 4 },
        { type: CKA.KEY_TYPE, value: object.keyType },
        { type: CKA.TOKEN, value: true },
        { type: CKA.PRIVATE, value: true },
        { type: CKA.LABEL, value: object.label },
        { type: CKA.ID, value: object.id },
        { type: 0x103, value: object.sensitive },
        { type: 0x162, value: object.extractable },
        { type: 0x104, value: true },
        { type: 0x105, value: true },
        { type: CKA.VALUE, value: randomBytes(32) },
      ]),
    );
  }

  function destroyById(id: Buffer) {
    const { api, inSession } = lookAt(token);
    inSession((session) => {
      api.C_FindObjectsInit(session, [{ type: CKA.ID, value: id }]);
      const found = api.C_FindObjects(session, 10);
      api.C_FindObjectsFinal(session);
      for (const handle of found) api.C_DestroyObject(session, handle);
    });
  }

  const countOf = (label: string) =>
    lookAt(token)
      .labels()
      .filter((one) => one === label).length;
  const encrypt = async ({ bound, handle }: Awaited<ReturnType<typeof ownKey>>) => {
    const key = await provider.loadCipherKey({ binding: bound, handle });
    return key.encrypt({ data: randomBytes(20), iv: iv("GCM") });
  };

  test("another object of a key's label is neither used nor destroyed", async () => {
    const own = await ownKey();
    const request = { data: randomBytes(20), iv: iv("GCM") };
    const before = await (await provider.loadCipherKey({ binding: own.bound, handle: own.handle })).encrypt(request);
    put({ label: own.label, id: randomBytes(20), keyType: AES, ...kept });
    const key = await provider.loadCipherKey({ binding: own.bound, handle: own.handle });
    expect(Buffer.from(await key.encrypt(request))).toEqual(Buffer.from(before));
    expect(countOf(own.label)).toBe(2);
    await provider.destroyKey({ binding: own.bound, handle: own.handle });
    expect(countOf(own.label)).toBe(1);
  });

  test.each([
    ["of another label", { label: "somebody's" }, "the object there has another label"],
    ["of another key type", { keyType: GENERIC_SECRET }, "the object there is of another key type"],
    ["that may leave the token", { sensitive: false, extractable: true }, "the key there may leave the token"],
  ])("a key %s in the place of ours is not used", async (_name, change, message) => {
    const own = await ownKey();
    destroyById(idOf(own.handle));
    put({ label: own.label, id: idOf(own.handle), keyType: AES, ...kept, ...change });
    await expect(outcome(() => encrypt(own))).rejects.toMatchObject({
      code: "ERR_PROVIDER",
      message: expect.stringContaining(message),
    });
  });
});

test("two objects of a key's CKA_ID are refused and counted", async () => {
  // NSS has one object for each CKA_ID: a second one takes the first one's place.
  const provider = providers.SoftHSM;
  const bound = binding("Aliyun_AES_256");
  const { handle } = await provider.createKey({ binding: bound });
  const { api, inSession } = lookAt(tokens.SoftHSM);
  inSession((session) => {
    api.C_CreateObject(session, [
      { type: CKA.CLASS, value: 4 },
      { type: CKA.KEY_TYPE, value: AES },
      { type: CKA.TOKEN, value: true },
      { type: CKA.LABEL, value: "the second" },
      { type: CKA.ID, value: Buffer.from(handle.subarray(1)) },
      { type: CKA.VALUE, value: randomBytes(32) },
    ]);
  });
  const key = await provider.loadCipherKey({ binding: bound, handle });
  await expect(outcome(() => key.encrypt({ data: randomBytes(20), iv: iv("GCM") }))).rejects.toMatchObject({
    code: "ERR_PROVIDER",
    message: expect.stringContaining("2 objects have this CKA_ID; delete the wrong ones"),
  });
});
