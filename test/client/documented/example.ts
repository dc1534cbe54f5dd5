import type { KmsOperations } from "lanelock/kms";

/** One operation as Alibaba Cloud documents it: a request, what the service answers, and what both are for callers of this client. */
export interface DocumentedExample {
  /**
   * The page. `DOC21` is github.com/AlibabaCloudDocs/kms, Alibaba's own repository of its documentation; `help` is
   * www.alibabacloud.com/help.
   */
  readonly source: string;
  /**
   * The sample request as the page prints it, from the question mark on, without `<Common request parameters>`. Absent where no page at
   * hand prints one: then `parameters` are the examples of the page's table of parameters, or, for what is ours, made up.
   */
  readonly printed?: string;
  /** Parameters, by name, that are not sent as they are printed, and why: what stands there is a placeholder, a mask or a slip. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The same request of a caller of this client. */
  readonly call: (kms: KmsOperations) => Promise<unknown>;
  /** The sample answer in JSON. */
  readonly answer: object;
  /** The answer for the caller. */
  readonly answered: unknown;
}

export const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

/** The whole ciphertext that the page of GenerateDataKey prints: 108 bytes. Others print it with its end masked. */
export const BLOB =
  "ODZhOWVmZDktM2QxNi00ODk0LWJkNGYtMWZjNDNmM2YyYWJmS7FmDBBQ0BkKsQrtRnidtPwirmDcS0ZuJCU41xxAAWk4Z8qsADfbV0b+i6kQmlvj79dJdGOv" +
  "tX69Uycs901qOjop4bTSl0oQ";

/** What most pages call their key and its version. */
export const KEY = "1234abcd-12ab-34cd-56ef-12345678****";
export const ASYMMETRIC_KEY = "5c438b18-05be-40ad-b6c2-3be6752c****";
export const VERSION = "2ab1a983-7072-4bbc-a582-584b5bd8****";
