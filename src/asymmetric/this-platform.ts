import type { AsymmetricKeySpec } from "../shared/algorithms.ts";
import { isRsaParts } from "./key-parts.ts";
import { nodePlatform } from "./node-platform.ts";
import type { Platform } from "./platform.ts";
import { nodeCrypto, webCrypto } from "./runtime.ts";
import { webPlatform } from "./web-platform.ts";

/** The platform of this process or page. */
export function platform(): Platform {
  const crypto = nodeCrypto();
  if (crypto === undefined) return webPlatform(webCrypto());
  return hasKoblitzCurve(crypto) ? nodePlatform(crypto) : withoutKoblitzCurve(crypto);
}

type NodeCrypto = typeof import("node:crypto");

const known = new WeakMap<NodeCrypto, boolean>();

/** Whether it has secp256k1, which Node's has and Bun's has not. */
function hasKoblitzCurve(crypto: NodeCrypto): boolean {
  const answer = known.get(crypto) ?? crypto.getCurves().includes("secp256k1");
  known.set(crypto, answer);
  return answer;
}

/** node:crypto, and for EC_P256K what pages do, by @noble/curves. */
function withoutKoblitzCurve(crypto: NodeCrypto): Platform {
  const [node, web] = [nodePlatform(crypto), webPlatform(webCrypto())];
  const of = (spec: AsymmetricKeySpec) => (spec === "EC_P256K" ? web : node);
  return {
    generateKeyPair: (spec) => of(spec).generateKeyPair(spec),
    publicPoint: (spec, scalar) => of(spec).publicPoint(spec, scalar),
    loadPrivate: (parts) => (isRsaParts(parts) ? node : of(parts.spec)).loadPrivate(parts),
    loadPublic: (parts) => (isRsaParts(parts) ? node : of(parts.spec)).loadPublic(parts),
  };
}
