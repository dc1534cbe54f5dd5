import { describe, expect, test, vi } from "vitest";
import { capabilitiesOf, type Offer, type Trial } from "../../../src/providers/pkcs11/capabilities/mechanisms.ts";
import { probeToken } from "../../../src/providers/pkcs11/capabilities/probe.ts";
import { sm4Capability } from "../../../src/providers/pkcs11/capabilities/sm4-capability.ts";
import { runTrials } from "../../../src/providers/pkcs11/capabilities/trials.ts";
import { Token } from "../../../src/providers/pkcs11/session/token.ts";
import { TokenError } from "../../../src/providers/pkcs11/session/token-error.ts";

// What each row of the HSM level needs of a token, in the names and numbers of PKCS#11 v2.40, and what is said of one that lacks it.

const [ENCRYPT, DECRYPT, SIGN, GENERATE, PAIR, DERIVE] = [0x100, 0x200, 0x800, 0x8000, 0x10000, 0x80000];
type Listed = readonly [name: string, mechanism: number, flags: number, bits?: number];
const aesKeyGen: Listed = ["CKM_AES_KEY_GEN", 0x1080, GENERATE];
const all: readonly Listed[] = [
  aesKeyGen,
  ["CKM_AES_GCM", 0x1087, ENCRYPT | DECRYPT],
  ["CKM_AES_CBC", 0x1082, ENCRYPT | DECRYPT],
  ["CKM_AES_ECB", 0x1081, ENCRYPT | DECRYPT],
  ["CKM_RSA_PKCS_KEY_PAIR_GEN", 0x0000, PAIR, 4096],
  ["CKM_RSA_PKCS_OAEP", 0x0009, DECRYPT],
  ["CKM_RSA_X_509", 0x0003, DECRYPT],
  ["CKM_RSA_PKCS_PSS", 0x000d, SIGN],
  ["CKM_RSA_PKCS", 0x0001, SIGN],
  ["CKM_EC_KEY_PAIR_GEN", 0x1040, PAIR],
  ["CKM_ECDH1_DERIVE", 0x1050, DERIVE],
  ["CKM_ECDSA", 0x1041, SIGN],
];
const trials: readonly Trial[] = ["OAEP with SHA-256", "OAEP with SHA-1", "EC_P256", "EC_P256K"];

function offering(listed: readonly Listed[], passed: readonly Trial[] = trials): Offer {
  const infos = listed.map(([, mechanism, flags, maxKeySize = 0]) => [mechanism, { flags, minKeySize: 0, maxKeySize }]);
  return {
    mechanisms: new Map(infos as [number, Offer["mechanisms"] extends ReadonlyMap<number, infer I> ? I : never][]),
    passedTrials: new Set(passed),
  };
}
/** What is missing of each row that has something missing. */
function missing(offer: Offer): Record<string, string> {
  const rows = capabilitiesOf(offer, "token");
  expect(rows.length).toBe(25);
  const named = rows.map((row) => {
    expect(row.missing === undefined).toBe(row.custody === "token");
    return [`${row.keySpec} ${row.algorithm}`, row.missing ?? ""] as const;
  });
  return Object.fromEntries(named.filter(([, reason]) => reason !== ""));
}
const without = (name: string, flags = 0) =>
  all.flatMap((one): Listed[] =>
    one[0] !== name ? [one] : flags === 0 ? [] : [[name, one[1], one[2] & ~flags, one[3] ?? 0]],
  );
const rowsOf = (specs: readonly string[], algorithms: readonly string[], reason: string) =>
  Object.fromEntries(specs.flatMap((spec) => algorithms.map((algorithm) => [`${spec} ${algorithm}`, reason])));

const aesSpecs = ["Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128"];
const rsaSpecs = ["RSA_2048", "RSA_3072", "RSA_4096"];
const ecSpecs = ["EC_P256", "EC_P256K"];
const oaep = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"];
const rsaSignatures = ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"];
const ecAlgorithms = ["ECIES_DH_SHA_1_XOR_HMAC", "ECDSA_SHA_256"];

