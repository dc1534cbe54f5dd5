import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { pkcs11Root } from "lanelock/pkcs11";
import { sqlStore } from "lanelock/stores";
import { afterAll, describe, expect, test } from "vitest";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { lookAt } from "../objects/token-objects.ts";

const faulty = createFaultyToken("root");
const tokens = { SoftHSM: faulty.options, NSS: createNssToken() };
const otherToken = createSoftHsmToken("another");
const folder = scratchFolder("root");
afterAll(() => faulty.dispose());

let stores = 0;
const storePath = () => {
  stores += 1;
  return join(folder, `keys-${stores}.db`);
};
const CKA = { CLASS: 0, TOKEN: 1, LABEL: 3, VALUE: 0x11, KEY_TYPE: 0x100, SENSITIVE: 0x103, EXTRACTABLE: 0x162 };

describe.each(["SoftHSM", "NSS"] as const)("%s as the root of trust", (name) => {
  const rootKey = (label = "kms root") => pkcs11Root({ ...tokens[name], label });
  const open = (path: string, label?: string) =>
    Kms.open({ store: sqlStore({ path }), rootKey: rootKey(label), sweepSeconds: false });

  test("opens its stores again, each with a secret of its own, under one key", async () => {
    const paths = [storePath(), storePath()];
    const plaintext = new Uint8Array(randomBytes(20));
    const blobs: Uint8Array[] = [];
    for (const path of paths) {
      await using kms = await open(path);
      const { keyId } = (await kms.createKey({})).keyMetadata;
      blobs.push((await kms.encrypt({ keyId, plaintext })).ciphertextBlob);
    }
    for (const [index, path] of paths.entries()) {
      await using kms = await open(path);
      const ciphertextBlob = blobs[index] ?? new Uint8Array();
      expect(Buffer.from((await kms.decrypt({ ciphertextBlob })).plaintext)).toEqual(Buffer.from(plaintext));
      const other = kms.decrypt({ ciphertextBlob: blobs[1 - index] ?? new Uint8Array() });
      await expect(other).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    }
    const source = rootKey();
    const { secret } = await source.unlock({ storeId: "one" });
    expect(secret).toHaveLength(32);
    expect(
      lookAt(tokens[name])
        .labels()
        .filter((label) => label === "kms root"),
    ).toHaveLength(1);
    const { sealed } = await source.unlock({ storeId: "one" });
    await expect(source.unlock({ storeId: "two", sealed })).rejects.toMatchObject({ code: "ERR_KEY" });
    const damaged = sealed?.map((byte, at) => (at === 60 ? byte ^ 1 : byte));
    await expect(source.unlock({ storeId: "one", sealed: damaged })).rejects.toMatchObject({ code: "ERR_KEY" });
    const cut = sealed?.subarray(0, -1);
    await expect(source.unlock({ storeId: "one", sealed: cut })).rejects.toMatchObject({ code: "ERR_KEY" });
    await source.close?.();
  });

  test("a store that was copied away is useless without the token", async () => {
    const path = storePath();
    await using kms = await open(path);
    await kms.createKey({});
    await kms.close();
    const copy = storePath();
    for (const part of ["", "-wal"]) if (existsSync(path + part)) copyFileSync(path + part, copy + part);
    const elsewhere = Kms.open({
      store: sqlStore({ path: copy }),
      rootKey: pkcs11Root({ ...otherToken, label: "kms root" }),
    });
    await expect(elsewhere).rejects.toMatchObject({
      code: "ERR_KEY",
      message: expect.stringContaining("not on the token"),
    });
    const guessed = Kms.open({ store: sqlStore({ path: copy }), rootKey: new Uint8Array(32) });
    await expect(guessed).rejects.toMatchObject({ code: "ERR_KEY" });
    const otherLabel = open(copy, "another label");
    await expect(otherLabel).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(KEY|PROVIDER)$/) });
  });

  test("a foreign object of the label, or two objects, are refused", async () => {
    const look = lookAt(tokens[name]);
    const source = rootKey("foreign");
    // Opened for its login.
    const keep = rootKey();
    await keep.unlock({ storeId: "one" });
    const make = (label: string, attributes: [number, number | boolean | Buffer][]) =>
      look.inSession((session) => {
        const template = attributes.map(([type, value]) => ({ type, value }));
        return look.api.C_CreateObject(session, [
          ...template,
          { type: CKA.LABEL, value: label },
          { type: CKA.TOKEN, value: true },
        ]);
      });
    const aes: [number, number | boolean | Buffer][] = [
      [CKA.CLASS, 4],
      [CKA.KEY_TYPE, 0x1f],
      [CKA.VALUE, Buffer.alloc(32, 1)],
    ];
    const cases: [string, [number, number | boolean | Buffer][], RegExp][] = [
      ["extractable", [...aes, [CKA.SENSITIVE, false], [CKA.EXTRACTABLE, true]], /an AES key that may leave it/],
      [
        "short",
        [
          [CKA.CLASS, 4],
          [CKA.KEY_TYPE, 0x1f],
          [CKA.VALUE, Buffer.alloc(16, 1)],
        ],
        /a key that is not AES-256/,
      ],
      [
        "generic",
        [
          [CKA.CLASS, 4],
          [CKA.KEY_TYPE, 0x10],
          [CKA.VALUE, Buffer.alloc(32, 1)],
        ],
        /a key that is not AES-256/,
      ],
    ];
    for (const [label, template, message] of cases) {
      make(label, template);
      const attempt = pkcs11Root({ ...tokens[name], label }).unlock({ storeId: "one" });
      await expect(attempt).rejects.toMatchObject({ code: "ERR_PROVIDER", message: expect.stringMatching(message) });
    }
    make("double", [...aes, [0x102, Buffer.from("one")]]);
    make("double", [...aes, [0x102, Buffer.from("two")]]);
    const twice = pkcs11Root({ ...tokens[name], label: "double" }).unlock({ storeId: "one" });
    await expect(twice).rejects.toMatchObject({ code: "ERR_PROVIDER", message: expect.stringContaining("2 objects") });
    await source.close?.();
    await keep.close?.();
  });
});

