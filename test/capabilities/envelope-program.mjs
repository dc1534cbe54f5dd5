// Run by the tests of this folder in processes and hosts that lack something: what an envelope does there, as one line of JSON.
// It gets `envelope` from the host, so that each can import it in its own way.

const keyId = "key-fixed";

function fixedKms(keySpec) {
  const dataKey = () => new Uint8Array(32).fill(3);
  return {
    describeKey: async () => ({ keyMetadata: { keyId, keySpec } }),
    generateDataKey: async () => ({ keyId, plaintext: dataKey(), ciphertextBlob: new Uint8Array(96).fill(9) }),
    decrypt: async () => ({ keyId, plaintext: dataKey() }),
    reEncrypt: async () => ({ keyId, ciphertextBlob: new Uint8Array(96).fill(8) }),
  };
}

async function roundTrip(files, length) {
  const plaintext = Uint8Array.from({ length }, (_, i) => 7 * i + (i >> 8));
  const message = await files.seal(plaintext);
  const opened = await files.open(message);
  const range = await files.openRange(message, length >> 1, length >> 2);
  const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
  const right = same(opened, plaintext) && same(range, plaintext.subarray(length >> 1, (length >> 1) + (length >> 2)));
  message[message.length - 1] ^= 1;
  const forged = await files.open(message).then(
    () => "opened",
    (error) => error.code,
  );
  return right ? `ok ${forged}` : "wrong bytes";
}

/** @returns for each setting what became of a short message and of one of 2 MiB, or the code and message of the error */
export async function tryEnvelope(envelope) {
  const settings = {
    aes: ["Aliyun_AES_256", {}],
    "aes native": ["Aliyun_AES_256", { backend: "native" }],
    "aes wasm": ["Aliyun_AES_256", { backend: "wasm", workers: 1 }],
    "aes native workers": ["Aliyun_AES_256", { backend: "native", workers: 2 }],
    sm4: ["Aliyun_SM4", {}],
    "sm4 workers": ["Aliyun_SM4", { workers: 2 }],
  };
  const results = {};
  for (const [name, [keySpec, options]] of Object.entries(settings)) {
    const files = envelope(fixedKms(keySpec), { keyId, ...options });
    results[name] = [];
    for (const length of [100, 2 ** 21, 100]) {
      const result = await roundTrip(files, length).catch((error) => `${error.code}: ${error.message}`);
      results[name].push(result);
    }
    await files.close();
  }
  return results;
}
