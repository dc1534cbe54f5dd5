/** A session or object handle: the bytes of a CK_ULONG. */
export type Handle = Buffer;

export interface Attribute {
  readonly type: number;
  readonly value?: number | boolean | string | Buffer;
}
export type Template = readonly Attribute[];

/** A mechanism with its parameter: raw bytes, or fields that pkcs11js puts into the C structure named by `type`. */
export interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: Buffer | MechanismParameter;
}

export interface MechanismParameter {
  readonly type: number;
  readonly [field: string]: number | Uint8Array | undefined;
}

export interface TokenInfo {
  readonly label: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly flags: number;
}

export interface MechanismInfo {
  readonly minKeySize: number;
  readonly maxKeySize: number;
  readonly flags: number;
}

/**
 * The part of PKCS#11 that is used here, as pkcs11js spells it. Calls throw an error whose message has the CKR name. `Async` calls
 * run in libuv's thread pool. pkcs11js keeps no reference to their buffers, so the caller must keep one until they end.
 */
export interface Cryptoki {
  C_Initialize(options: { flags: number; libraryParameters?: string }): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_GetMechanismList(slot: Handle): number[];
  C_GetMechanismInfo(slot: Handle, mechanism: number): MechanismInfo;
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_GetSessionInfo(session: Handle): { readonly state: number };
  C_Login(session: Handle, userType: number, pin: string): void;

  C_CreateObject(session: Handle, template: Attribute[]): Handle;
  C_DestroyObject(session: Handle, object: Handle): void;
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, max: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): { type: number; value: Buffer }[];
  C_GenerateRandom(session: Handle, buffer: Buffer): Buffer;

  C_GenerateKeyAsync(session: Handle, mechanism: Mechanism, template: Attribute[]): Promise<Handle>;
  C_GenerateKeyPairAsync(
    session: Handle,
    mechanism: Mechanism,
    publicKey: Attribute[],
    privateKey: Attribute[],
  ): Promise<{ publicKey: Handle; privateKey: Handle }>;
  C_DeriveKey(session: Handle, mechanism: Mechanism, baseKey: Handle, template: Attribute[]): Handle;

  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Encrypt(session: Handle, data: Buffer, into: Buffer): Buffer;
  C_EncryptAsync(session: Handle, data: Buffer, into: Buffer): Promise<Buffer>;
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Decrypt(session: Handle, data: Buffer, into: Buffer): Buffer;
  C_DecryptAsync(session: Handle, data: Buffer, into: Buffer): Promise<Buffer>;
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Sign(session: Handle, data: Buffer, into: Buffer): Buffer;
  C_SignAsync(session: Handle, data: Buffer, into: Buffer): Promise<Buffer>;
}