describe("a token", () => {
  test("that lists everything and passes every trial lacks nothing", () => {
    expect(missing(offering(all))).toEqual({});
  });

  test.each([
    ["CKM_AES_KEY_GEN", aesSpecs, ["AES_GCM", "AES_CBC", "AES_ECB"]],
    ["CKM_AES_GCM", aesSpecs, ["AES_GCM"]],
    ["CKM_AES_CBC", aesSpecs, ["AES_CBC"]],
    ["CKM_AES_ECB", aesSpecs, ["AES_ECB"]],
    ["CKM_RSA_PKCS_KEY_PAIR_GEN", rsaSpecs, [...oaep, ...rsaSignatures]],
    ["CKM_RSA_PKCS_PSS", rsaSpecs, ["RSA_PSS_SHA_256"]],
    ["CKM_RSA_PKCS", rsaSpecs, ["RSA_PKCS1_SHA_256"]],
    ["CKM_EC_KEY_PAIR_GEN", ecSpecs, ecAlgorithms],
    ["CKM_ECDH1_DERIVE", ecSpecs, ["ECIES_DH_SHA_1_XOR_HMAC"]],
    ["CKM_ECDSA", ecSpecs, ["ECDSA_SHA_256"]],
  ])("without %s, or with it for another use, lacks it for what needs it", (name, specs, algorithms) => {
    const wanted = rowsOf(specs, algorithms, name);
    expect(missing(offering(without(name)))).toEqual(wanted);
    const flags = all.find(([known]) => known === name)?.[2] ?? 0;
    for (const flag of [ENCRYPT, DECRYPT, SIGN, GENERATE, PAIR, DERIVE]) {
      if (flags & flag) expect(missing(offering(without(name, flag))), `${flag}`).toEqual(wanted);
    }
  });

  test("whose RSA keys are too short lacks the longer ones, and says which", () => {
    const shorter = [...without("CKM_RSA_PKCS_KEY_PAIR_GEN"), ["CKM_RSA_PKCS_KEY_PAIR_GEN", 0, PAIR, 2048] as const];
    expect(missing(offering(shorter))).toEqual({
      ...rowsOf(["RSA_3072"], [...oaep, ...rsaSignatures], "CKM_RSA_PKCS_KEY_PAIR_GEN with 3072 bits"),
      ...rowsOf(["RSA_4096"], [...oaep, ...rsaSignatures], "CKM_RSA_PKCS_KEY_PAIR_GEN with 4096 bits"),
    });
    const one = [...without("CKM_RSA_PKCS_KEY_PAIR_GEN"), ["CKM_RSA_PKCS_KEY_PAIR_GEN", 0, PAIR, 2047] as const];
    expect(missing(offering(one))["RSA_2048 RSA_PSS_SHA_256"]).toBe("CKM_RSA_PKCS_KEY_PAIR_GEN with 2048 bits");
  });

  test("decrypts OAEP itself, if a trial shows it, or by raw RSA: it lacks it only without both", () => {
    expect(missing(offering(without("CKM_RSA_X_509")))).toEqual({});
    expect(missing(offering(without("CKM_RSA_PKCS_OAEP")))).toEqual({});
    expect(missing(offering(all, ["EC_P256", "EC_P256K"]))).toEqual({});
    const neither = without("CKM_RSA_X_509").filter(([name]) => name !== "CKM_RSA_PKCS_OAEP");
    expect(missing(offering(neither))).toEqual(rowsOf(rsaSpecs, oaep, "CKM_RSA_PKCS_OAEP or CKM_RSA_X_509"));
    const bySha1 = offering(without("CKM_RSA_X_509"), ["OAEP with SHA-1", "EC_P256", "EC_P256K"]);
    const sha256 = "CKM_RSA_PKCS_OAEP with SHA-256 or CKM_RSA_X_509";
    expect(missing(bySha1)).toEqual(rowsOf(rsaSpecs, ["RSAES_OAEP_SHA_256"], sha256));
    const bySha256 = offering(without("CKM_RSA_X_509"), ["OAEP with SHA-256", "EC_P256", "EC_P256K"]);
    const sha1 = "CKM_RSA_PKCS_OAEP with SHA-1 or CKM_RSA_X_509";
    expect(missing(bySha256)).toEqual(rowsOf(rsaSpecs, ["RSAES_OAEP_SHA_1"], sha1));
  });

  test("that fails the trial of a curve lacks that curve, and is told so only if it lists the rest", () => {
    const p256k = rowsOf(["EC_P256K"], ecAlgorithms, "CKM_EC_KEY_PAIR_GEN with secp256k1");
    expect(missing(offering(all, ["OAEP with SHA-1", "OAEP with SHA-256", "EC_P256"]))).toEqual(p256k);
    const p256 = rowsOf(["EC_P256"], ecAlgorithms, "CKM_EC_KEY_PAIR_GEN with secp256r1");
    expect(missing(offering(all, ["OAEP with SHA-1", "OAEP with SHA-256", "EC_P256K"]))).toEqual(p256);
    const noEcdsa = missing(offering(without("CKM_ECDSA"), ["OAEP with SHA-256"]));
    expect(noEcdsa["EC_P256 ECDSA_SHA_256"]).toBe("CKM_ECDSA");
  });

  test("that lists nothing lacks all of it", () => {
    const nothing = missing(offering([]));
    expect(Object.keys(nothing).length).toBe(25);
    expect(nothing["Aliyun_AES_256 AES_GCM"]).toBe("CKM_AES_KEY_GEN, CKM_AES_GCM");
    expect(nothing["RSA_2048 RSAES_OAEP_SHA_1"]).toBe("CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP or CKM_RSA_X_509");
  });
});

