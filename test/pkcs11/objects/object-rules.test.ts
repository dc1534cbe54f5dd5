import { afterEach, describe, expect, test, vi } from "vitest";
import { decodeHandle, encodeHandle } from "../../../src/providers/pkcs11/objects/handle.ts";
import { createObject, type NewObject } from "../../../src/providers/pkcs11/objects/new-objects.ts";
import {
  generateAesKey,
  generateVendorKey,
  storeAesKey,
  storeVendorKey,
} from "../../../src/providers/pkcs11/objects/secret-keys.ts";
import {
  destroyObjects,
  searchToken,
  TokenObject,
  templateOf,
} from "../../../src/providers/pkcs11/objects/token-object.ts";
import { TokenError } from "../../../src/providers/pkcs11/session/token-error.ts";
import { namesOf, scriptedToken } from "./scripted-token.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));

// Objects of a token, in the numbers of PKCS#11 v2.40: how they are made, found again, checked and destroyed.

const [SECRET_KEY, AES] = [4, 0x1f] as const;
const id = Buffer.from("an id of 20 bytes ..");
const [yes, no] = [Buffer.of(1), Buffer.of(0)];
const number = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value);
  return bytes;
};
/** CKA_LABEL, CKA_ID, CKA_KEY_TYPE, CKA_SENSITIVE and CKA_EXTRACTABLE of a key that was made here. */
const key = (more: Record<number, Buffer> = {}) => ({
  ...{ 3: Buffer.from("label"), 258: id, 256: number(AES), 259: yes, 354: no },
  ...more,
});
const identity = { objectClass: SECRET_KEY, keyType: AES, label: "label", id } as const;
const failed = { name: "LanelockError", code: "ERR_PROVIDER" };
const ckr = (name: string) => new TokenError(name, "C_CreateObject");

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a handle", () => {
  test("is its form, the CKA_ID, and what the token sealed", () => {
    const sealed = Buffer.alloc(44, 7);
    expect(Buffer.from(encodeHandle({ id }))).toEqual(Buffer.concat([Buffer.of(1), id]));
    expect(Buffer.from(encodeHandle({ id, sealed }))).toEqual(Buffer.concat([Buffer.of(2), id, sealed]));
    expect(decodeHandle(encodeHandle({ id }))).toEqual({ id });
    expect(decodeHandle(encodeHandle({ id, sealed }))).toEqual({ id, sealed });
  });

  test("of another form or length is ERR_INTEGRITY", () => {
    const [one, two] = [encodeHandle({ id }), encodeHandle({ id, sealed: Buffer.alloc(44) })];
    const wrong = [
      new Uint8Array(0),
      one.subarray(1),
      one.subarray(0, 20),
      two.subarray(0, 64),
      one.with(0, 2),
      two.with(0, 1),
    ];
    for (const bytes of [
      ...wrong,
      one.with(0, 3),
      two.with(0, 0),
      Uint8Array.of(...one, 0),
      Uint8Array.of(...two, 0),
    ]) {
      expect(() => decodeHandle(bytes)).toThrow(expect.objectContaining({ code: "ERR_INTEGRITY" }));
    }
  });
});

