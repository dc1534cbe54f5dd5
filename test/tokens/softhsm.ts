import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { libraryAt, runTool } from "./installed.ts";
import { scratchFolder } from "./scratch-folder.ts";

export const softHsmModule = libraryAt(
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib64/pkcs11/libsofthsm2.so",
  "/opt/homebrew/lib/softhsm/libsofthsm2.so",
);
export const softHsmPin = "1234";
export const softHsmOfficerPin = "12345678";

/** Where this process's tokens are: a SoftHSM reads SOFTHSM2_CONF once, when it is initialized. */
export const softHsmFolder = scratchFolder("softhsm");
export const softHsmConfiguration = join(softHsmFolder, "softhsm2.conf");
export const softHsmTokens = join(softHsmFolder, "tokens");

mkdirSync(softHsmTokens);
writeFileSync(
  softHsmConfiguration,
  `directories.tokendir = ${softHsmTokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
);
process.env.SOFTHSM2_CONF = softHsmConfiguration;

/** Makes a token. All of a process's tokens must be made before the module is loaded in it. */
export function createSoftHsmToken(label: string) {
  runTool("softhsm2-util", [
    ...["--init-token", "--free", "--label", label],
    ...["--so-pin", softHsmOfficerPin, "--pin", softHsmPin],
  ]);
  return { module: softHsmModule, token: { label }, pin: softHsmPin };
}
