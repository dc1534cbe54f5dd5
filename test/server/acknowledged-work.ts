import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { type Answer, type Signer, send, signedPath } from "./signed.ts";

/** What servers acknowledged: each of these must be there afterwards. */
interface Acknowledged {
  readonly keyIds: Set<string>;
  readonly aliases: Map<string, string>;
  readonly blobs: { readonly keyId: string; readonly blob: string; readonly plaintext: string }[];
}

export interface WorkOptions {
  /** The servers that a client may ask; read at every request. */
  readonly urls: readonly string[];
  readonly owner: Signer;
}

/** Clients that make keys, name them and encrypt under them, each of its own keys, and note what was acknowledged. */
export class AcknowledgedWork {
  readonly acknowledged: Acknowledged = { keyIds: new Set(), aliases: new Map(), blobs: [] };
  /** Answers that told a client to come back, and connections that ended. */
  refused = 0;
  readonly #options: WorkOptions;
  readonly #clients: Promise<void>[] = [];
  #running = true;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  start(clients: number): void {
    for (let number = 0; number < clients; number++) this.#clients.push(this.#client(number));
  }

  get count(): number {
    const { keyIds, aliases, blobs } = this.acknowledged;
    return keyIds.size + aliases.size + blobs.length;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  /** Asks one server after the other until one acknowledges; `undefined` when none did before the end. */
  async #ask(
    first: number,
    operation: string,
    parameters: Record<string, string>,
  ): Promise<Answer["json"] | undefined> {
    const { urls, owner } = this.#options;
    for (let attempt = first; this.#running; attempt++) {
      const answer = await send(urls[attempt % urls.length] ?? "", signedPath(owner, operation, parameters)).catch(
        () => undefined,
      );
      if (answer?.status === 200) return answer.json;
      this.refused++;
      // An alias whose first acknowledgement was lost is there already.
      if (answer?.json.Code === "AliasAlreadyExists") return {};
      if (answer !== undefined) {
        const { Code: code } = answer.json;
        expect({ status: answer.status, code }).toEqual({ status: 503, code: "SerivceUnavailableTemporary" });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return undefined;
  }

  async #client(number: number): Promise<void> {
    const { keyIds, aliases, blobs } = this.acknowledged;
    while (this.#running) {
      const created = await this.#ask(number, "CreateKey", {});
      if (created === undefined) return;
      const keyId = (created.KeyMetadata as { KeyId: string }).KeyId;
      keyIds.add(keyId);
      const alias = `alias/${randomBytes(8).toString("hex")}`;
      if ((await this.#ask(number + 1, "CreateAlias", { KeyId: keyId, AliasName: alias })) === undefined) return;
      aliases.set(alias, keyId);
      for (let i = 0; i < 4; i++) {
        const plaintext = randomBytes(24).toString("base64");
        const sealed = await this.#ask(number + i, "Encrypt", { KeyId: keyId, Plaintext: plaintext });
        if (sealed === undefined) return;
        blobs.push({ keyId, blob: String(sealed.CiphertextBlob), plaintext });
      }
    }
  }

  /** Asks a server for everything that was acknowledged. */
  async check(url: string): Promise<void> {
    const { owner } = this.#options;
    const { keyIds, aliases, blobs } = this.acknowledged;
    const ask = async (operation: string, parameters: Record<string, string>) => {
      const { status, json } = await send(url, signedPath(owner, operation, parameters));
      expect({ operation, parameters, status, code: json.Code }).toMatchObject({ status: 200 });
      return json;
    };
    for (const keyId of keyIds) {
      const { KeyMetadata } = await ask("DescribeKey", { KeyId: keyId });
      expect(KeyMetadata).toMatchObject({ KeyId: keyId, KeyState: "Enabled" });
    }
    for (const [alias, keyId] of aliases) {
      const { KeyMetadata } = await ask("DescribeKey", { KeyId: alias });
      expect(KeyMetadata).toMatchObject({ KeyId: keyId });
    }
    for (const { keyId, blob, plaintext } of blobs) {
      const opened = await ask("Decrypt", { CiphertextBlob: blob });
      expect(opened).toMatchObject({ KeyId: keyId, Plaintext: plaintext });
    }
  }
}
