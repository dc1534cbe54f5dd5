import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { libraryAt, runTool } from "./installed.ts";
import { scratchFolder } from "./scratch-folder.ts";

const nssPin = "the password of a key database";

/** A key database of NSS, whose softokn has one token for keys. One database per process, as NSS initializes once. */
export function createNssToken() {
  const module = libraryAt(
    "/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
    "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
    "/usr/lib64/libsoftokn3.so",
  );
  const folder = scratchFolder("nss");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${nssPin}\n`);
  runTool("certutil", ["-N", "-d", `sql:${folder}`, "-f", passwordFile]);
  return {
    module,
    token: { label: "NSS Certificate DB" },
    pin: nssPin,
    libraryParameters: `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`,
  };
}