describe("a new object", () => {
  /** Makes an object that has these attributes. */
  function making(scripted: ReturnType<typeof scriptedToken>, more: Partial<NewObject> = {}, attributes = key()) {
    const make = vi.fn<NewObject["make"]>(() => {
      scripted.objects.set("new", attributes);
      return Buffer.from("new");
    });
    return { make, wanted: { identity, usages: ["encrypt", "decrypt"], make, ...more } as NewObject };
  }
  const template = (...more: { type: number; value: unknown }[]) => [
    ...[0x00, 0x100, 0x102, 0x03].map((type, at) => ({ type, value: [SECRET_KEY, AES, id, "label"][at] })),
    // CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE; not CKA_EXTRACTABLE, not CKA_MODIFIABLE.
    ...[0x01, 0x02, 0x103].map((type) => ({ type, value: true })),
    ...[0x162, 0x170].map((type) => ({ type, value: false })),
    ...more,
  ];
  const uses = (decrypt: boolean, sign: boolean, derive: boolean) => [
    ...[
      { type: 0x105, value: decrypt },
      { type: 0x108, value: sign },
      { type: 0x10c, value: derive },
    ],
    { type: 0x107, value: false },
  ];
  const encrypts = [
    { type: 0x104, value: true },
    { type: 0x106, value: false },
  ];

  test.each([
    [
      ["encrypt", "decrypt"],
      [...uses(true, false, false), ...encrypts],
    ],
    [["sign"], uses(false, true, false)],
    [["derive"], uses(false, false, true)],
    [["decrypt"], uses(true, false, false)],
  ] as const)("is persistent, sensitive, not extractable, and for its uses alone: %o", async (usages, wanted) => {
    const scripted = scriptedToken();
    const { make, wanted: object } = making(scripted, { usages });
    await createObject(scripted.token, object);
    expect(make.mock.calls).toEqual([[scripted.session, template(...wanted)]]);
    expect(scripted.objects.has("new")).toBe(true);
  });

  test("is for one mechanism alone, where the token can restrict it", async () => {
    const scripted = scriptedToken();
    const { make, wanted } = making(scripted, { onlyMechanism: 0x1087 });
    await createObject(scripted.token, wanted);
    const restricted = { type: 0x40000600, value: number(0x1087) };
    expect(make.mock.calls.map(([, given]) => given.at(-1))).toEqual([restricted]);
    scripted.token.cannotRestrict = true;
    await createObject(scripted.token, wanted);
    expect(make.mock.calls.at(-1)?.[1]).toEqual(template(...uses(true, false, false), ...encrypts));
  });

  test.each([
    ...["CKR_ATTRIBUTE_TYPE_INVALID", "CKR_ATTRIBUTE_VALUE_INVALID", "CKR_TEMPLATE_INCONSISTENT"],
    ...["CKR_ARGUMENTS_BAD", "CKR_GENERAL_ERROR", "CKR_FUNCTION_FAILED"],
  ])("is made without the restriction if the token refuses it twice: %s", async (name) => {
    const scripted = scriptedToken();
    const { make, wanted } = making(scripted, { onlyMechanism: 5 });
    const refusing = () => {
      throw ckr(name);
    };
    make.mockImplementationOnce(refusing);
    await createObject(scripted.token, wanted);
    expect([make.mock.calls.length, scripted.token.cannotRestrict]).toEqual([2, false]);
    make.mockClear();
    make.mockImplementationOnce(refusing).mockImplementationOnce(refusing);
    await createObject(scripted.token, wanted);
    expect(make.mock.calls.map(([, given]) => given.some(({ type }) => type === 0x40000600))).toEqual([
      true,
      true,
      false,
    ]);
    expect(scripted.token.cannotRestrict).toBe(true);
    const other = scriptedToken();
    const failing = making(other, { onlyMechanism: 5 });
    failing.make.mockImplementation(refusing);
    await expect(createObject(other.token, failing.wanted)).rejects.toMatchObject({ ckr: name });
    expect([failing.make.mock.calls.length, other.token.cannotRestrict]).toEqual([3, false]);
  });

  test("that fails for another reason is tried once, and what may be left of it is destroyed", async () => {
    const scripted = scriptedToken();
    const { make, wanted } = making(scripted, { onlyMechanism: 5 });
    make.mockImplementationOnce(() => {
      scripted.objects.set("half", key());
      throw ckr("CKR_DEVICE_MEMORY");
    });
    scripted.objects.set("other", key({ 258: Buffer.alloc(20) }));
    await expect(createObject(scripted.token, wanted)).rejects.toMatchObject({ ckr: "CKR_DEVICE_MEMORY" });
    expect([make.mock.calls.length, [...scripted.objects.keys()]]).toEqual([1, ["other"]]);
    expect(scripted.token.withSession.mock.calls[0]?.[0]).toEqual({ signal: undefined, timeoutMs: 1_000 });
    expect(scripted.token.withObjects.mock.calls[0]?.[0]).toEqual({ signal: undefined, timeoutMs: 1_000 });
  });

  test.each([
    ["is not sensitive", { 259: no }],
    ["is extractable", { 354: yes }],
  ])("that %s is destroyed, and refused", async (_, wrong) => {
    const scripted = scriptedToken();
    const { wanted } = making(scripted, {}, key(wrong));
    const refused = {
      ckr: "CKR_TEMPLATE_INCONSISTENT",
      call: expect.stringContaining("not sensitive, or extractable"),
    };
    await expect(createObject(scripted.token, wanted)).rejects.toMatchObject(refused);
    expect(scripted.objects.size).toBe(0);
    expect(namesOf(scripted.calls)).toContain("C_DestroyObject");
  });

  test("that its caller gave up is destroyed when it is there", async () => {
    const scripted = scriptedToken();
    const abort = new AbortController();
    const { make, wanted } = making(scripted, { signal: abort.signal });
    let finish = () => {};
    make.mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          finish = () => {
            scripted.objects.set("new", key());
            resolve(Buffer.from("new"));
          };
        }),
    );
    const creating = createObject(scripted.token, wanted);
    await vi.waitFor(() => expect(make).toHaveBeenCalled());
    abort.abort(new Error("enough"));
    await expect(creating).rejects.toThrow("enough");
    finish();
    await vi.waitFor(() => expect(namesOf(scripted.calls)).toContain("C_DestroyObject"));
    expect(scripted.objects.size).toBe(0);
  });

  test("is generated or stored by one call, with what its kind of key adds", async () => {
    const scripted = scriptedToken();
    const { token, calls, instead, objects } = scripted;
    const made = () => {
      objects.set("new", key());
      return Buffer.from("new");
    };
    Object.assign(instead, { C_GenerateKeyAsync: async () => made(), C_CreateObject: made });
    const wanted = { id, label: "label", mechanism: 0x1087 };
    const material = new Uint8Array(40).fill(3).subarray(8, 40);
    const last = () => {
      const [name, ...args] = calls.filter(([one]) => /Generate|Create/.test(String(one))).at(-1) ?? [];
      const given = args.at(-1) as { type: number; value: unknown }[];
      return [name, args.length === 3 ? args[1] : undefined, given[1]?.value, given.at(-1)];
    };
    const restricted = { type: 0x40000600, value: number(0x1087) };
    await generateAesKey(token, { ...wanted, length: 24 });
    expect(last()).toEqual(["C_GenerateKeyAsync", { mechanism: 0x1080 }, AES, { type: 0x161, value: 24 }]);
    await storeAesKey(token, { ...wanted, material });
    expect(last()).toEqual(["C_CreateObject", undefined, AES, { type: 0x11, value: Buffer.from(material) }]);
    const vendor = { ...wanted, keyType: 0x80000102 };
    await generateVendorKey(token, { ...vendor, generator: 0x80000101 });
    expect(last()).toEqual(["C_GenerateKeyAsync", { mechanism: 0x80000101 }, 0x80000102, restricted]);
    await storeVendorKey(token, { ...vendor, material });
    expect(last()).toEqual(["C_CreateObject", undefined, 0x80000102, { type: 0x11, value: Buffer.from(material) }]);
  });
});

