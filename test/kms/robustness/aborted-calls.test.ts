import type { CipherKey, StoredKeyObject } from "lanelock/kms";
import { expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

/** A token that finds its keys only at {@link ready}, unless the waiting caller gives up. */
class SlowToken extends NodeCryptoProvider {
  loads = 0;
  #ready: () => void = () => undefined;
  readonly #whenReady = new Promise<void>((resolve) => {
    this.#ready = resolve;
  });

  ready(): void {
    this.#ready();
  }

  override async loadCipherKey(object: StoredKeyObject): Promise<CipherKey> {
    this.loads++;
    const { signal } = object;
    const givenUp = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
    await Promise.race([this.#whenReady, givenUp]);
    return super.loadCipherKey(object);
  }
}

test("a call that is given up takes no other with it that waits for the same key", async () => {
  const token = new SlowToken("HSM");
  await using kms = await openKms({ hsm: token });
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const plaintext = new Uint8Array(8);
  const impatient = new AbortController();
  const first = kms.encrypt({ keyId, plaintext }, { signal: impatient.signal });
  const others = [kms.encrypt({ keyId, plaintext }), kms.encrypt({ keyId, plaintext })];
  await expect.poll(() => token.loads).toBe(1);
  impatient.abort(new Error("too slow"));
  await expect(first).rejects.toThrow("too slow");
  token.ready();
  for (const { ciphertextBlob } of await Promise.all(others)) {
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  }
});

test("a failing token is asked once by each call, and every call gets the error", async () => {
  const token = new SlowToken("HSM");
  token.ready();
  await using kms = await openKms({ hsm: token });
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  token.broken = true;
  const calls = Array.from({ length: 5 }, () => kms.encrypt({ keyId, plaintext: new Uint8Array(8) }));
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  expect(token.loads).toBeLessThanOrEqual(5);
  token.broken = false;
  await kms.encrypt({ keyId, plaintext: new Uint8Array(8) });
});
