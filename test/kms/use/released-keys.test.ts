import { LanelockError } from "lanelock";
import type { KeySpec, KeyUsage, Kms } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { openKms } from "../open-kms.ts";
import { softwareAsHsm } from "../software-as-hsm.ts";

/** Where no key is cached, each call disposes of the key that it loaded, however it ends. */
let loaded: number;
let disposed: number;
let failing: LanelockError | undefined;
let kms: Kms;

function counted<K extends { dispose(): void }>(key: K): K {
  loaded++;
  const use = (name: string) => (request: object) => {
    if (failing !== undefined) throw failing;
    return (key as unknown as Record<string, (request: object) => unknown>)[name]?.(request);
  };
  const methods = ["encrypt", "decrypt", "sign", "verify"].map((name) => [name, use(name)]);
  const dispose = () => {
    disposed++;
    key.dispose();
  };
  return { ...key, ...Object.fromEntries(methods), dispose };
}

beforeEach(async () => {
  [loaded, disposed, failing] = [0, 0, undefined];
  const hsm = softwareAsHsm((own) => ({
    loadCipherKey: async (object) => counted(await own.loadCipherKey(object)),
    loadAsymmetricKey: async (object) => counted(await own.loadAsymmetricKey(object)),
  }));
  kms = await openKms({ hsm, cache: { maxKeys: 0 } });
  return () => kms.close();
});

/** How a call ends, and whether it loaded a key and disposed of it. */
async function ended(call: Promise<unknown>) {
  const before = loaded;
  const code = await call.then(
    () => "OK",
    (error) => error.code,
  );
  expect(loaded).toBe(before + 1);
  await expect.poll(() => disposed).toBe(loaded);
  return code;
}

async function create(keySpec: KeySpec, keyUsage?: KeyUsage) {
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM", keySpec, keyUsage })).keyMetadata;
  const [version] = (await kms.listKeyVersions({ keyId })).keyVersions;
  return { keyId, keyVersionId: version?.keyVersionId ?? "" };
}

const plaintext = new Uint8Array(16).fill(7);
const unreachable = new LanelockError("ERR_PROVIDER", "The token is gone.");

describe("a symmetric key", () => {
  test("that encrypts and decrypts", async () => {
    const { keyId } = await create("Aliyun_AES_256");
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const forged = ciphertextBlob.map((byte, at) => (at === 50 ? byte ^ 1 : byte));
    expect(await ended(kms.encrypt({ keyId, plaintext }))).toBe("OK");
    expect(await ended(kms.decrypt({ ciphertextBlob }))).toBe("OK");
    expect(await ended(kms.decrypt({ ciphertextBlob, dryRun: true }))).toBe("DryRunOperationError");
    expect(await ended(kms.decrypt({ ciphertextBlob: forged }))).toBe("InvalidParameter");
    failing = unreachable;
    expect(await ended(kms.encrypt({ keyId, plaintext }))).toBe("ERR_PROVIDER");
    expect(await ended(kms.decrypt({ ciphertextBlob }))).toBe("ERR_PROVIDER");
  });
});

describe("a private key", () => {
  test("that signs and verifies", async () => {
    const named = await create("EC_P256");
    const { value } = await kms.asymmetricSign({ ...named, message: plaintext });
    expect(await ended(kms.asymmetricSign({ ...named, message: plaintext }))).toBe("OK");
    expect(await ended(kms.asymmetricVerify({ ...named, message: plaintext, value }))).toBe("OK");
    failing = unreachable;
    expect(await ended(kms.asymmetricSign({ ...named, message: plaintext }))).toBe("ERR_PROVIDER");
  });

  test("that decrypts", async () => {
    const named = await create("EC_P256", "ENCRYPT/DECRYPT");
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...named, plaintext });
    expect(await ended(kms.asymmetricEncrypt({ ...named, plaintext, dryRun: true }))).toBe("DryRunOperationError");
    expect(await ended(kms.asymmetricDecrypt({ ...named, ciphertextBlob }))).toBe("OK");
    expect(await ended(kms.asymmetricDecrypt({ ...named, ciphertextBlob, dryRun: true }))).toBe("DryRunOperationError");
    expect(await ended(kms.asymmetricDecrypt({ ...named, ciphertextBlob: plaintext }))).toBe("InvalidParameter");
  });
});
