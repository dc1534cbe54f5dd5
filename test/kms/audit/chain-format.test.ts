import { describe, expect, test } from "vitest";
import { eventLine, headerLine, parseHeader, parseSeal, sealLine } from "../../../src/kms/audit/chain-format.ts";
import { contextDigest, finishedEvent, pendingEvent } from "../../../src/kms/audit/event.ts";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { bindContext } from "../../../src/kms/wire/context.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { rootKey } from "../open-kms.ts";

const keys = new StoreKeys("store", rootKey, materialCipher);
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const TIME = "2026-01-02T03:04:05.678Z";
const context = bindContext({ tenant: "42" });

describe("the line of an event", () => {
  test("has what is known of it, and nothing else", () => {
    const event = pendingEvent(AT, "me", "Encrypt");
    expect(eventLine(keys, 7, event)).toBe(
      `{"seq":7,"time":"${TIME}","caller":"me","operation":"Encrypt","outcome":"OK"}\n`,
    );
    const full = { ...event, keyId: "key-a", keyVersionId: "key-a-1", context, outcome: "InvalidParameter", note: "n" };
    expect(JSON.parse(eventLine(keys, 8, full))).toEqual({
      ...{ seq: 8, time: TIME, caller: "me", operation: "Encrypt", keyId: "key-a", keyVersionId: "key-a-1" },
      ...{ context: context && contextDigest(keys, context), outcome: "InvalidParameter", note: "n" },
    });
  });

  test("is one line of JSON whatever the caller is named and the note says", () => {
    const strange = 'a "quoted"\nname\u2028 \\ é';
    const line = eventLine(keys, 1, { ...pendingEvent(AT, strange, "Encrypt"), note: strange });
    expect(line.trimEnd()).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject({ caller: strange, note: strange });
  });

  test("has its own time", () => {
    const timeOf = (at: number) => JSON.parse(eventLine(keys, 1, pendingEvent(at, "me", "Encrypt"))).time;
    expect([AT, AT, AT + 1, AT].map(timeOf)).toEqual([TIME, TIME, TIME.replace("678", "679"), TIME]);
  });
});

describe("an audit event", () => {
  test("has what is known of it, and no other field", () => {
    const event = pendingEvent(AT, "me", "Encrypt");
    expect(finishedEvent(keys, event)).toStrictEqual({
      ...{ time: new Date(AT), caller: "me", operation: "Encrypt", outcome: "OK" },
    });
    const full = { ...event, keyId: "key-a", keyVersionId: "key-a-1", context, outcome: "Aborted", note: "n" };
    expect(finishedEvent(keys, full)).toStrictEqual({
      ...{ time: new Date(AT), caller: "me", operation: "Encrypt", keyId: "key-a", keyVersionId: "key-a-1" },
      ...{ contextDigest: context && contextDigest(keys, context), outcome: "Aborted", note: "n" },
    });
  });

  test("shows a context by 16 bytes, which another root key would make others", () => {
    if (context === undefined) throw new Error("no context");
    expect(contextDigest(keys, context)).toMatch(/^[0-9a-f]{32}$/);
    const others = new StoreKeys("store", new Uint8Array(32), materialCipher);
    expect(contextDigest(others, { aad: context.aad })).not.toBe(contextDigest(keys, context));
    expect(contextDigest(keys, { aad: context.aad })).toBe(contextDigest(keys, context));
  });
});

describe("the first line of a file", () => {
  const after = { chain: "before", seq: 12, mac: "ab" };

  test("names the chain, the store, and the chain that it continues", () => {
    const line = headerLine({ chainId: "chain", storeId: "store", after, at: AT });
    expect(line).toBe(`${JSON.stringify({ chain: "chain", format: 1, store: "store", seq: 0, time: TIME, after })}\n`);
    expect(parseHeader(line.trimEnd())).toEqual({ chainId: "chain", storeId: "store", after });
    const first = headerLine({ chainId: "chain", storeId: "store", at: AT });
    expect(first).not.toContain("after");
    expect(parseHeader(first)).toEqual({ chainId: "chain", storeId: "store", after: undefined });
  });

  test("is told from every other line", () => {
    const others = ["", "{", "null", "1", '"chain store"', "[]", "{}", '{"seq":1}', sealLine(0, "ab")];
    for (const line of [
      ...others,
      '{"chain":"a"}',
      '{"store":"a"}',
      '{"chain":1,"store":"a"}',
      '{"chain":"a","store":1}',
    ]) {
      expect(parseHeader(line), line).toBeUndefined();
    }
  });

  test("continues no chain where it does not say which, from where, and by which MAC", () => {
    const partial = [null, "x", {}, { chain: "a", seq: 1 }, { chain: "a", mac: "b" }, { seq: 1, mac: "b" }];
    const wrong = [
      { ...after, chain: 1 },
      { ...after, seq: "1" },
      { ...after, mac: 1 },
    ];
    for (const end of [...partial, ...wrong]) {
      const header = parseHeader(JSON.stringify({ chain: "a", store: "b", after: end }));
      expect(header).toEqual({ chainId: "a", storeId: "b", after: undefined });
    }
  });
});

test("a seal is its number and its MAC, written in one way", () => {
  const mac = "0123456789abcdef".repeat(4);
  const line = sealLine(12, mac);
  expect(line).toBe(`{"seal":12,"mac":"${mac}"}\n`);
  expect(parseSeal(line.trimEnd())).toEqual({ sequence: 12, mac });
  const wrong = [
    line,
    ` ${line.trimEnd()}`,
    line.replace("12", "-1"),
    line.replace("12", "012"),
    line.replace("12", ""),
    line.replace("0", "A"),
  ];
  const short = [sealLine(12, mac.slice(1)).trimEnd(), sealLine(12, `${mac}0`).trimEnd(), ""];
  for (const other of [...wrong, ...short, sealLine(10 ** 15, mac).trimEnd()]) expect(parseSeal(other)).toBeUndefined();
});
