import { createRequire } from "node:module";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encrypt } from "../../../src/kms/operations/encrypt.ts";
import { decode } from "../../../src/kms/schema/codec.ts";
import { acs3Signature, readAcs3Claim } from "../../../src/server/protocol/acs3-signature-hmac-sha256.ts";
import { readParameters } from "../../../src/server/protocol/parameters.ts";
import { percentEncode } from "../../../src/server/protocol/percent-encoding.ts";
import { readRpcClaim, rpcSignature } from "../../../src/server/protocol/rpc-signature-hmac-sha1.ts";
import type { SignedRequest } from "../../../src/server/protocol/signed-request.ts";

const load = createRequire(import.meta.url);
// Both are CommonJS, which declares its class as the default of the default.
const { default: Util }: typeof import("@alicloud/openapi-util") = load("@alicloud/openapi-util");
const { Request }: typeof import("@alicloud/tea-typescript") = load("@alicloud/tea-typescript");

const secret = "testsecret";

function request(over: Partial<SignedRequest>): SignedRequest {
  return {
    ...{ method: "POST", path: "/", query: new Map(), form: new Map(), headers: {}, body: new Uint8Array(0) },
    ...over,
  };
}

const text = fc.string({ unit: "binary", maxLength: 40 });
const parameters = fc.dictionary(
  text.filter((name) => name !== "" && name !== "__proto__" && name !== "Signature"),
  text,
  { maxKeys: 12, noNullPrototype: true },
);

/** Expected of Alibaba's own client library. */
test("the signature 1.0 is the SDK's, for any names and values", () => {
  fc.assert(
    fc.property(parameters, fc.constantFrom("GET", "POST"), (given, method) => {
      const expected = Util.getRPCSignature(given, method, secret);
      expect(rpcSignature(secret, method, new Map(Object.entries(given)))).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

test("ACS3-HMAC-SHA256 is the SDK's", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[A-Za-z.0-9]{1,12}$/), text, { maxKeys: 8, noNullPrototype: true }),
      (query) => {
        const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        const headers = {
          host: "127.0.0.1:18080",
          ...{ "x-acs-version": "2016-01-20", "x-acs-action": "Encrypt", "x-acs-date": "2026-11-22T00:29:02Z" },
          ...{ "x-acs-signature-nonce": "27ec", "x-acs-content-sha256": hash },
        };
        const outgoing = new Request();
        Object.assign(outgoing, { method: "POST", pathname: "/", query, headers });
        const authorization = Util.getAuthorization(outgoing, "ACS3-HMAC-SHA256", hash, "LTAItestid", secret);
        const incoming = request({ query: new Map(Object.entries(query)), headers: { ...headers, authorization } });
        const claim = readAcs3Claim(incoming);
        expect(claim.isSignedWith(secret)).toBe(true);
        expect(claim.isSignedWith(`${secret}x`)).toBe(false);
        expect(claim).toMatchObject({ action: "Encrypt", accessKeyId: "LTAItestid", replayId: "27ec" });
      },
    ),
    { numRuns: 200 },
  );
});

describe("what is not signed as it must be", () => {
  const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const headers = {
    ...{ host: "h", "x-acs-version": "2016-01-20", "x-acs-action": "Encrypt", "x-acs-date": "2026-11-22T00:29:02Z" },
    "x-acs-content-sha256": hash,
  };
  const names = ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-version"];
  const signed = (over: Partial<SignedRequest>, signedNames = names) => {
    const incoming = request({ headers, ...over });
    const signature = acs3Signature(secret, incoming, signedNames);
    const credential = `Credential=LTAItestid,SignedHeaders=${signedNames.join(";")},Signature=${signature}`;
    return { ...incoming, headers: { ...incoming.headers, authorization: `ACS3-HMAC-SHA256 ${credential}` } };
  };

  test("the control is accepted", () => {
    expect(readAcs3Claim(signed({})).isSignedWith(secret)).toBe(true);
  });

  test.each(names)("a request that leaves %s unsigned is refused", (name) => {
    const others = names.filter((one) => one !== name);
    expect(() => readAcs3Claim(signed({}, others))).toThrow(`The header ${name} must be signed`);
  });

  test("a nonce, a security token or the type of a body that is not signed is refused", () => {
    for (const name of ["x-acs-signature-nonce", "x-acs-security-token"]) {
      expect(() => readAcs3Claim(signed({ headers: { ...headers, [name]: "1" } }))).toThrow(
        `The header ${name} must be`,
      );
    }
    const body = Buffer.from("a=b");
    const typed = { ...headers, "content-type": "application/x-www-form-urlencoded" };
    expect(() => readAcs3Claim(signed({ headers: typed, body }))).toThrow("content-type must be signed");
  });

  test("a body that is not the one whose hash is signed is refused", () => {
    expect(() => readAcs3Claim(signed({ body: Buffer.from("x") }))).toThrow("is not the SHA-256 of the body");
  });

  test("an Authorization header that is malformed is refused", () => {
    for (const authorization of [
      "ACS3-HMAC-SHA256",
      "ACS3-HMAC-SHA256 Credential=a",
      "ACS3-HMAC-SHA256 Signature=00",
    ]) {
      expect(() => readAcs3Claim(request({ headers: { ...headers, authorization } }))).toThrow("Authorization must be");
    }
  });

  test("another method, path, query, header or body breaks the signature", () => {
    const good = signed({ query: new Map([["KeyId", "1"]]) });
    for (const over of [{ method: "GET" }, { path: "/x" }, { query: new Map([["KeyId", "2"]]) }]) {
      expect(readAcs3Claim({ ...good, ...over }).isSignedWith(secret)).toBe(false);
    }
    const changed = { ...good, headers: { ...good.headers, "x-acs-action": "Decrypt" } };
    expect(readAcs3Claim(changed).isSignedWith(secret)).toBe(false);
  });
});

