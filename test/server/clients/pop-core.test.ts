import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { startServer } from "../harness.ts";
import { type Caller, Scenario, type Shown } from "./scenario.ts";

// The types call the class by another name than the module does.
const { RPCClient }: { RPCClient: typeof import("@alicloud/pop-core") } = createRequire(import.meta.url)(
  "@alicloud/pop-core",
);

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly data: { readonly RequestId: string };
  readonly entry: { readonly response: { readonly statusCode: number } };
}

/** The general client of Alibaba's RPC style: HMAC-SHA1, all parameters in the query of a GET or in the form of a POST. */
function popCore(
  method: "GET" | "POST",
  { port, accessKeyId, accessKeySecret }: { port: number; accessKeyId: string; accessKeySecret: string },
): Caller {
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new RPCClient({ accessKeyId, accessKeySecret, endpoint, apiVersion: "2016-01-20" });
  return {
    codeSuffix: "",
    async call(operation, parameters): Promise<Shown> {
      try {
        return { answer: await client.request<Record<string, unknown>>(operation, parameters, { method }) };
      } catch (error) {
        const { code, message, data, entry } = error as Refusal;
        return { code, message, status: entry?.response.statusCode, requestId: data?.RequestId };
      }
    },
  };
}

test.each(["GET", "POST"] as const)("@alicloud/pop-core 1.8.0 by %s: every operation of the API", async (method) => {
  await using running = await startServer();
  const scenario = new Scenario(popCore(method, { port: running.port, ...running.owner }));
  await scenario.run();
  expect(scenario.succeeded.size).toBeGreaterThanOrEqual(38);
  expect([...scenario.succeeded].filter((name) => !scenario.refused.has(name))).toEqual(["DescribeRegions"]);
});

test("temporary credentials carry a security token, and are refused without it, with another, and after their time", async () => {
  await using running = await startServer();
  const { server, port } = running;
  const made = await server.accessKeys.create({ name: "temporary", temporarySeconds: 3_600 });
  const client = (securityToken: string | undefined) =>
    new RPCClient({
      ...{ accessKeyId: made.accessKeyId, accessKeySecret: made.accessKeySecret, apiVersion: "2016-01-20" },
      ...{ endpoint: `http://127.0.0.1:${port}`, ...(securityToken === undefined ? {} : { securityToken }) },
    });
  expect(await client(made.securityToken).request("ListKeys", {})).toMatchObject({ TotalCount: 0 });
  const mismatch = { code: "InvalidSecurityToken.MismatchWithAccessKey" };
  await expect(client(undefined).request("ListKeys", {})).rejects.toMatchObject(mismatch);
  await expect(client(`${made.securityToken}x`).request("ListKeys", {})).rejects.toMatchObject(mismatch);
});
