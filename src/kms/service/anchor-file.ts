import { nodeModule } from "../../shared/node-modules.ts";
import type { AnchorPlace } from "../rows/outside-anchor.ts";

const FEATURE = "An anchor file";

/** An anchor in a file of its own, replaced as a whole: a crash leaves the old text or the new one. */
export function anchorFile(path: string): AnchorPlace {
  const fs = nodeModule("node:fs", FEATURE);
  return {
    name: `file ${path}`,
    async read() {
      try {
        return fs.readFileSync(path, "utf8");
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    async write(text) {
      const next = `${path}.${globalThis.process.pid}.tmp`;
      const file = fs.openSync(next, "w", 0o600);
      try {
        fs.writeSync(file, text);
        fs.fsyncSync(file);
      } finally {
        fs.closeSync(file);
      }
      fs.renameSync(next, path);
      syncFolder(path);
    },
  };
}

/** The new name is durable only when its folder is. Windows has no such call. */
function syncFolder(path: string): void {
  if (globalThis.process.platform === "win32") return;
  const fs = nodeModule("node:fs", FEATURE);
  const folder = fs.openSync(nodeModule("node:path", FEATURE).dirname(path), "r");
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}

function isAbsent(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT";
}
