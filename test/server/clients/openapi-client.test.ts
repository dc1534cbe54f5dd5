import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { startServer } from "../harness.ts";
import { type Caller, Scenario, type Shown } from "./scenario.ts";

const load = createRequire(import.meta.url);
const openApi: typeof import("@alicloud/openapi-client") = load("@alicloud/openapi-client");
const { RuntimeOptions }: typeof import("@alicloud/tea-util") = load("@alicloud/tea-util");

/** The client under Alibaba's newer SDKs: RPC style, ACS3-HMAC-SHA256, operation and version in headers. */
function openApiClient({
  port,
  ...credentials
}: {
  port: number;
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string | undefined;
}): Caller {
  const { default: Client, Config, OpenApiRequest, Params } = openApi;
  const client = new Client(new Config({ ...credentials, endpoint: `127.0.0.1:${port}`, protocol: "http" }));
  return {
    codeSuffix: "",
    async call(action, parameters): Promise<Shown> {
      const query = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
      const params = new Params({
        ...{ action, version: "2016-01-20", protocol: "HTTP", pathname: "/", method: "POST", authType: "AK" },
        ...{ style: "RPC", reqBodyType: "formData", bodyType: "json" },
      });
      try {
        const { body } = await client.callApi(params, new OpenApiRequest({ query }), new RuntimeOptions({}));
        return { answer: body as Record<string, unknown> };
      } catch (error) {
        const { code, message, data } = error as { code: string; message: string; data: Record<string, unknown> };
        return { code, message, status: Number(data?.statusCode), requestId: String(data?.RequestId) };
      }
    },
  };
}

test("@alicloud/openapi-client 0.4.15, ACS3-HMAC-SHA256: every operation of the API", async () => {
  await using running = await startServer();
  const scenario = new Scenario(openApiClient({ port: running.port, ...running.owner }));
  await scenario.run();
  expect(scenario.succeeded.size).toBeGreaterThanOrEqual(38);
});

test("temporary credentials of STS", async () => {
  await using running = await startServer();
  const made = await running.server.accessKeys.create({ name: "temporary", temporarySeconds: 3_600 });
  const good = openApiClient({ port: running.port, ...made });
  expect(await good.call("ListKeys", {})).toMatchObject({ answer: { TotalCount: 0 } });
  const bad = openApiClient({ port: running.port, ...made, securityToken: "another" });
  expect(await bad.call("ListKeys", {})).toMatchObject({ code: "InvalidSecurityToken.MismatchWithAccessKey" });
});
