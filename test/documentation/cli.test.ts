import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lanelockProgram } from "../../src/cli/program.ts";
import { environmentName, flagName, SETTINGS } from "../../src/cli/settings/settings.ts";
import { cliPage } from "../../tools/cli-page.mjs";
import { CommandFolder } from "../cli/lanelock.ts";
import { createSoftHsmToken, softHsmConfiguration, softHsmModule } from "../tokens/softhsm.ts";

const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

test("the reference in docs/cli.md equals --help (npm run docs writes it)", () => {
  const names = { flagName, environmentName };
  expect(page).toBe(cliPage(page, { program: lanelockProgram(), settings: SETTINGS, names }));
});

test("it has every command, and no path of this machine", () => {
  for (const command of lanelockProgram().commands) expect(page).toContain(`\n### lanelock ${command.name()}\n`);
  expect(page).not.toContain(process.env.HOME === "/" ? "\0" : `${process.env.HOME ?? "\0"}/`);
});

test("its commands do what they say, in a home that is empty", () => {
  const folder = new CommandFolder("cli-page");
  folder.environment.LANELOCK_HOME = undefined;
  folder.environment.SOFTHSM2_CONF = softHsmConfiguration;
  createSoftHsmToken("orders");
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = ""]) => block);
  expect(blocks).toHaveLength(3);
  const script = blocks.join("\n").replaceAll("/usr/lib/softhsm/libsofthsm2.so", softHsmModule);
  const { status, stdout, stderr } = folder.bash(`set -e\n${script}`);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^hello$/m);
  expect(stdout).toMatch(/alias\/orders/);
  expect(stdout).toMatch(/suite +AES-256-GCM$/m);
  expect(stdout).toMatch(/Aliyun_SM4 +SM4_GCM/);
});
