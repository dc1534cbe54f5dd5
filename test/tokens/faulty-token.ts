import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeOfVersion } from "../reference/other-nodes.ts";
import { runTool } from "./installed.ts";
import { scratchFolder } from "./scratch-folder.ts";
import { createSoftHsmToken, softHsmModule } from "./softhsm.ts";

const source = fileURLToPath(new URL("./module/faulty-token.c", import.meta.url));
const program = fileURLToPath(new URL("./module/sm4-gcm.cjs", import.meta.url));
const headers = fileURLToPath(new URL("../../node_modules/pkcs11js/includes", import.meta.url));

/** In the order of the C structure. */
const fields = [
  "removed",
  "restarts",
  "logouts",
  "delayMs",
  "hang",
  "failNext",
  "maxSessions",
  "logins",
  "openSessions",
  "calls",
  "tokenFlags",
] as const;
type Field = (typeof fields)[number];

/** The made-up vendor's numbers. */
export const vendorMechanisms = { SM4_KEY_GEN: 0x80000101, SM4_GCM: 0x80000107, SM4_KEY_TYPE: 0x80000102 };

/** A SoftHSM token behind a module that can be told to fail; one per process. See `module/faulty-token.c`. */
export function createFaultyToken(label: string) {
  const folder = scratchFolder("faulty");
  const controlFile = join(folder, "control");
  const module = join(folder, "faulty-token.so");
  runTool("cc", ["-shared", "-fPIC", "-O1", "-I", headers, "-o", module, source]);
  const file = openSync(controlFile, "w+");
  writeSync(file, Buffer.alloc(fields.length * 4));
  process.env.LANELOCK_FAULTY_CONTROL = controlFile;
  process.env.LANELOCK_FAULTY_MODULE = softHsmModule;
  process.env.LANELOCK_SM4_NODE = nodeOfVersion(26);
  process.env.LANELOCK_SM4_PROGRAM = program;
  const get = (field: Field) => {
    const value = Buffer.alloc(4);
    readSync(file, value, 0, 4, fields.indexOf(field) * 4);
    return value.readInt32LE();
  };
  const set = (field: Field, value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    writeSync(file, bytes, 0, 4, fields.indexOf(field) * 4);
  };
  return {
    options: { ...createSoftHsmToken(label), module },
    get,
    set,
    /** Tells the token to do a thing once more: `restarts`, `logouts`. */
    again: (field: "restarts" | "logouts") => set(field, get(field) + 1),
    dispose: () => closeSync(file),
  };
}
