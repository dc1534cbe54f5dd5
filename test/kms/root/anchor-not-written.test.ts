import { type AnchorOption, rewrapStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

test("an anchor that cannot be written after the root key was changed is an error that says so", async () => {
  const newRootKey = new Uint8Array(32).fill(77);
  const store = memoryStore();
  let text: string | undefined;
  let writes = 0;
  let fails = (_: number) => false;
  const anchor: AnchorOption = {
    read: () => text,
    write(next) {
      writes += 1;
      if (fails(writes)) throw new Error("the other disk is full");
      text = next;
    },
  };
  let kms = await openKms({ store, anchor });
  const keyId = await createKeyId(kms);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(5) });
  await kms.close();

  // Every write of the anchor fails in turn. All but the last are under the old root key, and nothing is changed then.
  const change = async (failing: number) => {
    writes = 0;
    fails = (count) => count >= failing;
    await rewrapStore({ store, rootKey, newRootKey, anchor });
  };
  const isChanged = /^The root key is changed, but the anchor .* could not be written\./;
  for (let failing = 1; ; failing++) {
    const error = await change(failing).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_STORE" });
    fails = () => false;
    if (isChanged.test(error.message)) {
      expect(failing).toBeGreaterThan(1);
      break;
    }
    kms = await openKms({ store, rootKey, anchor });
    await kms.decrypt({ ciphertextBlob });
    await kms.close();
  }

  await expect(openKms({ store, rootKey })).rejects.toMatchObject({ code: "ERR_KEY" });
  await expect(openKms({ store, rootKey: newRootKey, anchor })).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  kms = await openKms({ store, rootKey: newRootKey, anchor: { ...anchor, begin: true } });
  expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(new Uint8Array(5));
  expect(await kms.verify()).toMatchObject({ ok: true });
  await kms.close();
});