test("an operation that only headers name is not claimed: HMAC-SHA1 does not cover them", () => {
  const query = new Map(Object.entries({ AccessKeyId: "id", Timestamp: "2026-11-22T00:28:24Z", Signature: "s" }));
  const headers = { "x-acs-action": "DisableKey", "x-acs-version": "2016-01-20" };
  expect(readRpcClaim(request({ query, headers }))).toMatchObject({ action: "", version: "" });
});

test("the parameters of the protocol do not reach the operation, and every other one does", () => {
  const query = new Map<string, string>([
    ...[["Action", "Encrypt"] as const, ["Version", "2016-01-20"] as const, ["AccessKeyId", "id"] as const],
    ...[["Timestamp", "2026-11-22T00:28:24Z"] as const, ["SignatureNonce", "n"] as const, ["Format", "json"] as const],
    ...[["KeyId", "k"] as const, ["EncryptionContext.a", "1"] as const, ["RegionId", "local"] as const],
    ...[["SecurityToken", "t"] as const, ["SignatureMethod", "HMAC-SHA1"] as const, ["SignatureType", ""] as const],
    ...[["SignatureVersion", "1.0"] as const, ["ResourceOwnerAccount", "a"] as const],
  ]);
  query.set("Signature", rpcSignature(secret, "GET", query));
  const claim = readRpcClaim(request({ method: "GET", query }));
  expect(claim.isSignedWith(secret)).toBe(true);
  expect(decode(encrypt, claim.parameters)).toEqual({ keyId: "k", encryptionContext: { a: "1" } });
  const unknown = new Map(query).set("NoSuchName", "x");
  expect(() => decode(encrypt, readRpcClaim(request({ method: "GET", query: unknown })).parameters)).toThrow(
    expect.objectContaining({ code: "InvalidParameter" }),
  );
  expect(claim).toMatchObject({ action: "Encrypt", version: "2016-01-20", replayId: "n" });
  expect(claim.timestamp).toBe(Date.UTC(2026, 10, 22, 0, 28, 24));
});

