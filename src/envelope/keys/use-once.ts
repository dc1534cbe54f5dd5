import { abortable } from "../../shared/abortable.ts";
import type { DataKey, Load } from "./data-key.ts";

/** A data key for one message, wiped when the message has what it needs of it, and when it comes too late. */
export async function useOnce<Key extends DataKey, T>({
  load,
  use,
  signal,
}: {
  readonly load: Load<Key>;
  use(dataKey: Key): T;
  readonly signal: AbortSignal | undefined;
}): Promise<T> {
  signal?.throwIfAborted();
  const loading = load(signal);
  const wipe = (key: Key) => key.dataKey.fill(0);
  try {
    return use(await abortable(loading, signal));
  } finally {
    loading.then(wipe, () => {});
  }
}
