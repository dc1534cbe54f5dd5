import type { ErrorAnswer } from "../page-data.ts";

const STORED_KEY = "lanelock-console";
/** The server says within 5 s that it is alive. */
const SILENCE_MILLISECONDS = 20_000;

/** An answer that is not the data: `SignedOut`, what the KMS says, or `Disconnected` when there was none. */
export class Failure extends Error {
  readonly code: string;

  constructor({ code, message }: ErrorAnswer) {
    super(message);
    this.code = code;
  }
}

const DISCONNECTED: ErrorAnswer = { code: "Disconnected", message: "The server does not answer." };

/** Asks for data of the console, as text, so that it can be compared with what is shown. */
export async function ask(path: string, init: RequestInit = {}): Promise<string> {
  const response = await request(path, init);
  try {
    return await response.text();
  } catch {
    throw new Failure(DISCONNECTED);
  }
}

async function request(path: string, init: RequestInit): Promise<Response> {
  const headers = { "x-lanelock-console": localStorage.getItem(STORED_KEY) ?? "" };
  let response: Response;
  try {
    response = await fetch(`/console/api/${path}`, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Failure(DISCONNECTED);
  }
  if (response.ok) return response;
  throw new Failure((await response.json().catch(() => DISCONNECTED)) as ErrorAnswer);
}

/** Exchanges the token of a link for a cookie, which no script can read, and a key, which no other port of this machine gets. */
export async function enter(token: string): Promise<void> {
  const { key } = JSON.parse(await ask("enter", { method: "POST", body: token })) as { key: string };
  localStorage.setItem(STORED_KEY, key);
}

export async function leave(): Promise<void> {
  await ask("leave", { method: "POST" });
  localStorage.removeItem(STORED_KEY);
}

/** Reads server-sent events until the server ends them, falls silent, or `signal` is aborted. */
export async function readEvents(
  path: string,
  { signal, begun, receive }: { signal: AbortSignal; begun: () => void; receive: (data: string) => void },
): Promise<void> {
  const silence = new AbortController();
  const response = await request(path, { signal: AbortSignal.any([signal, silence.signal]) });
  begun();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let timer = 0;
  let text = "";
  try {
    for (;;) {
      clearTimeout(timer);
      timer = window.setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
      const { done = true, value = "" } = (await reader?.read()) ?? {};
      if (done) throw new Failure(DISCONNECTED);
      const messages = (text + value).split("\n\n");
      text = messages.pop() ?? "";
      for (const message of messages) if (message.startsWith("data: ")) receive(message.slice(6));
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Failure(DISCONNECTED);
  } finally {
    clearTimeout(timer);
  }
}
