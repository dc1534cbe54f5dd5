import crypto from "node:crypto";
import { nodePlatform } from "../../src/asymmetric/node-platform.ts";
import type { Platform } from "../../src/asymmetric/platform.ts";
import { webPlatform } from "../../src/asymmetric/web-platform.ts";

/** Both ways of doing the same thing. Node has WebCrypto too, so what browsers run is run here. */
export const platforms: readonly { name: "node:crypto" | "WebCrypto"; platform: Platform }[] = [
  { name: "node:crypto", platform: nodePlatform(crypto) },
  { name: "WebCrypto", platform: webPlatform(crypto.webcrypto.subtle as SubtleCrypto) },
];

export const specs = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_P256", "EC_P256K"] as const;
