import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "./certificates.ts";

/** An answer of the key manager: a status and what is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Fields {
  readonly mode: "GCM" | "CBC" | "ECB";
  readonly iv?: string;
  readonly aad?: string;
  readonly padding?: string;
  readonly data: string;
}

/** A key manager in memory, made from docs/external-keys.md on node:crypto alone. The test may answer in its place. */
export async function startSmallManager(own: Certificate) {
  const keys = new Map<string, Buffer>();
  const asked: { readonly path: string; readonly body: unknown }[] = [];
  let instead: (path: string, body: unknown) => Answer | undefined = () => undefined;
  let connections = 0;

  const cipher = (path: string, { mode, iv, aad, padding, data }: Fields, key: Buffer): Answer => {
    const [input, nonce] = [Buffer.from(data, "base64"), mode === "ECB" ? null : Buffer.from(iv ?? "", "base64")];
    const name = `aes-256-${mode.toLowerCase()}`;
    const gcm = mode === "GCM";
    const make = path.endsWith("/encrypt") ? createCipheriv : createDecipheriv;
    const work = make(name, key, nonce) as ReturnType<typeof createDecipheriv>;
    if (gcm && aad !== undefined) (work as unknown as { setAAD(aad: Buffer): void }).setAAD(Buffer.from(aad, "base64"));
    if (!gcm) work.setAutoPadding(padding === "PKCS7_PADDING");
    if (path.endsWith("/encrypt")) {
      const parts = [work.update(input), work.final()];
      const tag = gcm ? (work as unknown as { getAuthTag(): Buffer }).getAuthTag() : Buffer.alloc(0);
      return { status: 200, body: { data: Buffer.concat([...parts, tag]).toString("base64") } };
    }
    if (gcm) (work as unknown as { setAuthTag(tag: Buffer): void }).setAuthTag(input.subarray(-16));
    const parts = [work.update(gcm ? input.subarray(0, -16) : input), work.final()];
    return { status: 200, body: { data: Buffer.concat(parts).toString("base64") } };
  };

  const answer = (path: string, body: unknown): Answer => {
    if (path === "/v1/info") return { status: 200, body: { protocol: 1, name: "small", modes: ["GCM", "CBC", "ECB"] } };
    if (path === "/v1/keys") {
      const name = randomBytes(8).toString("hex");
      keys.set(name, randomBytes(32));
      return { status: 200, body: { key: name } };
    }
    const [, , , name = ""] = path.split("/");
    const key = keys.get(name);
    if (key === undefined) return { status: 404, body: { error: { code: "key_not_found", message: "" } } };
    if (path.endsWith("/destroy")) {
      keys.delete(name);
      return { status: 200, body: {} };
    }
    try {
      return cipher(path, body as Fields, key);
    } catch {
      return { status: 422, body: { error: { code: "authentication", message: "" } } };
    }
  };

  const server = createServer({ cert: own.certificate, key: own.privateKey }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const [path, text] = [incoming.url ?? "", Buffer.concat(chunks).toString()];
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      asked.push({ path, body });
      const { status, body: said } = instead(path, body) ?? answer(path, body);
      response.writeHead(status).end(typeof said === "string" ? said : JSON.stringify(said));
    });
  });
  server.on("secureConnection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    asked,
    connections: () => connections,
    /** What is answered in the manager's place, from now on. */
    answer: (next: typeof instead) => {
      instead = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
