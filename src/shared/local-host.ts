/** Whether a host name or address is this machine's own, so that what is sent to it crosses no network. */
export function isLocalHost(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
