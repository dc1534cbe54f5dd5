import { Session } from "node:inspector";
import { pathToFileURL } from "node:url";

// Runs in a process of its own: prints, for each encoding on standard input, how often every block of the code under test ran.
// V8's precise coverage counts each branch taken, each turn of a loop and each right-hand side of && and ||.

interface Block {
  startOffset: number;
  endOffset: number;
  count: number;
}
interface Coverage {
  result: { url: string; functions: { functionName: string; ranges: Block[] }[] }[];
}

const [file = ""] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const unpad: (encoded: Uint8Array) => Uint8Array = (await import(url)).default;
const session = new Session();
session.connect();
const post = (method: string, parameters: object = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)));
  });

function opens(encoded: Uint8Array): boolean {
  try {
    unpad(encoded);
    return true;
  } catch {
    return false;
  }
}

const { default: input } = await import("node:fs").then(({ readFileSync }) => ({ default: readFileSync(0, "latin1") }));
const encodings: string[] = JSON.parse(input);
await post("Profiler.enable");
await post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
// The first call of each outcome defines lazily compiled functions; its counts are not compared.
for (const hex of encodings) opens(Uint8Array.from(Buffer.from(hex, "hex")));
await post("Profiler.takePreciseCoverage");

const traces = [];
for (const hex of encodings) {
  const opened = opens(Uint8Array.from(Buffer.from(hex, "hex")));
  const coverage = (await post("Profiler.takePreciseCoverage")) as Coverage;
  const functions = coverage.result.find((script) => script.url === url)?.functions ?? [];
  const blocks = Object.fromEntries(
    functions.map(({ functionName, ranges }) => [
      `${functionName}@${ranges[0]?.startOffset}`,
      ranges.map(({ startOffset, endOffset, count }) => `${startOffset}-${endOffset}:${count}`).join(" "),
    ]),
  );
  traces.push({ opened, blocks });
}
process.stdout.write(JSON.stringify(traces));