describe("SM4", () => {
  const row = { keySpec: "Aliyun_SM4", algorithm: "SM4_GCM" };
  const vendorMechanisms = { SM4_KEY_GEN: 0x80000101, SM4_GCM: 0x80000107, SM4_KEY_TYPE: 0x80000102 };
  const options = (more: object) => more as Parameters<typeof sm4Capability>[1];
  const generator: Listed = ["", vendorMechanisms.SM4_KEY_GEN, GENERATE];
  const cipher: Listed = ["", vendorMechanisms.SM4_GCM, ENCRYPT | DECRYPT];

  test("is on the token by a vendor's mechanisms, and needs both", () => {
    const capability = (...listed: Listed[]) => sm4Capability(offering(listed), options({ vendorMechanisms }));
    expect(capability(generator, cipher)).toEqual({ ...row, custody: "token" });
    const [keyGen, gcm] = ["vendorMechanisms.SM4_KEY_GEN (0x80000101)", "vendorMechanisms.SM4_GCM (0x80000107)"];
    expect(capability(cipher)).toEqual({ ...row, missing: keyGen });
    expect(capability(generator)).toEqual({ ...row, missing: gcm });
    expect(capability(generator, ["", vendorMechanisms.SM4_GCM, ENCRYPT])).toEqual({ ...row, missing: gcm });
    expect(capability(["", vendorMechanisms.SM4_KEY_GEN, ENCRYPT], cipher)).toEqual({ ...row, missing: keyGen });
    expect(capability(aesKeyGen)).toEqual({ ...row, missing: `${keyGen}, ${gcm}` });
  });

  test("is wrapped by the token's AES where there is no vendor's, unless it must not leave the token", () => {
    const capability = (listed: readonly Listed[], more = {}) => sm4Capability(offering(listed), options(more));
    expect(capability(all)).toEqual({ ...row, custody: "token-wrapped" });
    expect(capability(all, { requireOnToken: true })).toEqual({
      ...row,
      missing: "SM4 of its own (requireOnToken is set and vendorMechanisms is not)",
    });
    expect(capability(without("CKM_AES_GCM"))).toEqual({ ...row, missing: "CKM_AES_GCM" });
    expect(capability(without("CKM_AES_GCM", DECRYPT))).toEqual({ ...row, missing: "CKM_AES_GCM" });
    expect(capability([])).toEqual({ ...row, missing: "CKM_AES_KEY_GEN, CKM_AES_GCM" });
  });
});

