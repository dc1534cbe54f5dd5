// The KMS over HTTP: Alibaba's official SDK encrypts and decrypts through a server on a free port.
import { createRequire } from "node:module";
import { serve } from "lanelock/server";

const load = createRequire(import.meta.url);

/** @returns whether the SDK got back what it encrypted, and was refused with another context */
export async function showServer({ kms }) {
  const server = await serve({ kms });
  try {
    const { accessKeyId, accessKeySecret } = await server.accessKeys.create({ name: "demo" });
    const { default: Client, EncryptRequest, DecryptRequest } = load("@alicloud/kms20160120");
    const { Config } = load("@alicloud/rpc-client");
    const { host } = new URL(server.url);
    const client = new Client(
      new Config({ accessKeyId, accessKeySecret, endpoint: host, protocol: "http", regionId: "local" }),
    );
    const plaintext = Buffer.from("twelve tulips").toString("base64");
    const context = { encryptionContext: { tenant: "42" } };
    const { ciphertextBlob } = await client.encrypt(
      new EncryptRequest({ keyId: "alias/orders", plaintext, ...context }),
    );
    const opened = await client.decrypt(new DecryptRequest({ ciphertextBlob, ...context }));
    const refused = await client.decrypt(new DecryptRequest({ ciphertextBlob })).then(
      () => false,
      ({ code }) => code === "InvalidParameterError",
    );
    const matches = opened.plaintext === plaintext;
    console.log(
      `Server at ${server.url}: Alibaba's SDK ${matches ? "got back what it encrypted" : "GOT SOMETHING ELSE"}; ` +
        `without the context it ${refused ? "was refused" : "WAS NOT REFUSED"}.`,
    );
    return matches && refused;
  } finally {
    await server.close();
  }
}
