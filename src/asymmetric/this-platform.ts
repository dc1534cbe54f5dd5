import { nodePlatform } from "./node-platform.ts";
import type { Platform } from "./platform.ts";
import { nodeCrypto, webCrypto } from "./runtime.ts";
import { webPlatform } from "./web-platform.ts";

/** The platform of this process or page. */
export function platform(): Platform {
  const crypto = nodeCrypto();
  return crypto ? nodePlatform(crypto) : webPlatform(webCrypto());
}
