import crypto from "node:crypto";
import { describe, expect, test } from "vitest";
import { validPoint } from "../../src/asymmetric/ec-curves.ts";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import { encodeSpki } from "../../src/asymmetric/spki.ts";
import { platforms } from "./platforms.ts";

// An ECDH with a point off the curve tells its sender of the private key (Biehl, Meyer, Müller 2000). SEC 1 §3.2.2.1 has what is to be
// checked; both curves have cofactor 1, so that a point on the curve has the curve's order.

const curves = {
  EC_P256: {
    name: "prime256v1",
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    a: -3n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  EC_P256K: {
    name: "secp256k1",
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
    a: 0n,
    b: 7n,
  },
} as const;
type Spec = keyof typeof curves;
const specs: Spec[] = ["EC_P256", "EC_P256K"];

const bytesOf = (number: bigint) => Buffer.from(number.toString(16).padStart(64, "0"), "hex");
const uncompressed = (x: bigint, y: bigint) => new Uint8Array(Buffer.concat([Buffer.of(4), bytesOf(x), bytesOf(y)]));
const mod = (number: bigint, p: bigint) => ((number % p) + p) % p;
const isOnCurve = ({ p, a, b }: (typeof curves)[Spec], x: bigint, y: bigint) =>
  mod(y * y - (x * x * x + a * x + b), p) === 0n;

function goodPoint(spec: Spec): { point: Uint8Array; x: bigint; y: bigint } {
  const ecdh = crypto.createECDH(curves[spec].name);
  const point = new Uint8Array(ecdh.generateKeys());
  const number = (from: number) => BigInt(`0x${Buffer.from(point.subarray(from, from + 32)).toString("hex")}`);
  return { point, x: number(1), y: number(33) };
}

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base, exponent]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

/** The point with the smallest x there is, and the smallest x that is on no point. Both fields have p = 3 mod 4. */
function smallestX(curve: (typeof curves)[Spec]): [{ x: bigint; y: bigint }, bigint] {
  const { p, a, b } = curve;
  let point: { x: bigint; y: bigint } | undefined;
  let without: bigint | undefined;
  for (let x = 1n; point === undefined || without === undefined; x += 1n) {
    const y = power(mod(x * x * x + a * x + b, p), (p + 1n) / 4n, p);
    if (!isOnCurve(curve, x, y)) without ??= x;
    else point ??= { x, y };
  }
  return [point, without];
}

describe.each(specs)("%s", (spec) => {
  const curve = curves[spec];
  const { p } = curve;

  test("points of OpenSSL are taken, compressed and not", async () => {
    for (let i = 0; i < 20; i += 1) {
      const { point, x, y } = goodPoint(spec);
      expect(isOnCurve(curve, x, y)).toBe(true);
      expect(await validPoint({ spec, point })).toEqual(point);
      const compressed = Uint8Array.of(2 + Number(y & 1n), ...point.subarray(1, 33));
      expect(await validPoint({ spec, point: compressed })).toEqual(point);
    }
  });

  test("a point that is not on the curve is refused on every platform", async () => {
    const { x, y } = goodPoint(spec);
    const other = goodPoint(spec === "EC_P256" ? "EC_P256K" : "EC_P256");
    const bad: Record<string, Uint8Array> = {
      "y + 1": uncompressed(x, y + 1n),
      "x + 1": uncompressed(x + 1n, y),
      "x and y exchanged": uncompressed(y, x),
      "a point of the other curve": other.point,
      zero: uncompressed(0n, 0n),
      "a point of a curve with another b": uncompressed(2n, 3n),
      "all ones": new Uint8Array(65).fill(0xff).fill(4, 0, 1),
      "x = p": uncompressed(p, y),
      "y = p": uncompressed(x, p),
    };
    const [withPoint, without] = smallestX(curve);
    bad["an x without a point"] = Uint8Array.of(2, ...bytesOf(without));
    // The coordinates of a good point, of which one is written beyond the field, where 32 bytes have room for it.
    const { x: small, y: its } = withPoint;
    expect(await validPoint({ spec, point: uncompressed(small, its) })).toHaveLength(65);
    bad["x + p"] = uncompressed(small + p, its);
    bad["x + p, compressed"] = Uint8Array.of(2 + Number(its & 1n), ...bytesOf(small + p));
    for (const [what, point] of Object.entries(bad)) {
      await expect(validPoint({ spec, point }), what).rejects.toMatchObject({ code: "ERR_KEY" });
      for (const { platform, name } of platforms) {
        const der = encodeSpki({ spec, point });
        await expect(importPublicKey(der, platform), `${what} on ${name}`).rejects.toMatchObject({ code: "ERR_KEY" });
      }
    }
    for (const infinity of [Uint8Array.of(0), new Uint8Array(65), new Uint8Array(33)]) {
      await expect(validPoint({ spec, point: infinity })).rejects.toMatchObject({ code: "ERR_KEY" });
    }
  });
});
