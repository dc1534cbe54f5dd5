import { nodeOfVersion } from "../reference/other-nodes.ts";

const own = Number(process.versions.node.split(".")[0]);
const LONG = process.env.LANELOCK_LONG === "1";
const others = (LONG ? ([22, 24, 26] as const) : ([26] as const)).filter((major) => major !== own);

/**
 * The Nodes that a user may have, by major version: the one that runs the tests and those of test/nodes. Without LANELOCK_LONG
 * only the newest of these: an installation takes a minute on each.
 */
export const nodes: readonly (readonly [major: number, binary: string])[] = [
  [own, process.execPath],
  ...others.map((major) => [major, nodeOfVersion(major)] as const),
];
