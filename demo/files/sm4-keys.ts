import { LanelockError, randomBytes, sm4Gcm } from "lanelock";
import type { CipherKey, CreatedKeyObject, KeyProvider, ProviderHost, StoredKeyObject } from "lanelock/kms";

const SM4_KEY_LENGTH = 16;

/**
 * SM4 keys without a token. The service has SM4 only at protection level HSM, which a page cannot offer: these keys are wrapped under
 * the store's root key, as software keys are. For a demonstration, and for nothing else.
 */
export function sm4Keys(): KeyProvider {
  let host: ProviderHost | undefined;
  const wrapper = (): ProviderHost => {
    if (host) return host;
    throw new LanelockError("ERR_STATE", "The SM4 keys of this page are not open: open the KMS first.");
  };
  const refuse = async (): Promise<never> => {
    throw new LanelockError("ERR_UNSUPPORTED", "This page makes SM4 keys for encryption, and no others.");
  };
  const keep = (binding: StoredKeyObject["binding"], material: Uint8Array): CreatedKeyObject => {
    try {
      return { handle: wrapper().wrap(binding, material), custody: "software" };
    } finally {
      material.fill(0);
    }
  };
  return {
    name: "SM4 keys of this page",
    protectionLevel: "HSM",
    open: async (given) => {
      host = given;
    },
    close: async () => {
      host = undefined;
    },
    capabilities: () => [{ keySpec: "Aliyun_SM4", algorithm: "SM4_GCM", custody: "software" }],
    createKey: ({ binding }) =>
      binding.keySpec === "Aliyun_SM4" ? Promise.resolve(keep(binding, randomBytes(SM4_KEY_LENGTH))) : refuse(),
    importKey: refuse,
    destroyKey: async () => {
      // The handle is the key; it goes with its row.
    },
    loadCipherKey: ({ binding, handle }) => loadKey(wrapper().unwrap(binding, handle)),
    loadAsymmetricKey: refuse,
    rewrap: ({ binding, handle }, to) => {
      const material = wrapper().unwrap(binding, handle);
      try {
        return to.wrap(binding, material);
      } finally {
        material.fill(0);
      }
    },
  };
}

function loadKey(material: Uint8Array): CipherKey {
  try {
    const aead = sm4Gcm(material);
    return {
      synchronous: true,
      encrypt: ({ iv, data, aad }) => aead.seal(iv, data, { aad }),
      decrypt: ({ iv, data, aad }) => aead.open(iv, data, { aad }),
      dispose: () => aead.dispose(),
    };
  } finally {
    material.fill(0);
  }
}
