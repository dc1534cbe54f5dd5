/** Long enough that reading costs little, short enough that memory does not matter. */
const SLICE = 2 ** 21;

/** The bytes of a file, slice by slice: one is read while the one before it is used. */
export function slices(file: Blob): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    async pull(controller) {
      if (offset >= file.size) return controller.close();
      const bytes = new Uint8Array(await file.slice(offset, offset + SLICE).arrayBuffer());
      offset += bytes.length;
      controller.enqueue(bytes);
    },
  });
}

/** Reads a stream to its end. Whatever `use` throws ends the stream too. */
export async function forEachChunk<T>(
  stream: ReadableStream<T>,
  use: (chunk: T) => void | Promise<void>,
): Promise<void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await use(value);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}
