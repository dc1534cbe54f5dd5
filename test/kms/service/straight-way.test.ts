import { basename } from "node:path";
import type { CipherKey, KeyProvider, Kms, StoredKeyObject } from "lanelock/kms";
import { expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

/** Answers at once, and keeps the stack at the moment its cipher is called. */
class WatchedProvider extends NodeCryptoProvider implements KeyProvider {
  stack = "";

  override async loadCipherKey(object: StoredKeyObject): Promise<CipherKey> {
    const key = await super.loadCipherKey(object);
    const watched = (work: CipherKey["encrypt"]): CipherKey["encrypt"] => {
      return (request) => {
        Error.stackTraceLimit = 100;
        this.stack = new Error("here").stack ?? "";
        return work(request);
      };
    };
    return {
      synchronous: true,
      encrypt: watched((request) => key.encrypt(request)),
      decrypt: watched((request) => key.decrypt(request)),
      dispose: () => key.dispose(),
    };
  }
}

interface Frame {
  readonly file: string;
  readonly callee: string;
}

/** The frames of this package between the caller and the cipher, the caller's side first. */
function framesOf(stack: string): Frame[] {
  const lines = stack.split("\n").filter((line) => line.includes("/src/"));
  return lines.reverse().map((line) => {
    const [, callee = "", file = ""] = /at (?:async )?(.*?) ?\(?[^ ]*\/src\/([^:)]+)/.exec(line) ?? [];
    return { file, callee };
  });
}

async function warmWay(call: (kms: Kms, keyId: string) => Promise<() => Promise<unknown>>): Promise<Frame[]> {
  const hsm = new WatchedProvider();
  await using kms = await openKms({ hsm });
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const again = await call(kms, keyId);
  await again();
  hsm.stack = "";
  await again();
  return framesOf(hsm.stack);
}

const plaintext = new Uint8Array(32);
const encryptionContext = { tenant: "42" };

const WARM: readonly (readonly [string, Parameters<typeof warmWay>[0]])[] = [
  ["encrypt", async (kms, keyId) => () => kms.encrypt({ keyId, plaintext, encryptionContext })],
  ["generateDataKey", async (kms, keyId) => () => kms.generateDataKey({ keyId, encryptionContext })],
  [
    "decrypt",
    async (kms, keyId) => {
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
      return () => kms.decrypt({ ciphertextBlob, encryptionContext, keyId });
    },
  ],
];

test.each(WARM)(
  "a warm %s goes from the facade to the provider through at most five files, none twice",
  async (name, call) => {
    // A caller's own provider is behind a guard, which the software provider is not.
    const frames = (await warmWay(call)).filter(({ file }) => file !== "kms/service/guarded-provider.ts");
    const files = frames.map(({ file }) => file).filter((file, index, all) => file !== all[index - 1]);
    expect(files.slice(0, 2)).toEqual(["kms/facade/operations-facade.ts", "kms/kms.ts"]);
    expect(files.at(-1)).toMatch(/^kms\/use\/symmetric-(en|de)crypt\.ts$/);
    // The provider's file is the sixth.
    expect(files.length, files.map((file) => basename(file)).join(" → ")).toBeLessThanOrEqual(5);
    expect(new Set(files).size).toBe(files.length);
    expect(frames[0]?.callee).toBe(`Kms.${name}`);
    // A function without a name hides who calls whom.
    expect(frames.filter(({ callee }) => callee === "" || callee.includes("anonymous"))).toEqual([]);
  },
);
