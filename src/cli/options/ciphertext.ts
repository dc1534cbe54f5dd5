import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/index.ts";
import { readStart } from "../files/open-file-range.ts";
import { openInput } from "../files/open-source.ts";
import { isStandard } from "../files/sink.ts";

/** Whether data begins as every envelope message does (docs/formats.md). */
export function isEnvelope(data: Uint8Array): boolean {
  return Buffer.from(data.subarray(0, 4)).toString("latin1") === "LLK1";
}

/**
 * Runs a decryption. The service has one error for every ciphertext that does not decrypt, which names only a field. This adds the
 * possible reasons, the same for every ciphertext.
 */
export async function decrypting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KmsError && error.code === "InvalidParameter" && /"CiphertextBlob"/.test(error.message))) {
      throw error;
    }
    const reason = "It is not a ciphertext of this store, was changed or cut, or was encrypted with another --context.";
    throw new KmsError(error.code, `${error.message} ${reason}`, { cause: error });
  }
}

/** Opens an envelope message from `input`. The error for other input says what it is. */
export async function opening<T>(input: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isStandard(input) || !(error instanceof LanelockError && error.code === "ERR_AUTHENTICATION")) throw error;
    if (await beginsAsEnvelope(input)) throw error;
    const advice = "If `lanelock encrypt` made it, use: lanelock decrypt";
    throw new LanelockError(error.code, `${input} is not an envelope message. ${advice}`, { cause: error });
  }
}

/** Also accepts an input that can be read only once. */
async function beginsAsEnvelope(input: string): Promise<boolean> {
  const handle = await openInput(input);
  try {
    return !(await handle.stat()).isFile() || isEnvelope(await readStart(handle, input));
  } finally {
    await handle.close();
  }
}
