import { asymmetricAlgorithms, isRsa, modulusLengths } from "../../src/asymmetric/key-specs.ts";
import { generateKeyPair, importPrivateKey, loadPrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import type { AsymmetricKeySpec } from "../../src/shared/algorithms.ts";

// What the browser test bundles and runs in a page. Bytes travel as arrays of numbers.

const message = new TextEncoder().encode("from a browser");

export interface BrowserAnswer {
  spec: AsymmetricKeySpec;
  privateKey: number[];
  pem: string;
  results: {
    algorithm: string;
    kind: "sign" | "encrypt";
    messageType?: string;
    output: number[];
    own: boolean;
    error?: string;
  }[];
}

async function answer(spec: AsymmetricKeySpec): Promise<BrowserAnswer> {
  const generated = await generateKeyPair(spec);
  const pair = await importPrivateKey(generated.privateKey);
  const key = await loadPrivateKey(pair.privateKey);
  const publicKey = await importPublicKey(pair.publicKey);
  const results: BrowserAnswer["results"] = [];
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", message));
  for (const algorithm of asymmetricAlgorithms[spec].signing) {
    for (const messageType of ["RAW", "DIGEST"] as const) {
      const input = { algorithm, messageType, data: messageType === "RAW" ? message : digest };
      try {
        const signature = await key.sign(input);
        const own = await publicKey.verify({ ...input, signature });
        results.push({ algorithm, kind: "sign", messageType, output: [...signature], own });
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        results.push({ algorithm, kind: "sign", messageType, output: [], own: false, error: code });
      }
    }
  }
  for (const algorithm of asymmetricAlgorithms[spec].encryption) {
    const ciphertext = await publicKey.encrypt({ algorithm, data: message });
    const plaintext = await key.decrypt({ algorithm, data: ciphertext });
    results.push({ algorithm, kind: "encrypt", output: [...ciphertext], own: `${plaintext}` === `${message}` });
  }
  if (isRsa(spec)) {
    const ciphertext = new Uint8Array(modulusLengths[spec]);
    const error = await key.decryptPkcs1(ciphertext, 32).catch((reason) => reason.code);
    results.push({ algorithm: "RSAES_PKCS1_V1_5", kind: "encrypt", output: [], own: false, error });
  }
  return { spec, privateKey: [...pair.privateKey], pem: publicKey.toPem(), results };
}

Object.assign(globalThis, { answer });
