/** A JSON value as it travels. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** How a server encodes its responses. */
export interface AnswerOptions {
  /** Plaintexts as Base64 of their bytes. Without it they are the text that was encrypted. */
  readonly plaintext?: "base64" | undefined;
}

/**
 * One field of a request or a response. `Given` is its type in process, `Read` what an operation gets to work with.
 *
 * `fromText` and `toJson` are the server's half of the protocol, `toText` and `fromJson` the client's. They are not always
 * each other's inverse: see `plaintext`.
 */
export interface Field<Given, Read = Given, Required extends boolean = boolean> {
  readonly required: Required;
  /** Type and limits as the documentation has them: `bytes`, `0 to 6,144 bytes`. */
  readonly type: string;
  readonly limits?: string | undefined;
  /** One sentence, where the name, the type and the limits leave something open. */
  readonly doc?: string | undefined;
  /** The service's name, where it is not the field's with a capital. */
  readonly parameter?: string | undefined;
  /** Read where the field is absent from a request. */
  readonly otherwise?: Read | undefined;
  /** The value that a client returns if the field is missing from a response: some services leave it out. */
  readonly ifMissing?: Given | undefined;
  /** In a response: stands for a field that does not apply. Without it the field is left out. */
  readonly emptyText?: "" | undefined;
  /** `null` is not taken for absent. */
  readonly neverNull?: boolean | undefined;
  /** Over HTTP the field is not sent and always has this value. */
  readonly fixed?: Given | undefined;
  /** Reads a value that a caller in this process gave. @throws KmsError `InvalidParameter`, naming `parameter` */
  readonly read: (value: unknown, parameter: string) => Read;
  /** A request parameter → what the caller in process would give. @throws KmsError `InvalidParameter` */
  readonly fromText: (text: string, parameter: string) => Given;
  /** A request parameter that came in parts (`Tag.1.TagKey`), by the rest of each name. Absent: it cannot. */
  readonly fromParts?: ((parts: ReadonlyMap<string, string>, parameter: string) => Given) | undefined;
  /** The first part of such names, where it is not the parameter itself. */
  readonly partsName?: string | undefined;
  /** A field of a request → its parameter. */
  readonly toText: (value: Given, parameter: string) => string;
  /** A field of a response → JSON. */
  readonly toJson: (value: Given, options: AnswerOptions) => Json;
  /** JSON → a field of a response. @throws TypeError for JSON of another type */
  readonly fromJson: (json: unknown) => Given;
}

/** Any field, for code that loops over the fields of a record. */
export interface AnyField {
  readonly required: boolean;
  readonly type: string;
  readonly limits?: string | undefined;
  readonly doc?: string | undefined;
  readonly parameter?: string | undefined;
  readonly otherwise?: unknown;
  readonly ifMissing?: unknown;
  readonly emptyText?: "" | undefined;
  readonly neverNull?: boolean | undefined;
  readonly fixed?: unknown;
  readonly partsName?: string | undefined;
  read(value: unknown, parameter: string): unknown;
  fromText(text: string, parameter: string): unknown;
  fromParts?: ((parts: ReadonlyMap<string, string>, parameter: string) => unknown) | undefined;
  toText(value: unknown, parameter: string): string;
  toJson(value: unknown, options: AnswerOptions): Json;
  fromJson(json: unknown): unknown;
}

/** Says of a field what its kind does not know. */
export interface Notes {
  readonly doc?: string;
  readonly parameter?: string;
}

/** The field may be absent; the operation then reads `undefined`. */
export function optional<Given, Read>(field: Field<Given, Read, true>): Field<Given, Read | undefined, false> {
  return { ...field, required: false };
}

/** The field may be absent; the operation then reads `otherwise`. */
export function withDefault<Given, Read>(field: Field<Given, Read, true>, otherwise: Read): Field<Given, Read, false> {
  return { ...field, required: false, otherwise };
}

/** The error for JSON of another type than expected. */
export function expected(type: string): TypeError {
  return new TypeError(`expected ${type}`);
}
