import { blockModeScenarios } from "./block-mode-scenarios.ts";
import { furtherModeScenarios } from "./further-mode-scenarios.ts";
import { gcmManyScenarios } from "./gcm-many-scenarios.ts";
import { gcmScenarios } from "./gcm-scenarios.ts";
import { gcmSivScenarios } from "./gcm-siv-scenarios.ts";
import { linkedScenarios } from "./linked-scenarios.ts";
import { messageScenarios } from "./message-scenarios.ts";
import type { CipherCase, Scenario } from "./scenario.ts";

export const ciphers = [
  { name: "AES-128", cipher: "aes", keyLength: 16 },
  { name: "AES-192", cipher: "aes", keyLength: 24 },
  { name: "AES-256", cipher: "aes", keyLength: 32 },
  { name: "SM4", cipher: "sm4", keyLength: 16 },
] as const;

/** Of AES, GCM with the longest keys only, unless the run is long: keys of other lengths take other key schedules and numbers of
 * rounds, which the block modes go through. */
export function scenariosOf(cipher: CipherCase, long: boolean): Scenario[] {
  const blockModes = [...blockModeScenarios(cipher), ...furtherModeScenarios(cipher)];
  if (cipher.cipher === "aes" && cipher.keyLength < 32 && !long) return blockModes;
  const gcm = [...gcmScenarios(cipher, long), ...gcmManyScenarios(cipher)];
  const further = cipher.cipher === "aes" && cipher.keyLength !== 24 ? gcmSivScenarios(cipher) : [];
  return [...blockModes, ...gcm, ...linkedScenarios(cipher), ...messageScenarios(cipher), ...further];
}
