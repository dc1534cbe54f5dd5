import type { Place } from "./place.ts";

/** Each write is a call of the system or a message to another process, so short ones are gathered. */
const GATHERED = 2 ** 21;

/** A place that gets long writes, however short the given ones are. What it gets is its own only until the next write. */
export function gathered(place: Place): Place {
  const buffer = new Uint8Array(GATHERED);
  let length = 0;
  const flush = async () => {
    if (length > 0) await place.write(buffer.subarray(0, length));
    length = 0;
  };
  return {
    ...place,
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + GATHERED - length);
        buffer.set(part, length);
        length += part.length;
        at += part.length;
        if (length === GATHERED) await flush();
      }
    },
    close: async () => {
      await flush();
      return place.close();
    },
  };
}
