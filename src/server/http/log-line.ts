/** What the server logs of an answer. */
export interface LogLine {
  readonly requestId: string;
  readonly operation: string;
  readonly status: number;
  readonly code: string;
  readonly milliseconds: number;
  readonly sourceIp: string;
  readonly accessKeyId?: string | undefined;
  readonly caller?: string | undefined;
  /** What failed behind the service; never shown to the caller. */
  readonly cause?: unknown;
}
