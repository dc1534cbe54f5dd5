// Writes the measured tables from bench/results/ between two markers: a small one in README.md, all of them in bench/README.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { root } from "./setup.mjs";

const START = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";

/** What bench/README.md shows of all that is measured. */
const ALL_ROWS = [
  "AES-256-GCM seal 64 B",
  "AES-256-GCM seal 1 KiB",
  "AES-256-GCM seal 1 MiB",
  "AES-256-GCM open 1 MiB",
  "AES-256-GCM seal 10,000 records of 64 B",
  "AES-256-CTR encrypt 1 MiB",
  "AES-128-CTR encrypt 1 MiB",
  "AES-256-CBC encrypt 16 KiB",
  "AES-256-CBC decrypt 1 MiB",
  "AES-256-ECB encrypt 1 MiB",
  "SM4-GCM seal 64 B",
  "SM4-GCM seal 1 MiB",
  "SM4-ECB encrypt 1 MiB",
  "SM4-CTR encrypt 1 MiB",
  "SM4-CBC encrypt 16 KiB",
  "SM4-CBC decrypt 1 MiB",
];

/** What README.md shows. */
const FEW_ROWS = [
  "AES-256-GCM seal 64 B",
  "AES-256-GCM seal 1 MiB",
  "AES-256-GCM seal 10,000 records of 64 B",
  "SM4-GCM seal 1 MiB",
  "SM4-CBC decrypt 1 MiB",
];

const RIVALS = ["node:crypto", "@noble/ciphers", "encrypt-web-streams", "sm-crypto-v2"];

function speed(bytes, nanoseconds) {
  return bytes < 16384 ? `${(nanoseconds / 1000).toFixed(2)} µs` : `${Math.round((bytes / nanoseconds) * 1000)} MB/s`;
}

function times(contenders, rival) {
  const exact = contenders[rival];
  if (exact) return `${exact.ratio.toFixed(2)} ×`;
  const counter = rival === "node:crypto" ? contenders["node:crypto sm4-ctr"] : undefined;
  return counter ? `${counter.ratio.toFixed(2)} × (sm4-ctr)` : "–";
}

function table({ node, processor, commit, results }, names) {
  const rows = names.map((name) => results.find((result) => result.name === name)).filter(Boolean);
  return [
    `Node ${node.slice(1)}, ${processor}, commit ${commit}:`,
    "",
    `| | lanelock | ${RIVALS.map((rival) => `× ${rival}`).join(" | ")} |`,
    `|---|---|${RIVALS.map(() => "---|").join("")}`,
    ...rows.map(({ name, bytes, contenders }) => {
      const cells = RIVALS.map((rival) => times(contenders, rival));
      return `| ${name} | ${speed(bytes, contenders.lanelock.median)} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

const documents = [
  { file: "README.md", names: FEW_ROWS, majors: [24] },
  { file: "bench/README.md", names: ALL_ROWS, majors: [20, 24] },
];

/** The documents with the tables of the results that stand in bench/results/, by file name. */
export function withTables() {
  return documents.map(({ file, names, majors }) => {
    const measured = majors.map((major) => `${root}bench/results/node-${major}.json`).filter(existsSync);
    const tables = measured.map((results) => table(JSON.parse(readFileSync(results, "utf8")), names));
    const [before, rest] = readFileSync(root + file, "utf8").split(START);
    const after = rest.split(END)[1];
    return { file, text: `${before}${START}\n${tables.join("\n\n")}\n${END}${after}` };
  });
}

export function updateTables() {
  for (const { file, text } of withTables()) writeFileSync(root + file, text);
}
