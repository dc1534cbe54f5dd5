import { nodeOfVersion } from "../reference/other-nodes.ts";

const own = Number(process.versions.node.split(".")[0]);
const others = ([22, 24, 26] as const).filter((major) => major !== own);

/** Every Node that a user may have, by major version: the one that runs the tests and those of test/nodes. */
export const nodes: readonly (readonly [major: number, binary: string])[] = [
  [own, process.execPath],
  ...others.map((major) => [major, nodeOfVersion(major)] as const),
];
