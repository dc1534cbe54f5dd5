// What of the modules no shape runs: instructions that never ran, and conditional branches that always went one way.
import type { WasmModule } from "../wasm/decode.ts";
import { type Coverage, NOT_TAKEN, RAN, TAKEN } from "../wasm/interpreter.ts";

/** A path that no shape takes, in a function that only these exports reach. */
interface Allowed {
  readonly exports: readonly string[];
  readonly reason: string;
}

const xorsWhole = "a loop over bytes of an XOR that was inlined, where all lengths are of whole blocks";
const xorsBytes = "a loop over whole blocks of an XOR that was inlined, where all lengths are below one";

const allowed: readonly Allowed[] = [
  ...[
    ["sm4EcbEncrypt"],
    ["sm4EcbDecrypt"],
    ["sm4CbcDecrypt"],
    ["sm4GcmSeal", "sm4GcmOpen", "sm4GcmKeystream", "sm4Ctr", "sm4CcmKeystream"],
  ].map((exports) => ({
    exports,
    reason: "a batch where bulk has left one, which of SM4, whose bulk is a batch, it never does",
  })),
  ...["pad", "paddingLength"].map((name) => ({ exports: [name], reason: "padding.test.ts proves it" })),
  { exports: ["aesSivStart", "aesSivComponent", "aesSivText"], reason: xorsWhole },
  { exports: ["aesSivText"], reason: xorsWhole },
  { exports: ["aesCcmStart"], reason: xorsBytes },
  { exports: ["sm4CcmStart"], reason: xorsBytes },
  { exports: ["aesCcmAad", "aesCcmText"], reason: xorsBytes },
  { exports: ["sm4CcmAad", "sm4CcmText"], reason: xorsBytes },
  ...["ioSize", "nonceSize", "verdictsSize", "runSize"].map((name) => ({
    exports: [name],
    reason: "a constant",
  })),
  ...["sm4Size", "sm4GcmSize", "sm4CmacSize", "aesGcmSize", "aesCmacSize", "aesCcmStateSize", "sm4CcmStateSize"].map(
    (name) => ({
      exports: [name],
      reason: "a constant",
    }),
  ),
  ...["GcmSivMessageSize", "XaesSize", "SivSize", "SivStateSize", "KwSize"].map((size) => ({
    exports: [`aes${size}`],
    reason: "a constant",
  })),
];

/** The exports that reach each function. */
function reachedFrom(module: WasmModule): Map<number, Set<string>> {
  const reached = new Map<number, Set<string>>();
  const visit = (index: number, name: string) => {
    const names = reached.get(index) ?? new Set();
    if (names.has(name)) return;
    reached.set(index, names.add(name));
    for (const { name: instruction, immediates } of module.functions[index]!.body) {
      if (instruction === "call") visit(immediates[0]!, name);
    }
  };
  for (const [name, index] of module.exports) visit(index, name);
  return reached;
}

/** Every path that no shape takes, and that is not allowed; and what is allowed for nothing. */
export function unproved(module: WasmModule, coverage: Coverage): string[] {
  const reached = reachedFrom(module);
  const used = new Set<Allowed>();
  const findings = module.functions.flatMap(({ index, body }) => {
    const ran = coverage[index]!;
    const places = body.flatMap(({ name }, at) => {
      const seen = ran[at]!;
      if (name === "end" || name === "else" || name === "unreachable") return [];
      if ((seen & RAN) === 0) return [`${name} at ${at} never runs`];
      if (name !== "if" && name !== "br_if") return [];
      if ((seen & TAKEN) === 0) return [`${name} at ${at} is never taken`];
      return (seen & NOT_TAKEN) === 0 ? [`${name} at ${at} is always taken`] : [];
    });
    if (places.length === 0) return [];
    const names = [...(reached.get(index) ?? [])];
    const entry = allowed.find(
      ({ exports }) => names.length === exports.length && names.every((name) => exports.includes(name)),
    );
    if (entry) used.add(entry);
    return entry ? [] : [`function ${index} (${names.join(", ") || "not reached"}): ${places.join(", ")}`];
  });
  return [
    ...findings,
    ...allowed.filter((entry) => !used.has(entry)).map(({ exports }) => `nothing of ${exports.join(", ")} is unproved`),
  ];
}
