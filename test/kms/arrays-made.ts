/** Every array that was made while some work ran, as the code that made them still sees it. */
export async function arraysMade<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly arrays: readonly Uint8Array[] }> {
  const arrays: Uint8Array[] = [];
  const own = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(own, {
    construct(target, args, newTarget) {
      const made: Uint8Array = Reflect.construct(target, args, newTarget);
      arrays.push(made);
      return made;
    },
  });
  try {
    return { result: await work(), arrays };
  } finally {
    globalThis.Uint8Array = own;
  }
}

/** What an engine computes with, not what JavaScript keeps. */
const PAGE = 65_536;

/** Those of the arrays that hold a secret, or the beginning of it, and are no view of what the caller has anyway. */
export function holding(arrays: readonly Uint8Array[], secret: Uint8Array, callers: readonly Uint8Array[]) {
  const part = Buffer.from(secret).subarray(0, 16);
  const known = new Set(callers.map(({ buffer }) => buffer));
  return arrays.filter(
    ({ buffer, byteOffset, byteLength }) =>
      buffer.byteLength < PAGE && !known.has(buffer) && Buffer.from(buffer, byteOffset, byteLength).includes(part),
  );
}