test("each store's secret is sealed under an IV of its own", async () => {
  const source = pkcs11Root({ ...faulty.options, label: "kms root" });
  const ivs = new Set<string>();
  const secrets = new Set<string>();
  for (let i = 0; i < 50; i += 1) {
    const { secret, sealed = new Uint8Array() } = await source.unlock({ storeId: `store-${i % 2}` });
    // form (1), length of the CKA_ID (1), CKA_ID, IV (12): one that comes twice under one key gives the secrets away.
    const ivAt = 2 + (sealed[1] ?? 0);
    ivs.add(Buffer.from(sealed.subarray(ivAt, ivAt + 12)).toString("hex"));
    secrets.add(Buffer.from(secret).toString("hex"));
  }
  expect([ivs.size, secrets.size]).toEqual([50, 50]);
  await source.close?.();
});

test("software keys need no token once the KMS is open", async () => {
  const path = storePath();
  await using kms = await Kms.open({
    store: sqlStore({ path }),
    rootKey: pkcs11Root({ ...faulty.options, label: "kms root" }),
    sweepSeconds: false,
  });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  faulty.set("removed", 1);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(9) });
  expect((await kms.decrypt({ ciphertextBlob })).plaintext).toHaveLength(9);
  const while_gone = Kms.open({
    store: sqlStore({ path }),
    rootKey: pkcs11Root({ ...faulty.options, label: "kms root" }),
  });
  await expect(while_gone).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  faulty.set("removed", 0);
});

test("options are checked", () => {
  expect(() => pkcs11Root({ ...otherToken, label: "" })).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  expect(() => pkcs11Root({ ...otherToken, module: "", label: "a" })).toThrow(
    expect.objectContaining({ code: "ERR_ARGUMENT" }),
  );
});
