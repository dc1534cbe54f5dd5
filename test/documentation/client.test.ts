import { expect, test } from "vitest";
import { BuiltServer } from "../server/built-server.ts";
import { Examples } from "./examples.ts";

test("the example of docs/client.md runs as it stands there, against lanelock serve", async () => {
  await using server = await BuiltServer.start();
  const { accessKeyId, accessKeySecret } = server.owner;
  const env = {
    KMS_ENDPOINT: server.url,
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
  };
  const examples = new Examples("docs/client.md", { places: {}, env });
  expect(examples.count("ts")).toBe(1);
  expect(examples.runProgram(0)).toBe("twelve tulips, twelve tulips\n");
});
