import { testKms } from "lanelock/testing";

/** Runs once, before the workers start: they inherit the environment. */
export default async function setup() {
  const server = await testKms();
  const { keyId } = (await server.kms.createKey({})).keyMetadata;
  await server.kms.createAlias({ keyId, aliasName: "alias/notes" });
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = server.accessKeyId;
  process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = server.accessKeySecret;
  process.env.KMS_REGION = server.region;
  process.env.KMS_ENDPOINT = server.host;
  process.env.KMS_PROTOCOL = "http";
  return () => server.close();
}
