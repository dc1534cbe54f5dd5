import { sm4Ctr } from "lanelock/unauthenticated";
import { useWide } from "lanelock/wide";

/** Whether the page uses the wide build, and what it makes of a message. */
async function encryptWide(key: readonly number[], iv: readonly number[], length: number) {
  const isWide = await useWide();
  const data = new Uint8Array(length).map((_, index) => index >> 4);
  const encrypted = sm4Ctr(Uint8Array.from(key)).encrypt(Uint8Array.from(iv), data);
  return { isWide, encrypted: [...encrypted] };
}

Object.assign(globalThis, { encryptWide });