describe("an object", () => {
  const of = (objects: Record<string, ReturnType<typeof key>>, more: object = {}) => {
    const scripted = scriptedToken();
    for (const [name, attributes] of Object.entries(objects)) scripted.objects.set(name, attributes);
    return { ...scripted, object: new TokenObject(scripted.token, { ...identity, ...more }) };
  };

  test("is found by its class and CKA_ID, or by its class and label, once for all who wait", async () => {
    const { object, calls, session } = of({ one: key(), other: key({ 258: Buffer.alloc(20) }) });
    expect(object.handleIn(session)).toBeUndefined();
    await Promise.all([object.locate(), object.locate()]);
    await object.locate();
    const searches = calls.filter(([name]) => name === "C_FindObjectsInit");
    const ofClass = { type: 0, value: SECRET_KEY };
    expect(searches).toEqual([["C_FindObjectsInit", session.handle, [ofClass, { type: 0x102, value: id }]]]);
    expect(object.handleIn(session)).toEqual(Buffer.from("one"));
    object.forget();
    expect(object.handleIn(session)).toBeUndefined();
    await object.locate();
    expect(calls.filter(([name]) => name === "C_FindObjectsInit").length).toBe(2);
    const labelled = of({ one: key() }, { id: undefined });
    await labelled.object.locate();
    const [search] = labelled.calls.filter(([name]) => name === "C_FindObjectsInit");
    expect(search?.[2]).toEqual([ofClass, { type: 3, value: "label" }]);
  });

  test.each<[string, Record<string, ReturnType<typeof key>>, string, string]>([
    ["is not there", {}, "MissingObject", "no such object"],
    ["has another label", { one: key({ 3: Buffer.from("another") }) }, "MissingObject", "another label"],
    ["is not alone", { one: key(), two: key() }, "LanelockError", "2 objects have this CKA_ID"],
    ["is of another type", { one: key({ 256: number(3) }) }, "LanelockError", "another key type"],
    ["is not sensitive", { one: key({ 259: no }) }, "LanelockError", "may leave the token"],
    ["is extractable", { one: key({ 354: yes }) }, "LanelockError", "may leave the token"],
  ])("that %s is refused, and looked for again", async (_, objects, kind, text) => {
    const { object, objects: all, session } = of(objects);
    const error = await object.locate().catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_PROVIDER", message: expect.stringContaining(text) });
    expect(error.message).toMatch(/^The secret key "label" \(CKA_ID [0-9a-f]{40}\) on the token a token: /);
    expect(error.constructor.name).toBe(kind);
    expect(object.handleIn(session)).toBeUndefined();
    all.clear();
    all.set("right", key());
    await object.locate();
    expect(object.handleIn(session)).toEqual(Buffer.from("right"));
  });

  test("is looked for again when handles have become void", async () => {
    const { object, token, objects, session } = of({ one: key() });
    await object.locate();
    token.generation += 1;
    objects.delete("one");
    objects.set("two", key());
    expect(object.handleIn(session)).toBeUndefined();
    await object.locate();
    expect(object.handleIn(session)).toEqual(Buffer.from("two"));
    // At every generation, the first included, nothing is known before a search.
    const fresh = of({ one: key() });
    for (const generation of [-1, 0, 1]) {
      fresh.token.generation = generation;
      expect(fresh.object.handleIn(session)).toBeUndefined();
    }
  });

  test.each([
    ["CKA_ID", {}, 0x102],
    ["label", { id: undefined }, 3],
  ])("is checked by its %s when its handle is older than a second", async (_, more, type) => {
    let now = 1_000;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const { object, objects, calls, session } = of({ one: key() }, more);
    await object.locate();
    calls.length = 0;
    now += 1_000;
    expect([object.handleIn(session)?.toString(), calls.length]).toEqual(["one", 0]);
    now += 1;
    expect(object.handleIn(session)?.toString()).toBe("one");
    expect(calls).toEqual([["C_GetAttributeValue", session.handle, Buffer.from("one"), [{ type }]]]);
    now += 1_000;
    expect([object.handleIn(session)?.toString(), calls.length]).toEqual(["one", 1]);
    now += 1;
    // Another object has its number.
    objects.set("one", key({ [type]: Buffer.from("another") }));
    expect(object.handleIn(session)).toBeUndefined();
    expect(object.handleIn(session)).toBeUndefined();
    expect(calls.length).toBe(2);
    objects.set("one", key());
    await object.locate();
    now += 1_001;
    objects.clear();
    expect(object.handleIn(session)).toBeUndefined();
  });

  test("does not hold a caller who gives up", async () => {
    const { object, token } = of({ one: key() });
    token.withObjects.mockImplementation(() => new Promise(() => {}));
    const abort = new AbortController();
    const locating = object.locate(abort.signal);
    abort.abort(new Error("enough"));
    await expect(locating).rejects.toThrow("enough");
    vi.useFakeTimers();
    const waiting = object.locate().catch((error) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toMatchObject({ ...failed, message: expect.stringContaining("did not end within 1 s") });
  });
});

describe("a search", () => {
  const search = (scripted: ReturnType<typeof scriptedToken>) =>
    searchToken(scripted.token, [{ type: 3, value: "label" }], (_, found) => found.map(String));

  test("that finds nothing counts only if the token is in its slot", async () => {
    const scripted = scriptedToken();
    expect([await search(scripted), scripted.token.isPresent.mock.calls.length]).toEqual([[], 1]);
    scripted.token.isPresent.mockImplementationOnce(() => {
      scripted.objects.set("one", key());
      return false;
    });
    expect(await search(scripted)).toEqual(["one"]);
    expect(scripted.token.isPresent).toHaveBeenCalledTimes(2);
    expect(await search(scripted)).toEqual(["one"]);
    expect(scripted.token.isPresent).toHaveBeenCalledTimes(2);
    scripted.objects.clear();
    scripted.token.isPresent.mockReturnValue(false);
    const lost = { ckr: "CKR_TOKEN_NOT_PRESENT", call: "C_FindObjects" };
    await expect(search(scripted)).rejects.toMatchObject(lost);
    expect(scripted.token.isPresent).toHaveBeenCalledTimes(4);
  });

  test("takes at most eight, is ended, and has the token's time", async () => {
    const scripted = scriptedToken();
    scripted.objects.set("one", key());
    await search(scripted);
    expect(namesOf(scripted.calls)).toEqual(["C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal"]);
    expect(scripted.calls[1]).toEqual(["C_FindObjects", scripted.session.handle, 8]);
    for (const wait of [scripted.token.withSession, scripted.token.withObjects]) {
      expect(wait.mock.calls.map(([deadline]) => deadline)).toEqual([{ timeoutMs: 1_000 }]);
    }
  });

  test("for what is to be destroyed is for exactly that", async () => {
    const scripted = scriptedToken();
    for (const name of ["one", "two"]) scripted.objects.set(name, key());
    scripted.objects.set("other", key({ 3: Buffer.from("another") }));
    await destroyObjects(scripted.token, templateOf(identity));
    expect([...scripted.objects.keys()]).toEqual(["other"]);
    await destroyObjects(scripted.token, templateOf(identity));
    const byLabel = [
      { type: 0, value: SECRET_KEY },
      { type: 3, value: "label" },
    ];
    expect(templateOf({ ...identity, id: undefined })).toEqual(byLabel);
    expect(templateOf(identity)).toEqual([...byLabel, { type: 0x102, value: id }]);
  });
});
