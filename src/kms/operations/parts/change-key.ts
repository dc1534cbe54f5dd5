import { type Call, change } from "../../core/call.ts";
import type { KeyRow, MaybePromise } from "../../ports/index.ts";
import type { TrustedReader } from "../../rows/trusted-reader.ts";
import { keyForChange } from "../../use/key-for-change.ts";
import { keyIdOnly } from "../../wire/ids.ts";

/** Changes the row of a key, if its state allows the operation. */
export async function changeKey(
  call: Call,
  name: string,
  update: (row: KeyRow, rows: TrustedReader) => MaybePromise<Partial<KeyRow>>,
): Promise<void> {
  const keyId = keyIdOnly(name, call.core.realm);
  await change(call, async (rows) => {
    const row = await keyForChange(call, rows, keyId);
    await rows.putKey({ ...row, ...(await update(row, rows)) });
  });
}
