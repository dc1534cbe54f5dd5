/** Where a sealed file is written. */
export interface Place {
  /** Whether it is a file of the visitor's. */
  readonly saved: boolean;
  write(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Nothing more comes. @returns the file, to be read from its place */
  close(): Promise<File>;
  /** Leaves nothing behind: what was begun, or what `close` returned. */
  remove(): Promise<void>;
}
