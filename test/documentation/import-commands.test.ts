import { execFileSync } from "node:child_process";
import { createDecipheriv, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const page = readFileSync(new URL("../../docs/asymmetric.md", import.meta.url), "utf8");

test("the commands of docs/asymmetric.md that bring a key, run as they stand there", () => {
  const block = /```sh\n(lanelock keys create --origin EXTERNAL.*?)```/s.exec(page)?.[1] ?? "";
  const [create = "", ...others] = block.split("\n");
  const folder = mkdtempSync(join(tmpdir(), "lanelock-readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const run = (commands: string, input = "") => {
    const lanelock = `lanelock() { "${process.execPath}" "${binary}" --home home "$@"; }\n`;
    return execFileSync("bash", ["-euo", "pipefail", "-c", lanelock + commands], { cwd: folder, input });
  };
  const material = randomBytes(32);
  writeFileSync(join(folder, "material.bin"), material);
  run("lanelock init");
  const key = run(create).toString().trim();
  expect(run(others.join("\n").replaceAll("KEY", key)).toString()).toMatch(/^Enabled$/m);
  const blob = run(`lanelock encrypt --key ${key}`, "brought");
  const decipher = createDecipheriv("aes-256-gcm", material, blob.subarray(36, 48)).setAuthTag(blob.subarray(-16));
  expect(Buffer.concat([decipher.update(blob.subarray(48, -16)), decipher.final()]).toString()).toBe("brought");
});
