// An application: Alibaba's SDK, set up by the environment. It knows nothing of lanelock.
import { createRequire } from "node:module";

const load = createRequire(import.meta.url); // the SDK is CommonJS
const { default: Client, DecryptRequest, EncryptRequest } = load("@alicloud/kms20160120");
const { Config } = load("@alicloud/rpc-client");

const client = new Client(
  new Config({
    type: "access_key",
    accessKeyId: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
    accessKeySecret: process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
    regionId: process.env.KMS_REGION ?? "cn-hangzhou",
    endpoint: process.env.KMS_ENDPOINT ?? "kms.cn-hangzhou.aliyuncs.com",
    protocol: process.env.KMS_PROTOCOL ?? "https",
  }),
);

export async function sealNote(text) {
  const plaintext = Buffer.from(text).toString("base64");
  const { ciphertextBlob } = await client.encrypt(new EncryptRequest({ keyId: "alias/notes", plaintext }));
  return ciphertextBlob;
}

export async function openNote(ciphertextBlob) {
  const { plaintext } = await client.decrypt(new DecryptRequest({ ciphertextBlob }));
  return Buffer.from(plaintext, "base64").toString();
}
