import { abortable, throwIfAborted } from "../../shared/abortable.ts";
import type { DataKey, Load } from "./data-key.ts";

/** Loads a data key for one message. Wipes it after the message has used it, or if the message no longer waits for it. */
export async function useOnce<Key extends DataKey, T>({
  load,
  use,
  signal,
}: {
  readonly load: Load<Key>;
  use(dataKey: Key): T;
  readonly signal: AbortSignal | undefined;
}): Promise<T> {
  throwIfAborted(signal);
  const loading = load(signal);
  const wipe = (key: Key) => key.dataKey.fill(0);
  try {
    return use(await abortable(loading, signal));
  } finally {
    loading.then(wipe, () => {});
  }
}
