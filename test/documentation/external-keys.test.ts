import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { createSoftHsmToken, softHsmConfiguration, softHsmModule, softHsmPin } from "../tokens/softhsm.ts";
import { Examples } from "./examples.ts";

createSoftHsmToken("keys");
const etc = scratchFolder("etc");
const env = { SOFTHSM2_CONF: softHsmConfiguration };
const here = { "/etc/lanelock/": `${etc}/`, "/usr/lib/softhsm/libsofthsm2.so": softHsmModule };
let proxy: ChildProcess | undefined;
afterAll(() => proxy?.kill("SIGKILL"));

async function listening({ stdout }: ChildProcess): Promise<number> {
  let said = "";
  for await (const chunk of stdout ?? []) {
    said += chunk;
    const url = /"listening":"([^"]+)"/.exec(said)?.[1];
    if (url) return Number(new URL(url).port);
  }
  throw new Error(`the proxy ended: ${said}`);
}

test("the examples of docs/external-keys.md run as they stand there, in their order", async () => {
  const server = new Examples("docs/external-keys.md", {
    places: { ...here, "DNS:keys.example.com": "IP:127.0.0.1", "--host 0.0.0.0 --port 8443": "--port 0" },
    env,
  });
  server.runCommands(0);
  writeFileSync(join(server.folder, "pin"), softHsmPin, { mode: 0o600 });
  proxy = server.startCommands(1);
  const port = await listening(proxy);

  const client = new Examples("docs/external-keys.md", {
    places: {
      ...here,
      "https://keys.example.com:8443": `https://127.0.0.1:${port}`,
      "server.crt": join(server.folder, "server.crt"),
    },
    env,
  });
  const rootKey = execFileSync("openssl", ["rand", "-base64", "32"]);
  writeFileSync(join(client.folder, "root.key"), rootKey, { mode: 0o600 });
  expect(client.runProgram(0)).toBe("held elsewhere\n");
  proxy.kill("SIGTERM");
  expect((await once(proxy, "exit"))[0]).toBe(0);
  expect([client.count("sh"), client.count("ts")]).toEqual([2, 1]);
});
