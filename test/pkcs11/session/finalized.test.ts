import { randomBytes } from "node:crypto";
import { Kms } from "lanelock/kms";
import { pkcs11, pkcs11Root } from "lanelock/pkcs11";
import { memoryStore } from "lanelock/stores";
import { describe, expect, test } from "vitest";
import type { CipherKey } from "../../../src/kms/ports/index.ts";
import { rootKey } from "../../kms/open-kms.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { binding, host, iv, outcome } from "../objects/key-objects.ts";
import { lookAt } from "../objects/token-objects.ts";

// C_Initialize and C_Finalize are the process's: other code that uses the same library may end it for everybody.

const tokens = { SoftHSM: createSoftHsmToken("finalized"), NSS: createNssToken() };

describe.each(["SoftHSM", "NSS"] as const)("%s, finalized by other code of the process", (name) => {
  test.each([true, false])("between two providers (reinitialize: %s): the later one opens and works", async (may) => {
    const options = { ...tokens[name], reinitialize: may };
    const first = pkcs11(options);
    await first.open(host);
    const bound = binding("Aliyun_AES_256");
    const { handle } = await first.createKey({ binding: bound });
    const { api } = lookAt(tokens[name]);
    await first.close();
    api.C_Finalize();

    const second = pkcs11(options);
    await second.open(host);
    const key = await second.loadCipherKey({ binding: bound, handle });
    expect(await key.encrypt({ data: randomBytes(20), iv: iv("GCM") })).toHaveLength(36);
    await second.close();
  });

  test("while a provider is open: its keys, its searches and its creations work on, also twice in a row", async () => {
    const provider = pkcs11(tokens[name]);
    await provider.open(host);
    const bound = binding("Aliyun_AES_256");
    const { handle } = await provider.createKey({ binding: bound });
    const key = await provider.loadCipherKey({ binding: bound, handle });
    const request = { data: randomBytes(20), iv: iv("GCM") };
    const sealed = await key.encrypt(request);
    const { api } = lookAt(tokens[name]);
    const uses: (() => unknown)[] = [
      () => key.decrypt({ ...request, data: sealed }),
      () => provider.createKey({ binding: binding("Aliyun_AES_128") }),
      () => provider.createKey({ binding: binding("EC_P256") }),
      () => provider.destroyKey({ binding: binding("Aliyun_AES_256"), handle: handle.with(5, 1) }),
      async () => (await provider.loadCipherKey({ binding: bound, handle })).encrypt(request),
    ];
    for (const use of uses) {
      for (let times = 0; times < 2; times += 1) {
        api.C_Finalize();
        await expect(outcome(use), String(use)).resolves.not.toThrow();
      }
    }
    await provider.close();
  });

  test("while two providers are open: none uses a session that the other opened after the restart", async () => {
    const providers = [
      pkcs11({ ...tokens[name], sessions: { max: 2 } }),
      pkcs11({ ...tokens[name], sessions: { max: 2 } }),
    ];
    const bound = binding("Aliyun_AES_256");
    const keys: CipherKey[] = [];
    for (const provider of providers) {
      await provider.open(host);
      const { handle } = await provider.createKey({ binding: bound });
      keys.push(await provider.loadCipherKey({ binding: bound, handle }));
    }
    const round = async () => {
      const request = { data: randomBytes(20), iv: iv("GCM") };
      const calls = Array.from({ length: 12 }, async (_, i) => {
        const key = keys[i % 2];
        const opened = await key?.decrypt({ ...request, data: (await key.encrypt(request)) ?? new Uint8Array() });
        return request.data.equals(opened ?? new Uint8Array());
      });
      expect(await Promise.all(calls)).toEqual(calls.map(() => true));
    };
    const { api } = lookAt(tokens[name]);
    for (let times = 0; times < 4; times += 1) {
      await round();
      api.C_Finalize();
    }
    await round();
    for (const provider of providers) await provider.close();
  });

  test("a KMS with its keys and its root on the token goes on, and opens again", async () => {
    const hsm = () => pkcs11(tokens[name]);
    const kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, hsm: hsm() });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(5) });
    const { api } = lookAt(tokens[name]);
    api.C_Finalize();
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toHaveLength(5);
    await kms.close();
    api.C_Finalize();
    const root = pkcs11Root({ ...tokens[name], label: "finalized root" });
    const again = await Kms.open({ store: memoryStore(), rootKey: root, sweepSeconds: false, hsm: hsm() });
    api.C_Finalize();
    expect((await again.createKey({ protectionLevel: "HSM" })).keyMetadata.keyState).toBe("Enabled");
    await again.close();
    api.C_Finalize();
    // The root's own provider, whose sessions ended under it, is closed and opened like any other.
    const source = pkcs11Root({ ...tokens[name], label: "finalized root" });
    expect((await source.unlock({ storeId: "one" })).secret).toHaveLength(32);
    api.C_Finalize();
    expect((await source.unlock({ storeId: "one" })).secret).toHaveLength(32);
    await source.close?.();
  });
});