describe("trials", () => {
  let place = 0;
  /** A token as far as the trials use one. Each call may fail. */
  function tried(listed: readonly Listed[], failing: (call: string) => Error | undefined = () => undefined) {
    const calls: unknown[][] = [];
    const call =
      (name: string, result: unknown) =>
      (...args: unknown[]) => {
        calls.push([name, ...args.slice(1)]);
        const error = failing(name);
        if (error) throw error;
        return result;
      };
    const session = { handle: Buffer.of(1) };
    const token = {
      ...{ place: `place ${place++}`, mechanisms: offering(listed).mechanisms, timeoutMs: 1_234 },
      ...{ take: vi.fn(async () => session), discard: vi.fn() },
      api: {
        C_CreateObject: call("C_CreateObject", Buffer.of(2)),
        C_EncryptInit: call("C_EncryptInit", undefined),
        C_GenerateKeyPairAsync: call("C_GenerateKeyPairAsync", Promise.resolve()),
      },
      module: { running: (one: unknown) => one },
    };
    return { token: token as unknown as Token & typeof token, calls, session };
  }
  const named = (calls: unknown[][], name: string) => calls.filter(([made]) => made === name);

  test("are made of what the token lists, once, in sessions that end with them", async () => {
    const { token, calls, session } = tried(all);
    expect(await runTrials(token)).toEqual(new Set(trials));
    expect(token.take.mock.calls).toEqual(Array(4).fill([{ timeoutMs: 1_234 }]));
    expect(token.discard.mock.calls).toEqual(Array(4).fill([session]));
    // CKA_CLASS is CKO_PUBLIC_KEY, CKA_KEY_TYPE is CKK_RSA; nothing of it stays (CKA_TOKEN).
    const modulus = Buffer.alloc(256);
    modulus[0] = 0x80;
    modulus[255] = 1;
    const publicKey = [
      ...[
        { type: 0, value: 2 },
        { type: 0x100, value: 0 },
        { type: 1, value: false },
        { type: 0x104, value: true },
      ],
      { type: 0x120, value: modulus },
      { type: 0x122, value: Buffer.of(1, 0, 1) },
    ];
    expect(named(calls, "C_CreateObject")).toEqual(Array(2).fill(["C_CreateObject", publicKey]));
    const mechanism = (hashAlg: number, mgf: number) => {
      return { mechanism: 9, parameter: { type: 4, hashAlg, mgf, source: 1 } };
    };
    expect(named(calls, "C_EncryptInit")).toEqual([
      ["C_EncryptInit", mechanism(0x250, 2), Buffer.of(2)],
      ["C_EncryptInit", mechanism(0x220, 1), Buffer.of(2)],
    ]);
    const privateKey = [
      { type: 1, value: false },
      { type: 2, value: true },
      { type: 0x108, value: true },
    ];
    expect(named(calls, "C_GenerateKeyPairAsync")).toEqual(
      ["06082a8648ce3d030107", "06052b8104000a"].map((curve) => [
        ...["C_GenerateKeyPairAsync", { mechanism: 0x1040 }],
        [
          { type: 1, value: false },
          { type: 0x180, value: Buffer.from(curve, "hex") },
        ],
        privateKey,
      ]),
    );
    calls.length = 0;
    const again = await runTrials(token);
    expect([again, calls]).toEqual([new Set(trials), []]);
  });

  test("are not made of what it does not list for the use", async () => {
    const { token, calls } = tried([
      ["CKM_RSA_PKCS_OAEP", 9, ENCRYPT],
      ["CKM_EC_KEY_PAIR_GEN", 0x1040, GENERATE],
    ]);
    expect([await runTrials(token), calls]).toEqual([new Set(), []]);
    const curves = tried([["CKM_EC_KEY_PAIR_GEN", 0x1040, PAIR]]);
    expect(await runTrials(curves.token)).toEqual(new Set(["EC_P256", "EC_P256K"]));
  });

  test("that fail show nothing, and are made again the next time", async () => {
    let failure: Error | undefined = new TokenError("CKR_MECHANISM_PARAM_INVALID", "C_EncryptInit");
    const { token } = tried(all, (name) => (name === "C_EncryptInit" ? failure : undefined));
    expect(await runTrials(token)).toEqual(new Set(["EC_P256", "EC_P256K"]));
    expect(token.discard).toHaveBeenCalledTimes(4);
    failure = undefined;
    expect(await runTrials(token)).toEqual(new Set(trials));
    expect(token.discard).toHaveBeenCalledTimes(6);
  });

  test.each(["C_CreateObject", "C_GenerateKeyPairAsync"])(
    "that find the token lost in %s end with that error",
    async (name) => {
      const lost = new Error("CKR_DEVICE_REMOVED:50");
      const { token, session } = tried(all, (made) => (made === name ? lost : undefined));
      await expect(runTrials(token)).rejects.toMatchObject({ name: "TokenError", ckr: "CKR_DEVICE_REMOVED" });
      expect(token.discard).toHaveBeenLastCalledWith(session);
    },
  );

  test("of one token say nothing of another", async () => {
    await runTrials(tried(all).token);
    const failing = () => new TokenError("CKR_FUNCTION_FAILED", "C_CreateObject");
    expect(await runTrials(tried(all, failing).token)).toEqual(new Set());
  });

  test("and the token's list make a report, after which the token is closed", async () => {
    const { token } = tried(all);
    const close = vi.fn();
    const opening = vi.spyOn(Token, "open").mockResolvedValue(Object.assign(token, { name: "a token", close }));
    const options = { module: "/nowhere.so", token: { label: "t" }, pin: "1234" };
    const { name, capabilities } = await probeToken(options);
    expect([name, capabilities.length, close.mock.calls.length]).toEqual(["a token", 26, 1]);
    expect(capabilities.every(({ missing: lacking }) => lacking === undefined)).toBe(true);
    await expect(probeToken({ ...options, pin: 5 } as never)).rejects.toMatchObject({ code: "ERR_ARGUMENT" });
    expect(opening.mock.calls).toEqual([[options]]);
    opening.mockRestore();
  });
});
