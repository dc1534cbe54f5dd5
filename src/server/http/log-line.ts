/** The log entry of an answer. */
export interface LogLine {
  readonly requestId: string;
  readonly operation: string;
  readonly status: number;
  readonly code: string;
  readonly milliseconds: number;
  readonly sourceIp: string;
  readonly accessKeyId?: string | undefined;
  readonly caller?: string | undefined;
  /** The cause of a failure; never shown to the caller. */
  readonly cause?: unknown;
}
