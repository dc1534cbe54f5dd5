import { describe, expect, test } from "vitest";
import { longRefused, nodes, refused, runNode, tryInNode, works } from "./try-envelope.ts";

// Processes of Node that lack something: what can work does, what cannot says why.

describe.each(nodes)("$version", ({ path: node, version }) => {
  const major = Number(version.slice(1).split(".")[0]);

  test("--jitless, which has no WebAssembly", () => {
    expect(tryInNode({ node, flags: ["--jitless"] })).toEqual({
      aes: works,
      "aes native": works,
      "aes wasm": refused("ERR_WASM", "no WebAssembly"),
      "aes native workers": works,
      sm4: refused("ERR_WASM", "no WebAssembly"),
      "sm4 workers": refused("ERR_WASM", "no WebAssembly"),
    });
  });

  test("--permission, which forbids threads", () => {
    const permission = major < 22 ? "--experimental-permission" : "--permission";
    const needsThreads = longRefused("ERR_UNSUPPORTED", "--allow-worker");
    expect(tryInNode({ node, flags: [permission, "--allow-fs-read=*"] })).toEqual({
      aes: works,
      "aes native": works,
      "aes wasm": works,
      "aes native workers": needsThreads,
      sm4: works,
      "sm4 workers": needsThreads,
    });
  });

  test("ulimit -v: without address space for the engine or threads, every failure has one of our codes", () => {
    // Newer V8s can do with less; Node 20 has no engine then.
    const outcome = tryInNode({ node, addressSpace: 9_000_000 });
    expect(outcome.aes).toEqual(works);
    expect(outcome["aes native"]).toEqual(works);
    const noEngine = refused("ERR_(WASM|LIMIT)", "memory");
    if (major < 22) expect([outcome["aes wasm"], outcome.sm4]).toEqual([noEngine, noEngine]);
    for (const results of Object.values(outcome)) {
      for (const result of results) expect(result).toMatch(/^(ok ERR_AUTHENTICATION$|ERR_(WASM|LIMIT|UNSUPPORTED): .)/);
    }
  });
});

test("a process without the globals that test environments hide", () => {
  const hidden = [
    ...["TextEncoder", "TextDecoder", "MessageChannel", "structuredClone", "performance", "crypto", "setImmediate"],
    ...["ReadableStream", "WritableStream", "TransformStream", "Blob", "DOMException", "Buffer"],
  ];
  const before = `for (const name of ${JSON.stringify(hidden)}) Reflect.deleteProperty(globalThis, name);`;
  const outcome = tryInNode({ before });
  expect(outcome).toEqual(Object.fromEntries(Object.keys(outcome).map((name) => [name, works])));
  const imports = ["kms", "stores", "unauthenticated", "mac", "key-wrap", "noble", "sm-crypto"].map(
    (name) => `await import("lanelock/${name}");`,
  );
  const streamed = `
    const { envelope } = await import("lanelock/envelope");
    const files = envelope({ describeKey() {}, generateDataKey() {}, decrypt() {}, reEncrypt() {} });
    console.log(typeof files.sealStream().writable.getWriter);`;
  expect(runNode(`${before}${imports.join("")}${streamed}`)).toBe("function\n");
});

test("no memory for a message: our error before the KMS is asked, and no forged key", () => {
  const program = `
    const { envelope } = await import("lanelock/envelope");
    let calls = 0;
    const called = async () => { calls += 1; throw new Error("asked"); };
    const files = envelope({ describeKey: called, generateDataKey: called, decrypt: called, reEncrypt: called }, { keyId: "k" });
    const error = await files.seal(new Uint8Array(1_500_000_000)).catch((error) => error);
    console.log(error.code, calls, error.message.includes("sealStream()"));`;
  expect(runNode(program, { addressSpace: 4_000_000, flags: ["--max-old-space-size=64"] })).toBe("ERR_LIMIT 0 true\n");
});
