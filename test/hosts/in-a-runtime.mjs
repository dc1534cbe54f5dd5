// What Bun and Deno do with the built package: run by runtimes.test.ts, prints one line of JSON.
import { aesGcm, randomBytes } from "lanelock";
import { envelope } from "lanelock/envelope";
import { Kms } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import { tryEnvelope } from "../capabilities/envelope-program.mjs";

const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (string) => new TextEncoder().encode(string);
/** What a call resolves to, or the code of its error. */
const outcome = (call) => call().catch((error) => `${error.code}: ${error.message}`);

const pairs = [
  { keySpec: "RSA_2048", keyUsage: "SIGN/VERIFY", algorithms: ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"] },
  { keySpec: "RSA_2048", keyUsage: "ENCRYPT/DECRYPT", algorithms: ["RSAES_OAEP_SHA_256"] },
  { keySpec: "EC_P256", keyUsage: "SIGN/VERIFY", algorithms: ["ECDSA_SHA_256"] },
  { keySpec: "EC_P256", keyUsage: "ENCRYPT/DECRYPT", algorithms: ["ECIES_DH_SHA_1_XOR_HMAC"] },
  { keySpec: "EC_P256K", keyUsage: "SIGN/VERIFY", algorithms: ["ECDSA_SHA_256"] },
  { keySpec: "EC_P256K", keyUsage: "ENCRYPT/DECRYPT", algorithms: ["ECIES_DH_SHA_1_XOR_HMAC"] },
];

const message = bytes("from another runtime");

function decrypts(kms, request) {
  return outcome(async () => {
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...request, plaintext: message });
    return text((await kms.asymmetricDecrypt({ ...request, ciphertextBlob })).plaintext);
  });
}

function verifies(kms, request) {
  return outcome(async () => {
    const { value } = await kms.asymmetricSign(request);
    return (await kms.asymmetricVerify({ ...request, value })).value;
  });
}

/** Each asymmetric algorithm, on a message and on a digest. */
async function asymmetric(kms) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", message));
  const results = {};
  for (const { keySpec, keyUsage, algorithms } of pairs) {
    const { keyId } = (await kms.createKey({ keySpec, keyUsage })).keyMetadata;
    const { keyVersionId } = (await kms.listKeyVersions({ keyId })).keyVersions[0];
    for (const algorithm of algorithms) {
      const [name, key] = [`${keySpec} ${algorithm}`, { keyId, keyVersionId, algorithm }];
      if (keyUsage === "ENCRYPT/DECRYPT") {
        results[name] = await decrypts(kms, key);
      } else {
        results[`${name} message`] = await verifies(kms, { ...key, message });
        results[`${name} digest`] = await verifies(kms, { ...key, digest });
      }
    }
  }
  return results;
}

async function inKms(store) {
  const kms = await Kms.open({ store, rootKey: new Uint8Array(32).fill(5) });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const encryptionContext = { tenant: "42" };
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: bytes("twelve tulips"), encryptionContext });
  const { plaintext } = await kms.decrypt({ ciphertextBlob, encryptionContext });
  const files = envelope(kms, { keyId });
  const opened = await files.open(await files.seal(plaintext));
  const refused = await kms.decrypt({ ciphertextBlob }).catch((error) => error.code);
  await files.close();
  return { kms, answer: { opened: text(opened), refused } };
}

const aead = aesGcm(randomBytes(32));
const nonce = randomBytes(12);
const sealed = text(aead.open(nonce, aead.seal(nonce, bytes("sealed"))));
aead.dispose();

const { kms, answer } = await inKms(memoryStore());
const keys = await asymmetric(kms);
await kms.close();
const sqlite = await outcome(async () => {
  const { kms, answer } = await inKms(sqlStore({ path: process.argv[2] }));
  await kms.close();
  return answer;
});
console.log(JSON.stringify({ sealed, memory: answer, sqlite, keys, envelopes: await tryEnvelope(envelope) }));
