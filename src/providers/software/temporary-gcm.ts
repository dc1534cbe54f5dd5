import { createCipheriv, createDecipheriv } from "node:crypto";
import { LanelockError } from "../../errors.ts";

export function aesGcm(key: Uint8Array) {
  const copy = new Uint8Array(key);
  return {
    seal(nonce: Uint8Array, data: Uint8Array, { aad }: { aad?: Uint8Array | undefined } = {}) {
      const c = createCipheriv("aes-256-gcm", copy, nonce);
      if (aad) c.setAAD(aad);
      return new Uint8Array(Buffer.concat([c.update(data), c.final(), c.getAuthTag()]));
    },
    open(nonce: Uint8Array, sealed: Uint8Array, { aad }: { aad?: Uint8Array | undefined } = {}) {
      if (sealed.length < 16) throw new LanelockError("ERR_LENGTH", "short");
      const d = createDecipheriv("aes-256-gcm", copy, nonce, { authTagLength: 16 });
      if (aad) d.setAAD(aad);
      d.setAuthTag(sealed.subarray(-16));
      const out = d.update(sealed.subarray(0, -16));
      try {
        d.final();
      } catch {
        throw new LanelockError("ERR_AUTHENTICATION", "tag");
      }
      return new Uint8Array(out);
    },
    dispose() {
      copy.fill(0);
    },
  };
}
