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
const FEW_ROWS = ["AES-256-GCM seal 64 B", "AES-256-GCM seal 1 MiB", "SM4-GCM seal 1 MiB"];

/** Hosts other than Node, by the names of their results: bench/hosts/. */
const HOSTS = ["chromium", "firefox", "jsc"];
const HOST_RIVALS = ["WebCrypto", "@noble/ciphers", "sm-crypto-v2"];
/** What README.md shows of each, in one row. */
const HOST_PAIR = ["AES-256-GCM seal 64 B", "SM4-GCM seal 1 MiB"];

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

function rowsOf({ results }, names, rivals) {
  return names
    .map((name) => results.find((result) => result.name === name))
    .filter(Boolean)
    .map(({ name, bytes, contenders }) => {
      const cells = rivals.map((rival) => times(contenders, rival));
      return `| ${name} | ${speed(bytes, contenders.lanelock.median)} | ${cells.join(" | ")} |`;
    });
}

const tableOf = (caption, rivals, rows) =>
  [
    ...[`${caption}:`, "", `| | lanelock | ${rivals.map((rival) => `× ${rival}`).join(" | ")} |`],
    ...[`|---|---|${rivals.map(() => "---|").join("")}`, ...rows],
  ].join("\n");

const nodeCaption = ({ node, processor, commit }) => `Node ${node.slice(1)}, ${processor}, commit ${commit}`;
const hostCaption = ({ host, build, processor, commit }) => `${host}, ${build} build, ${processor}, commit ${commit}`;

/** A host's two figures in the columns of Node's table. */
function hostRow({ host, results }) {
  const [aes, sm4] = HOST_PAIR.map((name) => results.find((result) => result.name === name));
  const speeds = [aes, sm4].map(({ bytes, contenders }) => speed(bytes, contenders.lanelock.median));
  const native = aes.contenders.WebCrypto ? `${times(aes.contenders, "WebCrypto")} (WebCrypto)` : "–";
  const others = [times(aes.contenders, "@noble/ciphers"), "–", times(sm4.contenders, "sm-crypto-v2")];
  return `| ${host.replace(/\..*/, "")}: ${HOST_PAIR.join("; ")} | ${speeds.join("; ")} | ${native} | ${others.join(" | ")} |`;
}

const resultsOf = (names) =>
  names
    .map((name) => `${root}bench/results/${name}.json`)
    .filter(existsSync)
    .map((file) => JSON.parse(readFileSync(file, "utf8")));

const nodeTable = (result, names) => tableOf(nodeCaption(result), RIVALS, rowsOf(result, names, RIVALS));

function hostTable(result) {
  const names = result.results.map(({ name }) => name);
  return tableOf(hostCaption(result), HOST_RIVALS, rowsOf(result, names, HOST_RIVALS));
}

/** The documents with the tables of the results that stand in bench/results/, by file name. */
export function withTables() {
  const hosts = resultsOf(HOSTS);
  const readme = resultsOf(["node-24"]).map((result) => nodeTable(result, FEW_ROWS));
  const nodes = resultsOf(["node-20", "node-24"]).map((result) => nodeTable(result, ALL_ROWS));
  const documents = [
    { file: "README.md", tables: [[...readme, ...hosts.map(hostRow)].join("\n")] },
    { file: "bench/README.md", tables: [...nodes, ...hosts.map(hostTable)] },
  ];
  return documents.map(({ file, tables }) => {
    const [before, rest] = readFileSync(root + file, "utf8").split(START);
    const after = rest.split(END)[1];
    return { file, text: `${before}${START}\n${tables.join("\n\n")}\n${END}${after}` };
  });
}

export function updateTables() {
  for (const { file, text } of withTables()) writeFileSync(root + file, text);
}