describe("query strings and form bodies", () => {
  const read = (encoded: string) => {
    const found = new Map<string, string>();
    readParameters(encoded, found);
    return Object.fromEntries(found);
  };

  test("what the encoder wrote is read", () => {
    fc.assert(
      fc.property(parameters, (given) => {
        const pairs = Object.entries(given).map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`);
        expect(read(pairs.join("&"))).toEqual(given);
      }),
    );
  });

  test.each([
    ["a=1&a=2", 'The parameter "a" is given twice'],
    ["%61=1&a=2", 'The parameter "a" is given twice'],
    ["a=%", "not valid percent-encoded UTF-8"],
    ["a=%ff", "not valid percent-encoded UTF-8"],
    ["a=%ed%a0%80", "not valid percent-encoded UTF-8"],
    ["=1", "has no name"],
    [Array.from({ length: 5_000 }, (_, i) => `p${i}=`).join("&"), "may have 4096 parameters"],
  ])("%.20s is refused", (encoded, reason) => {
    expect(() => read(encoded)).toThrow(reason);
  });

  test("a plus is a space, and empty pairs are nothing", () => {
    expect(read("&a=b+c%2B&&d&")).toEqual({ a: "b c+", d: "" });
  });
});

describe("a query that comes as it was signed", () => {
  const encodedPairs = (given: Readonly<Record<string, string>>, names: readonly string[]) =>
    names.map((name) => `${percentEncode(name)}=${percentEncode(given[name] ?? "")}`);
  const signed = (given: Readonly<Record<string, string>>) =>
    encodeURIComponent(Util.getRPCSignature({ ...given }, "POST", secret));

  /** The request of a query, as the HTTP layer reads it. */
  function incoming(encoded: string, over: Partial<SignedRequest> = {}): SignedRequest {
    const query = new Map<string, string>();
    const isInOrder = readParameters(encoded, query);
    return request({ query, orderedQuery: isInOrder ? encoded : undefined, ...over });
  }

  const rpcParameters = parameters.map((own) => ({
    ...own,
    ...{ AccessKeyId: "LTAI", Timestamp: "2026-11-22T00:29:02Z", Action: "Encrypt", SignatureNonce: "n" },
  }));

  test("and in any other order, with the signature anywhere: signature 1.0", () => {
    fc.assert(
      fc.property(rpcParameters, fc.boolean(), fc.nat(), (given, sorted, place) => {
        const names = Object.keys(given);
        const pairs = encodedPairs(given, sorted ? names.sort() : names);
        pairs.splice(place % (pairs.length + 1), 0, `Signature=${signed(given)}`);
        const claim = readRpcClaim(incoming(pairs.join("&")));
        expect(claim.isSignedWith(secret)).toBe(true);
        expect(claim.isSignedWith(`${secret}x`)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test("every change of the text is noticed, unless the parameters stay the same", () => {
    const given = { AccessKeyId: "LTAI", Action: "Encrypt", Plaintext: "a+b/==", Timestamp: "2026-11-22T00:29:02Z" };
    const good = `${encodedPairs(given, Object.keys(given)).join("&")}&Signature=${signed(given)}`;
    const isGood = (encoded: string, over: Partial<SignedRequest> = {}) =>
      readRpcClaim(incoming(encoded, over)).isSignedWith(secret);
    expect(isGood(good)).toBe(true);
    // Written otherwise, and the same.
    expect(isGood(good.replace("Encrypt", "%45ncrypt"))).toBe(true);
    expect(isGood(good.replace("Signature", "%53ignature"))).toBe(true);
    expect(isGood(good.replace("%3D%3D", "=="))).toBe(true);
    for (const changed of [
      good.replace("Encrypt", "Decrypt"),
      good.replace("%2B", "+"),
      good.replace("a%2Bb", "a%252Bb"),
      good.replace("&Plaintext", "&Plaintexu"),
      good.replace("&Signature", "&Extra=1&Signature"),
      `${good}&Version=`,
      good.replace("Action=Encrypt&", ""),
    ]) {
      expect(isGood(changed), changed).toBe(false);
    }
    expect(isGood(good, { method: "GET" })).toBe(false);
    expect(isGood(good, { form: new Map([["More", "1"]]) })).toBe(false);
  });

  test("ACS3: in order, out of order, and changed", () => {
    const query = { EncryptionContext: '{"a":"*~é"}', KeyId: "k", Plaintext: "a+b/==" };
    const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const headers = {
      host: "h",
      ...{ "x-acs-version": "2016-01-20", "x-acs-action": "Encrypt", "x-acs-date": "2026-11-22T00:29:02Z" },
      "x-acs-content-sha256": hash,
    };
    const outgoing = new Request();
    Object.assign(outgoing, { method: "POST", pathname: "/", query, headers });
    const authorization = Util.getAuthorization(outgoing, "ACS3-HMAC-SHA256", hash, "LTAItestid", secret);
    const isGood = (pairs: readonly string[]) =>
      readAcs3Claim(incoming(pairs.join("&"), { headers: { ...headers, authorization } })).isSignedWith(secret);
    const pairs = encodedPairs(query, ["EncryptionContext", "KeyId", "Plaintext"]);
    expect(isGood(pairs)).toBe(true);
    expect(isGood([...pairs].reverse())).toBe(true);
    expect(isGood(pairs.map((pair) => pair.replace("%2A", "*")))).toBe(true);
    expect(isGood(pairs.slice(1))).toBe(false);
    expect(isGood(pairs.map((pair) => pair.replace("KeyId=k", "KeyId=l")))).toBe(false);
    expect(isGood([...pairs, "Z=1"])).toBe(false);
  });
});

test.each([
  ["", true],
  ["A=1", true],
  ["A=1&B=2&C=3", true],
  ["A=1&C=3&B=2", false],
  ["Signature=x&A=1&B=2", true],
  ["A=1&Signature=x&B=2", true],
  ["a=1&B=2", false],
])("the names of %j are in order: %s", (encoded, expected) => {
  expect(readParameters(encoded, new Map())).toBe(expected);
});
