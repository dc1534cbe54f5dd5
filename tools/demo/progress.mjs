// A progress bar on standard error, where that is a terminal; nothing elsewhere.
const WIDTH = 32;

/** @returns {{ advance(bytes: number): void, done(): void }} */
export function progress(label, total) {
  const { stderr } = process;
  if (!stderr.isTTY) return { advance() {}, done() {} };
  let bytes = 0;
  let shown = -1;
  const draw = () => {
    const part = total === 0 ? 1 : bytes / total;
    const percent = Math.floor(part * 100);
    if (percent === shown) return;
    shown = percent;
    const filled = Math.round(part * WIDTH);
    stderr.write(
      `\r${label.padEnd(20)} [${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${String(percent).padStart(3)} %`,
    );
  };
  draw();
  return {
    advance(more) {
      bytes += more;
      draw();
    },
    done() {
      stderr.write("\r\x1b[K");
    },
  };
}
