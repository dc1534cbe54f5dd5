import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { startServer } from "../harness.ts";

const library = "/usr/share/gocode/src/github.com/denverdino/aliyungo";
const isInstalled = existsSync("/usr/bin/go") && existsSync(library);
const source = fileURLToPath(new URL("go/main.go", import.meta.url));
const program = join(scratchFolder("go-client"), "client");

interface Outcome {
  readonly Call: string;
  readonly Response?: Record<string, unknown>;
  readonly Code?: string;
  readonly Message?: string;
  readonly Status?: number;
  readonly RequestId?: string;
  readonly Failure?: string;
}

describe.skipIf(!isInstalled)("the Go library aliyungo, as Debian packages it", () => {
  beforeAll(() => {
    const env = {
      ...process.env,
      GO111MODULE: "off",
      GOPATH: "/usr/share/gocode",
      GOFLAGS: "",
      GOCACHE: `${program}-cache`,
    };
    execFileSync("/usr/bin/go", ["build", "-o", program, source], { env });
  });

  test("every operation that it has, with a success and an error each", async () => {
    await using running = await startServer();
    const { accessKeyId, accessKeySecret } = running.owner;
    const { stdout } = await promisify(execFile)(program, {
      env: { ENDPOINT: running.server.url, ACCESS_KEY_ID: accessKeyId, ACCESS_KEY_SECRET: accessKeySecret },
    });
    const outcomes = new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => [(JSON.parse(line) as Outcome).Call, JSON.parse(line) as Outcome]),
    );
    const good = (call: string) => {
      expect(outcomes.get(call), call).toHaveProperty("Response");
      return outcomes.get(call)?.Response ?? {};
    };
    const bad = (call: string, Code: string, Status: number) => {
      expect(outcomes.get(call)).toMatchObject({ Code, Status });
      expect(outcomes.get(call)?.RequestId).toMatch(/^[0-9A-F-]{36}$/);
      expect(outcomes.get(call)?.Message).toMatch(/.{10}/);
    };
    const { KeyMetadata } = good("CreateKey") as { KeyMetadata: Record<string, unknown> };
    expect(KeyMetadata).toMatchObject({ Description: "made by Go: a+b *~", KeyState: "Enabled" });
    const { KeyId } = KeyMetadata;
    bad("CreateKey wrong", "InvalidParameter", 400);
    expect(good("DescribeKey").KeyMetadata).toMatchObject({ KeyId });
    bad("DescribeKey wrong", "Forbidden.KeyNotFound", 404);
    expect(good("ListKeys")).toMatchObject({ TotalCount: 1, Keys: { Key: [{ KeyId }] } });
    bad("ListKeys wrong", "InvalidParameter", 400);
    expect(good("Encrypt")).toMatchObject({ KeyId });
    bad("Encrypt wrong", "MissingParameter", 400);
    expect(good("Decrypt")).toMatchObject({ KeyId, Plaintext: "aGVsbG8=" });
    bad("Decrypt wrong", "InvalidParameter", 400);
    expect(Buffer.from(String(good("GenerateDataKey").CiphertextBlob), "base64")).toHaveLength(108);
    bad("GenerateDataKey wrong", "InvalidParameter", 400);
    good("DisableKey");
    bad("DisableKey wrong", "Forbidden.KeyNotFound", 404);
    bad("Encrypt while disabled", "Rejected.Disabled", 409);
    good("EnableKey");
    bad("EnableKey wrong", "Forbidden.KeyNotFound", 404);
    good("ScheduleKeyDeletion");
    bad("ScheduleKeyDeletion wrong", "InvalidParameter", 400);
    good("CancelKeyDeletion");
    bad("CancelKeyDeletion wrong", "Rejected.StateModifiedFailed", 409);
    expect(good("DescribeRegions")).toMatchObject({ Regions: { Region: [{ RegionId: "local" }] } });
    bad("DescribeKey signed wrongly", "SignatureDoesNotMatch", 400);
  });
});
