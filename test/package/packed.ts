import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Tarballs {
  readonly lanelock: string;
  readonly cli: string;
}

/** Packs both packages into `folder` as they would be published. They are built already. */
export function pack(folder: string): Tarballs {
  const packed = (where: string) => {
    const options = ["--ignore-scripts", "--json", "--pack-destination", folder];
    const answer: unknown = JSON.parse(execFileSync("npm", ["pack", ...options], { cwd: where, encoding: "utf8" }));
    return join(folder, fileNameIn(answer));
  };
  return { lanelock: packed(root), cli: packed(join(root, "packages/lanelock-cli")) };
}

/** npm answers with a list, or with an object by package name, depending on its version. */
function fileNameIn(answer: unknown): string {
  const [first] = Object.values(answer as object);
  if (typeof first?.filename !== "string") throw new Error("npm pack answers without a file name");
  return first.filename;
}
