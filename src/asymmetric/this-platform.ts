import { nodePlatform } from "./node-platform.ts";
import type { Platform } from "./platform.ts";
import { nodeCrypto, webCrypto } from "./runtime.ts";
import { webPlatform } from "./web-platform.ts";

/** What this process or page has. */
export function platform(): Platform {
  const crypto = nodeCrypto();
  return crypto ? nodePlatform(crypto) : webPlatform(webCrypto());
}
